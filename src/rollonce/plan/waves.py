"""Which workload of a plan belongs to which wave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import assert_never

from rollonce.errors import EmptyWave
from rollonce.model import selector
from rollonce.model.reference import Named
from rollonce.model.wave import ByCount, ByLabel, ByName, ByShare, Wave
from rollonce.model.workload import WorkloadKey
from rollonce.plan.operation import Operation, Plan, Refuse, Skip, Write, before

Waves = tuple[tuple[WorkloadKey, ...], ...]


def divide(plan: Plan, wanted: Sequence[Wave], *, allow_empty: bool = False, act: str) -> Waves:
    """The workloads of each wave in the order of the plan; those that no wave takes are the last one.

    A workload belongs to the first wave that takes it. One that stays as it is belongs to a wave too where it is named
    or labelled so: its rollout may be unfinished, or have failed. Numbers and shares are of what changes.
    Raises EmptyWave where names or labels take nothing, unless `allow_empty`.
    """
    left = {operation.key: operation for operation in plan.operations if not isinstance(operation, Refuse)}
    changing = sum(isinstance(operation, Write) for operation in left.values())
    waves: list[tuple[WorkloadKey, ...]] = []
    matched = [_matched(wave, plan.operations) for wave in wanted]
    for wave, keys in zip(wanted, matched, strict=True):
        if isinstance(wave, ByName | ByLabel):
            if not keys and not allow_empty:
                raise _empty(wave, plan, act)
            taken = [key for key in left if key in keys]
        else:
            taken = [key for key, operation in left.items() if isinstance(operation, Write)][: _size(wave, changing)]
        for key in taken:
            del left[key]
        waves.append(tuple(taken))
    return tuple(wave for wave in (*waves, tuple(left)) if wave)


def _size(wave: ByCount | ByShare, changing: int) -> int:
    return wave.count if isinstance(wave, ByCount) else -(-changing * wave.percent // 100)


def _matched(wave: Wave, operations: Sequence[Operation]) -> frozenset[WorkloadKey]:
    match wave:
        case ByName(names=names):
            return frozenset(o.key for o in operations if Named(o.key.kind_name, o.key.name) in names)
        case ByLabel(requirements=requirements):
            return frozenset(o.key for o in operations if selector.matches(requirements, _labels(o)))
        case ByCount() | ByShare():
            return frozenset()
        case _ as never:
            assert_never(never)


def _labels(operation: Operation) -> Mapping[str, str]:
    workload = operation.workload if isinstance(operation, Skip | Refuse) else before(operation)
    return (workload.labels if workload else None) or {}


def _empty(wave: ByName | ByLabel, plan: Plan, act: str) -> EmptyWave:
    known = [str(operation.key) for operation in plan.operations[:4]]
    more = f" and {len(plan.operations) - len(known)} more" if len(plan.operations) > len(known) else ""
    what = "workload" if isinstance(wave, ByName) else "workload with the labels"
    return EmptyWave(
        f"no {what} {wave.text} is among those of this run: {', '.join(known)}{more}",
        act=act,
        hint="correct --wave, or leave it out; --allow-unmatched takes an empty wave for none",
    )
