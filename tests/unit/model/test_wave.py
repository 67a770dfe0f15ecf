"""How waves are written."""

from __future__ import annotations

import pytest

from rollonce.errors import MalformedReference, MalformedSelector, MalformedWave, UnknownKind
from rollonce.model import wave
from rollonce.model.reference import Named
from rollonce.model.wave import ByCount, ByLabel, ByName, ByShare


def test_the_four_forms() -> None:
    names = wave.parse("deploy/a, sts/b", act="")
    assert isinstance(names, ByName)
    assert names.names == (Named("deployment", "a"), Named("statefulset", "b"))
    assert isinstance(wave.parse("track=canary", act=""), ByLabel)
    assert isinstance(wave.parse("example.com/track in (canary,early)", act=""), ByLabel)
    assert isinstance(wave.parse("!late", act=""), ByLabel)
    assert wave.parse(" 2 ", act="") == ByCount("2", 2)
    assert wave.parse("10%", act="") == ByShare("10%", 10)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", MalformedWave),
        ("0", MalformedWave),
        ("0%", MalformedWave),
        ("101%", MalformedWave),
        ("-1", MalformedWave),
        ("canary", MalformedWave),
        ("pod/x", UnknownKind),
        ("deploy/A", MalformedReference),
        ("deploy/a,b", MalformedReference),
        ("track==a b", MalformedSelector),
    ],
)
def test_what_is_none(text: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        wave.parse(text, act="")
