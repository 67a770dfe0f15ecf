"""What a converge says of the objects among its manifests that are no workloads, as text. Values are never shown."""

from __future__ import annotations

from collections.abc import Iterable

from rollonce.model.thing import ObjectKey
from rollonce.plan.objects import ObjectApply, ObjectOperation, ObjectSkip
from rollonce.rollout.outcome import Outcome

_SHOWN = 6


def title(key: ObjectKey, *, with_namespace: bool) -> str:
    """`configmap/x`, or `namespace/configmap/x` where a run spans several."""
    return f"{key.namespace}/{key}" if with_namespace and key.namespace else str(key)


def plan_lines(operations: Iterable[ObjectOperation], *, with_namespace: bool) -> list[str]:
    """Each object and what is done to it."""
    return [f"{title(o.key, with_namespace=with_namespace)}: {words(o)}" for o in operations]


def words(operation: ObjectOperation) -> str:
    """What is done to an object."""
    match operation:
        case ObjectSkip(detail=detail):
            return detail
        case ObjectApply(creates=True):
            return "is created"
        case ObjectApply(fields=()):
            return "only who owns its fields changes"
        case ObjectApply(fields=fields):
            more = f" and {len(fields) - _SHOWN} more" if len(fields) > _SHOWN else ""
            return f"changes: {', '.join(fields[:_SHOWN])}{more}"


def outcome_line(key: ObjectKey, outcome: Outcome, *, with_namespace: bool) -> str:
    """How it ended."""
    return f"{title(key, with_namespace=with_namespace)}: {outcome.verdict}: {outcome.detail}"
