"""Which workload belongs to which wave."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollonce.errors import EmptyWave
from rollonce.model import wave
from rollonce.plan import waves
from rollonce.plan.operation import Plan, Skip, SkipReason
from tests.unit.builders import patch_for, wish, workload

NAMES = [f"a{n}" for n in range(6)]


def plan(changing: int, *, labels: dict[str, str] | None = None) -> Plan:
    """Six Deployments, the first so many of which change; the last one has the labels."""
    live = [replace(workload(f"deployment/{name}"), labels=labels if name == NAMES[-1] else None) for name in NAMES]
    skipped = [Skip(w.key, SkipReason.CONVERGED, "already there", w) for w in live[changing:]]
    return Plan((*(patch_for(w, wish("agent=a2")) for w in live[:changing]), *skipped))


def names(divided: waves.Waves) -> list[list[str]]:
    return [[key.name for key in keys] for keys in divided]


def test_names_then_a_share_of_what_changes_then_the_rest() -> None:
    wanted = [wave.parse(text, act="") for text in ("deploy/a3,deploy/a1", "50%")]
    assert names(waves.divide(plan(4), wanted, act="")) == [["a1", "a3"], ["a0", "a2"], ["a4", "a5"]]


def test_labels_take_what_stays_as_it_is_too() -> None:
    wanted = [wave.parse("track=canary", act="")]
    divided = waves.divide(plan(2, labels={"track": "canary"}), wanted, act="")
    assert names(divided) == [["a5"], ["a0", "a1", "a2", "a3", "a4"]]


def test_what_two_waves_want_belongs_to_the_first() -> None:
    wanted = [wave.parse(text, act="") for text in ("deploy/a1", "deploy/a1,deploy/a2", "6")]
    assert names(waves.divide(plan(6), wanted, act="")) == [["a1"], ["a2"], ["a0", "a3", "a4", "a5"]]


@pytest.mark.parametrize("text", ["deploy/b", "sts/a1", "track=canary"])
def test_a_wave_of_nothing_is_a_typo(text: str) -> None:
    wanted = [wave.parse(text, act="")]
    with pytest.raises(EmptyWave, match="a0"):
        waves.divide(plan(2), wanted, act="")
    assert names(waves.divide(plan(2), wanted, allow_empty=True, act="")) == [NAMES]


def test_a_number_of_nothing_is_none() -> None:
    """A run that changes nothing has no canary, and that is no error."""
    assert names(waves.divide(plan(0), [wave.parse("2", act="")], act="")) == [NAMES]


WAVES = st.one_of(
    st.integers(1, 9).map(str),
    st.integers(1, 100).map(lambda share: f"{share}%"),
    st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).map(lambda found: ",".join(f"deploy/{n}" for n in found)),
)


@given(st.integers(0, 6), st.lists(WAVES, max_size=4))
def test_every_workload_is_in_one_wave(changing: int, texts: list[str]) -> None:
    made = plan(changing)
    divided = waves.divide(made, [wave.parse(text, act="") for text in texts], act="")
    assert sorted(key for keys in divided for key in keys) == sorted(o.key for o in made.operations)
    assert all(divided)
    assert len(divided) <= len(texts) + 1


@given(st.integers(1, 6), st.integers(1, 100))
def test_a_share_is_rounded_up(changing: int, share: int) -> None:
    first = waves.divide(plan(changing), [wave.parse(f"{share}%", act="")], act="")[0]
    assert len(first) == math.ceil(changing * share / 100)
