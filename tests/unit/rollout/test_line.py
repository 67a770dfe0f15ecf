"""When which workload may begin."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from rollonce.model.kind import Kind
from rollonce.model.workload import WorkloadKey
from rollonce.rollout.line import Line, Pace

A, B, C, D = (WorkloadKey.of(Kind.DEPLOYMENT, "x", name) for name in "abcd")


def test_all_at_once_without_a_pace() -> None:
    line = Line(Pace(), {A: 1, B: 1})
    assert line.due(0.0) == (A, B)
    assert line.due(0.0) == ()
    assert line.next_due() is None


def test_a_failure_stops_nothing_where_all_begin_at_once() -> None:
    """As without waves: what one workload does is no other's business."""
    line = Line(Pace(), {A: 1, B: 1})
    line.ended(A, good=False)
    assert not line.stopped


def test_the_next_wave_waits_for_all_of_the_one_before() -> None:
    line = Line(Pace(((A, B), (C,))), {A: 1, B: 1, C: 1})
    assert line.due(0.0) == (A, B)
    line.ended(A, good=True)
    assert line.due(1.0) == ()
    line.ended(B, good=True)
    assert line.due(1.0) == (C,)


def test_the_next_wave_waits_for_what_is_only_waited_for() -> None:
    line = Line(Pace(((A,), (B,))), {B: 1}, waited=(A,))
    assert line.due(0.0) == ()
    line.ended(A, good=True)
    assert line.due(0.0) == (B,)


def test_after_a_failure_nothing_begins() -> None:
    line = Line(Pace(((A,), (B,))), {A: 1, B: 1})
    line.due(0.0)
    line.ended(A, good=False)
    assert line.due(1.0) == ()
    assert line.waiting == (B,)
    assert str(A) in line.stopped


def test_an_old_failure_stops_what_comes_after_its_wave_and_not_its_wave() -> None:
    line = Line(Pace(((A, B), (C,))), {B: 1, C: 1})
    line.ended(A, good=False)
    assert line.due(0.0) == (B,)
    line.ended(B, good=True)
    assert line.due(0.0) == ()
    assert str(A) in line.stopped


def test_pods_a_second() -> None:
    line = Line(Pace(pods_per_second=2.0), {A: 4, B: 1, C: 1})
    assert line.due(10.0) == (A,)
    assert line.next_due() == 12.0
    assert line.due(11.9) == ()
    assert line.due(12.0) == (B,)
    assert line.next_due() == 12.5


def test_what_replaces_no_pod_takes_no_turn() -> None:
    line = Line(Pace(pods_per_second=1.0), {A: 0, B: 0, C: 3})
    assert line.due(0.0) == (A, B, C)


@dataclass
class Case:
    """A run: its line, and what may be asked of it."""

    pace: Pace
    pods: dict[WorkloadKey, int]
    fails: frozenset[WorkloadKey]
    takes: dict[WorkloadKey, float]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    keys = [WorkloadKey.of(Kind.DEPLOYMENT, "x", f"w{n}") for n in range(draw(st.integers(1, 8)))]
    cuts = sorted(draw(st.lists(st.integers(1, 8), max_size=2)))
    waves, begin = [], 0
    for cut in cuts:
        waves.append(tuple(keys[begin:cut]))
        begin = max(begin, cut)
    pace = Pace(
        tuple(wave for wave in waves if wave),
        draw(st.none() | st.integers(1, 3)),
        draw(st.none() | st.sampled_from([0.5, 1.0, 7.0])),
        draw(st.booleans()),
    )
    pods = {key: draw(st.integers(0, 5)) for key in keys}
    fails = frozenset(draw(st.sets(st.sampled_from(keys), max_size=2)))
    return Case(pace, pods, fails, {key: draw(st.sampled_from([0.0, 0.3, 1.0, 5.0])) for key in keys})


@given(cases())
def test_the_laws_of_a_line(case: Case) -> None:
    """Each at most once; never too many at a time; a wave after the one before; within the budget; none forgotten."""
    line, now = Line(case.pace, case.pods), 0.0
    begun: dict[WorkloadKey, float] = {}
    ends: dict[WorkloadKey, float] = {}
    ended: set[WorkloadKey] = set()
    wave_of = {key: n for n, wave in enumerate(case.pace.waves) for key in wave}
    last = len(case.pace.waves)
    while True:
        for key in line.due(now):
            assert key not in begun
            begun[key], ends[key] = now, now + case.takes[key]
            under_way = set(begun) - ended
            assert case.pace.concurrency is None or len(under_way) <= case.pace.concurrency
            assert all(other in ended for other in case.pods if wave_of.get(other, last) < wave_of.get(key, last))
            assert case.pace.is_plain or case.pace.keep_going or not ended & case.fails
        if case.pace.pods_per_second:
            # Within any time: what that time allows, and the one that was begun first in it.
            total = sum(case.pods[key] for key in begun) - max((case.pods[key] for key in begun), default=0)
            assert total <= case.pace.pods_per_second * now + 1e-6
        moments = [ends[key] for key in begun if key not in ended]
        if (due := line.next_due()) is not None:
            moments.append(due)
        if not moments:
            break
        now = max(now, min(moments))
        for key in [key for key, end in ends.items() if end <= now and key not in ended]:
            ended.add(key)
            line.ended(key, good=key not in case.fails)
    assert set(line.waiting) == set(case.pods) - set(begun)
    if not line.stopped:
        assert set(begun) == set(case.pods)
