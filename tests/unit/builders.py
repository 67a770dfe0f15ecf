"""Small pictures of workloads, edits and wishes.

Containers are words: `agent=a1` is a main container, `init:setup=s1` an init container and `sidecar:proxy=p1` a
native sidecar. Annotations are a dict, and None where the object has no such map.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from rollonce.model import argument, edit
from rollonce.model.deploy import Deploy, Source
from rollonce.model.edit import Edit, Place
from rollonce.model.kind import Kind
from rollonce.model.reference import Named
from rollonce.model.workload import (
    Behaviour,
    Claim,
    Condition,
    Container,
    CronJob,
    DaemonSet,
    Deployment,
    Recreate,
    Role,
    Rolling,
    StatefulSet,
    Workload,
    WorkloadKey,
)
from rollonce.plan import decide
from rollonce.plan.decide import Policy, Wish
from rollonce.plan.desired import Desired, wanted
from rollonce.plan.field import ImageField
from rollonce.plan.operation import Patch

_ROLES = {"": Role.MAIN, "init": Role.INIT, "sidecar": Role.SIDECAR}
_KINDS = {kind.singular: kind for kind in Kind}

DONE = Condition("Progressing", "True", "NewReplicaSetAvailable", "has successfully progressed", "10:00")
BUSY = Condition("Progressing", "True", "ReplicaSetUpdated", "is progressing", "10:00")
TOO_LATE = Condition("Progressing", "False", "ProgressDeadlineExceeded", "has timed out progressing", "09:00")
AVAILABLE = Condition("Available", "True", "MinimumReplicasAvailable")
UNAVAILABLE = Condition("Available", "False", "MinimumReplicasUnavailable")


def key(reference: str, namespace: str = "agents") -> WorkloadKey:
    kind_name, _, name = reference.partition("/")
    return WorkloadKey(kind_name, namespace, name)


def containers(words: str) -> tuple[Container, ...]:
    """Main containers first, as the model has them; each index counts in its own list."""
    main: list[Container] = []
    first: list[Container] = []
    for word in words.split():
        left, _, image = word.partition("=")
        prefix, _, name = left.rpartition(":")
        role = _ROLES[prefix]
        into = main if role is Role.MAIN else first
        into.append(Container(name, image, role, len(into)))
    return (*main, *first)


def deployment(
    replicas: int = 1,
    *,
    strategy: Recreate | Rolling | None = None,
    seen: int | None = 1,
    current: int | None = None,
    updated: int | None = None,
    ready: int | None = None,
    available: int | None = None,
    conditions: Iterable[Condition] = (DONE, AVAILABLE),
    paused: bool = False,
    progress_deadline: int | None = 600,
) -> Deployment:
    """A finished one; a count that is left out is that of the replicas, `seen` is its observedGeneration."""

    def full(count: int | None) -> int:
        return replicas if count is None else count

    return Deployment(
        strategy or Rolling("25%", "25%"),
        replicas,
        paused=paused,
        progress_deadline=progress_deadline,
        observed_generation=seen,
        current=full(current),
        updated=full(updated),
        ready=full(ready),
        available=full(available),
        conditions=tuple(conditions),
    )


def finished(kind: Kind) -> Behaviour:
    """One pod, as it should be, of any kind."""
    match kind:
        case Kind.DEPLOYMENT:
            return deployment()
        case Kind.STATEFUL_SET:
            return StatefulSet(Rolling(), 1, 0, 1, 1, 1, 1, 1, "r1", "r1")
        case Kind.DAEMON_SET:
            return DaemonSet(Rolling(), 1, 1, 1, 1, 1, 1)
        case Kind.CRON_JOB:
            return CronJob()


def workload(
    reference: str = "deployment/ceo",
    images: str = "agent=a1",
    behaviour: Behaviour | None = None,
    *,
    namespace: str = "agents",
    uid: str = "u1",
    version: str = "100",
    generation: int = 1,
    annotations: Mapping[str, str] | None = None,
    labels: Mapping[str, str] | None = None,
    owner: str = "",
    managers: tuple[str, ...] = (),
    claims: tuple[Claim, ...] = (),
    deleting: bool = False,
) -> Workload:
    kind = _KINDS[reference.partition("/")[0]]
    return Workload(
        key(reference, namespace),
        uid,
        version,
        generation,
        containers(images),
        finished(kind) if behaviour is None else behaviour,
        annotations,
        labels,
        owner,
        managers,
        claims,
        deleting,
    )


NOW = "2026-01-02T03:04:05Z"
_PLACES = {place.value: place for place in Place}


def edit_of(words: str) -> Edit:
    """`agent=b2`, `env agent:LOG=debug`, `resources agent:limits.cpu-`, `label tier=x`, `restart`, `restart sts/db`."""
    option, _, value = words.partition(" ")
    if option in _PLACES:
        return argument.metadata(_PLACES[option], value, act="converge")
    match option:
        case "env":
            return argument.env(value, act="converge")
        case "resources":
            return argument.resources(value, act="converge")
        case "restart":
            return argument.restart(NOW, value, act="converge")
    return edit.pair(words, act="converge")


def wants(*words: str) -> Desired:
    """`wants("agent=b2", "deployment/ceo:git-sync=g2", "env agent:LOG=debug")`."""
    return Desired.of(map(edit_of, words), act="converge")


def wish(
    *pairs: str, deploy: str = "run-2", commit: str = "", again: bool = False, force_managed: bool = False
) -> Wish:
    return Wish(wants(*pairs), Deploy(deploy, Source.GIVEN, commit=commit), Policy(force_managed, again))


def patch_for(live: Workload, wanted: Wish) -> Patch:
    """The plan's patch where there has to be one."""
    operation = decide.one(live, wanted)
    assert isinstance(operation, Patch), operation
    return operation


def operations(patch: Patch | bytes) -> list[str]:
    """A JSON Patch as lines: `test /metadata/uid "u1"`."""
    raw = patch if isinstance(patch, bytes) else patch.operations
    return [_operation_line(operation) for operation in msgspec.json.decode(raw, type=list[dict[str, object]])]


def _operation_line(operation: dict[str, object]) -> str:
    value = f" {msgspec.json.encode(operation['value']).decode()}" if "value" in operation else ""
    return f"{operation['op']} {operation['path']}{value}"


def named(reference: str) -> Named:
    kind_name, _, name = reference.partition("/")
    return Named(kind_name, name)


def wanted_images(live: Workload, desired: Desired) -> dict[str, str]:
    """By container, the image that is wanted of it, already true or not; containers without a wish are left out."""
    found = wanted(live, desired, restarted_by="")
    return {want.field.container: want.new or "" for want in found if isinstance(want.field, ImageField)}
