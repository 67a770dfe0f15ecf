from __future__ import annotations

from collections.abc import Iterator
from http.client import HTTPConnection

import pytest

from tests.gateway.sandbox import PATIENCE, Sandbox, running


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running() as opened:
        yield opened


@pytest.fixture
def connection(sandbox: Sandbox) -> Iterator[HTTPConnection]:
    opened = HTTPConnection("127.0.0.1", sandbox.port, timeout=PATIENCE)
    yield opened
    opened.close()
