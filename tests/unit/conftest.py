"""Tests of the packages that decide run where no I/O is possible."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from tests.architecture import no_io


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Only the body is guarded: fixtures may read files, and pytest reads sources to explain a failure."""
    if not no_io.is_guarded(item.path):
        return (yield)
    with no_io.refused():
        return (yield)
