"""The packages that decide do no I/O and read no clock: all of that comes in as arguments."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tests.architecture.purity import PURE_PACKAGES, violations

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("package", PURE_PACKAGES)
def test_a_package_that_decides_is_pure(package: str) -> None:
    folder = ROOT / "src" / "rollonce" / package
    files = sorted(folder.rglob("*.py"))
    assert folder / "__init__.py" in files, f"rollonce.{package} is listed as pure and does not exist"
    found = [
        f"{path.relative_to(ROOT)}:{line}: {what}"
        for path in files
        for line, what in violations(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_the_linter_guards_the_same_packages() -> None:
    """import-linter and this test each hold a list: a package added to one only would be half guarded."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    [pure] = [contract for contract in contracts if contract["name"].startswith("What decides")]
    assert sorted(pure["source_modules"]) == [f"rollonce.{package}" for package in sorted(PURE_PACKAGES)]


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("import os", "import of os"),
        ("import os.path as p", "import of os.path"),
        ("from time import monotonic", "import of time.monotonic"),
        ("import random", "import of random"),
        ("import pathlib", "import of pathlib"),
        ("from pathlib import Path", "import of pathlib.Path"),
        ("import urllib.request", "import of urllib.request"),
        ("def f():\n    import socket", "import of socket"),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import yaml", "import of yaml"),
        ("open('x')", "use of open"),
        ("reader = open", "use of open"),
        ("__import__('os')", "use of __import__"),
        ("import datetime\ndatetime.datetime.now(datetime.UTC)", "clock: .now()"),
        ("from datetime import datetime as D\nclock = D.utcnow", "clock: datetime's utcnow"),
        ("from datetime import date\nx = [date][0].today()", "clock: .today()"),
        ("moment.astimezone()", "local time zone: .astimezone()"),
    ],
)
def test_what_is_impure_is_found(source: str, what: str) -> None:
    assert what in [violation.what for violation in violations(source)]


@pytest.mark.parametrize(
    "source",
    [
        "import re, hashlib, urllib.parse, msgspec.json, rollonce.model.key",
        "from urllib import parse",
        "from collections.abc import Iterator",
        "from pathlib import PurePosixPath",
        "from . import sibling",
        "from datetime import UTC, datetime\nage = event.now - datetime.fromisoformat(x).astimezone(UTC)",
        "pattern = re.compile('x')",
    ],
)
def test_what_is_pure_is_left_alone(source: str) -> None:
    assert violations(source) == []
