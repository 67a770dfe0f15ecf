"""The guard is in force here, and so in the folders of the other pure packages: one hook serves them all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st


def test_a_file_cannot_be_opened_here() -> None:
    with pytest.raises(pytest.fail.Exception):
        Path(os.devnull).read_bytes()


@given(st.text(), st.characters(categories=["Lu"]))
def test_property_tests_run_here(text: str, letter: str) -> None:
    assert (text + letter).endswith(letter)
