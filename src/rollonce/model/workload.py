"""A live workload, as far as deciding needs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import assert_never

from msgspec import Struct

from rollonce.model.amount import Written
from rollonce.model.kind import Kind
from rollonce.model.quantity import IntOrPercent


class WorkloadKey(Struct, frozen=True, order=True, cache_hash=True):
    """Which workload: unique in a cluster at one time."""

    kind_name: str
    namespace: str
    name: str

    @classmethod
    def of(cls, kind: Kind, namespace: str, name: str) -> WorkloadKey:
        """The key of a workload of `kind`."""
        return cls(kind.singular, namespace, name)

    @property
    def kind(self) -> Kind:
        """The kind that `kind_name` is the singular of."""
        return Kind.named(self.kind_name)

    def __str__(self) -> str:
        return f"{self.kind_name}/{self.name}"


class Role(StrEnum):
    """How a container takes part in its pod."""

    MAIN = "container"
    INIT = "init container"
    SIDECAR = "native sidecar"  # an init container with restartPolicy Always


@dataclass(frozen=True, slots=True)
class Variable:
    """One entry of a container's environment.

    `value` is None where the entry takes it from elsewhere, which `source` then names
    (`secretKeyRef`). `raw` is the entry as the API server holds it, as JSON.
    """

    name: str
    value: str | None = field(repr=False)
    source: str
    raw: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Container:
    """One container of a pod template; `index` is its place in its list of the template.

    `env` and `resources` (by `requests` and `limits`) are None where there is no such member, which a
    JSON Patch has to know.
    """

    name: str
    image: str
    role: Role
    index: int
    env: tuple[Variable, ...] | None = None
    resources: Mapping[str, Mapping[str, Written] | None] | None = None

    @property
    def pointer(self) -> str:
        """JSON pointer of the container below the pod template's spec."""
        return f"{'containers' if self.role is Role.MAIN else 'initContainers'}/{self.index}"


@dataclass(frozen=True, slots=True)
class Template:
    """A pod template, beside its containers.

    `metadata` has its maps by name (`labels`, `annotations`), None for one that is missing; it is None
    itself where the template has none. `raw` is the template as the API server holds it, as JSON.
    """

    metadata: Mapping[str, Mapping[str, str] | None] | None = None
    raw: bytes = field(default=b"", repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Claim:
    """A PersistentVolumeClaim that the pods mount; no access modes where they are not known."""

    name: str
    access_modes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition of a status; times are the strings of the API, compared for equality only."""

    type: str
    status: str
    reason: str = ""
    message: str = ""
    last_update: str = ""


@dataclass(frozen=True, slots=True)
class Recreate:
    """All old pods go before the first new one comes."""


@dataclass(frozen=True, slots=True)
class Rolling:
    """Old pods are replaced by and by; limits as written, None where the API server's default holds."""

    max_surge: IntOrPercent | None = None
    max_unavailable: IntOrPercent | None = None
    partition: int = 0


@dataclass(frozen=True, slots=True)
class OnDelete:
    """Pods take the new template when somebody deletes them."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """What a Deployment adds; counts of its status as the controller reports them."""

    strategy: Recreate | Rolling
    replicas: int
    paused: bool = False
    progress_deadline: int | None = None
    observed_generation: int | None = None
    current: int = 0
    updated: int = 0
    ready: int = 0
    available: int = 0
    conditions: tuple[Condition, ...] = ()

    def condition(self, type_: str) -> Condition | None:
        """The condition of that type, if the status has it."""
        return next((c for c in self.conditions if c.type == type_), None)


@dataclass(frozen=True, slots=True)
class StatefulSet:
    """What a StatefulSet adds; `pods` counts those that its controller has made, of any revision."""

    strategy: Rolling | OnDelete
    replicas: int
    min_ready_seconds: int = 0
    observed_generation: int | None = None
    pods: int = 0
    updated: int = 0
    ready: int = 0
    available: int = 0
    current_revision: str = ""
    update_revision: str = ""


@dataclass(frozen=True, slots=True)
class DaemonSet:
    """What a DaemonSet adds; `desired` is the number of nodes that should run a pod."""

    strategy: Rolling | OnDelete
    observed_generation: int | None = None
    desired: int = 0
    scheduled: int = 0
    updated: int = 0
    ready: int = 0
    available: int = 0


@dataclass(frozen=True, slots=True)
class CronJob:
    """A CronJob: its template is for pods to come, a change restarts nothing."""


Behaviour = Deployment | StatefulSet | DaemonSet | CronJob


@dataclass(frozen=True, slots=True)
class Workload:
    """A workload as one read showed it.

    `annotations` is None where the object has no such map at all, which a JSON Patch has to know.
    `controller` names the controlling owner (`Kind/name`), empty without one; `managers` are the
    field managers of the main resource; `selector` has the labels by which it knows its pods. `changed` is when
    somebody last wrote more than its status or scale, by the server's clock (RFC 3339, UTC); empty where nobody knows.
    """

    key: WorkloadKey
    uid: str
    resource_version: str
    generation: int
    containers: tuple[Container, ...]
    behaviour: Behaviour
    annotations: Mapping[str, str] | None = None
    labels: Mapping[str, str] | None = None
    controller: str = ""
    managers: tuple[str, ...] = ()
    claims: tuple[Claim, ...] = ()
    deleting: bool = False
    selector: frozenset[str] = frozenset()
    changed: str = ""
    template: Template = Template()

    def annotation(self, name: str) -> str | None:
        """Value of an annotation of the workload, None without it."""
        return (self.annotations or {}).get(name)

    def container(self, name: str) -> Container | None:
        """The container of that name; names are unique over all lists of a pod template."""
        return next((c for c in self.containers if c.name == name), None)

    @property
    def pods(self) -> int:
        """How many pods it should have now; 0 for a CronJob."""
        match self.behaviour:
            case Deployment(replicas=n) | StatefulSet(replicas=n) | DaemonSet(desired=n):
                return n
            case CronJob():
                return 0
            case _ as never:
                assert_never(never)

    @property
    def template_pointer(self) -> str:
        """JSON pointer of the pod template in the object."""
        return "/spec/jobTemplate/spec/template" if isinstance(self.behaviour, CronJob) else "/spec/template"
