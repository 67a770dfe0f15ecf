"""JSON of the Kubernetes API -> `Workload`. The only place that knows how the objects are laid out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec
from msgspec import Struct

from rollonce.errors import UnreadableAnswer
from rollonce.model.amount import Written
from rollonce.model.kind import Kind
from rollonce.model.quantity import IntOrPercent
from rollonce.model.workload import (
    Behaviour,
    Claim,
    Condition,
    Container,
    CronJob,
    DaemonSet,
    Deployment,
    OnDelete,
    Recreate,
    Role,
    Rolling,
    StatefulSet,
    Template,
    Variable,
    Workload,
    WorkloadKey,
)


class _Owner(Struct, gc=False):
    kind: str
    name: str
    controller: bool | None = False


class _ManagedFields(Struct, gc=False):
    manager: str = ""
    subresource: str = ""
    time: str | None = None


class _Meta(Struct, rename="camel"):
    name: str
    uid: str = ""
    namespace: str = ""
    resource_version: str = ""
    generation: int = 0
    annotations: dict[str, str] | None = None
    labels: dict[str, str] | None = None
    owner_references: list[_Owner] | None = None
    managed_fields: list[_ManagedFields] | None = None
    deletion_timestamp: str | None = None


class _Variable(Struct, rename="camel"):
    name: str
    value: str = ""
    value_from: dict[str, msgspec.Raw] | None = None


class _Resources(Struct):
    requests: dict[str, Written] | None = None
    limits: dict[str, Written] | None = None


class _Container(Struct, rename="camel", gc=False):
    name: str
    image: str = ""
    restart_policy: str = ""
    env: list[msgspec.Raw] | None = None
    resources: _Resources | None = None


class _ClaimSource(Struct, rename="camel", gc=False):
    claim_name: str


class _Volume(Struct, rename="camel"):
    name: str
    persistent_volume_claim: _ClaimSource | None = None


class _PodSpec(Struct, rename="camel"):
    containers: list[_Container] | None = None
    init_containers: list[_Container] | None = None
    volumes: list[_Volume] | None = None


class _PodMeta(Struct):
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None


class _Template(Struct):
    metadata: _PodMeta | None = None
    spec: _PodSpec = msgspec.field(default_factory=_PodSpec)


class _Condition(Struct, rename="camel", gc=False):
    type: str
    status: str
    reason: str = ""
    message: str = ""
    last_update_time: str | None = None


class _RollingUpdate(Struct, rename="camel", gc=False):
    max_surge: IntOrPercent | None = None
    max_unavailable: IntOrPercent | None = None
    partition: int | None = 0


class _Strategy(Struct, rename="camel"):
    type: str = "RollingUpdate"
    rolling_update: _RollingUpdate | None = None

    def rolling(self) -> Rolling:
        limits = self.rolling_update or _RollingUpdate()
        return Rolling(limits.max_surge, limits.max_unavailable, limits.partition or 0)


class _Counts(Struct, rename="camel"):
    """Status of the three kinds that roll: they share most of the names."""

    observed_generation: int | None = None
    replicas: int = 0
    updated_replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    current_revision: str = ""
    update_revision: str = ""
    desired_number_scheduled: int = 0
    current_number_scheduled: int = 0
    updated_number_scheduled: int = 0
    number_ready: int = 0
    number_available: int = 0
    conditions: list[_Condition] | None = None


class _ClaimTemplateSpec(Struct, rename="camel"):
    access_modes: list[str] | None = None


class _ClaimObject(Struct):
    metadata: _Meta
    spec: _ClaimTemplateSpec = msgspec.field(default_factory=_ClaimTemplateSpec)


class _Expression(Struct, gc=False):
    key: str


class _Selector(Struct, rename="camel"):
    match_labels: dict[str, str] | None = None
    match_expressions: list[_Expression] | None = None


class _Job(Struct):
    template: msgspec.Raw = msgspec.Raw(b"{}")


class _JobTemplate(Struct):
    spec: _Job = msgspec.field(default_factory=_Job)


class _Spec(Struct, rename="camel"):
    replicas: int | None = 1
    paused: bool = False
    progress_deadline_seconds: int | None = None
    min_ready_seconds: int = 0
    strategy: _Strategy | None = None
    update_strategy: _Strategy | None = None
    volume_claim_templates: list[_ClaimObject] | None = None
    selector: _Selector | None = None
    template: msgspec.Raw = msgspec.Raw(b"{}")
    job_template: _JobTemplate | None = None


class _Object(Struct):
    metadata: _Meta
    spec: _Spec = msgspec.field(default_factory=_Spec)
    status: _Counts = msgspec.field(default_factory=_Counts)


class _Named(Struct):
    metadata: _Meta


# The manifest, as kubectl applied it: kubernetes/kubectl, pkg/util/apply.go
_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
# Built once, here: msgspec crashes where a type is first decoded in several threads at once.
_OBJECT = msgspec.json.Decoder(_Object)
_TEMPLATE = msgspec.json.Decoder(_Template)
_VARIABLE = msgspec.json.Decoder(_Variable)
_CLAIM = msgspec.json.Decoder(_ClaimObject)
_NAMED = msgspec.json.Decoder(_Named)


def workload(kind: Kind, raw: bytes) -> Workload:
    """A workload of `kind` from the JSON of one object.

    Raises UnreadableAnswer where the JSON is not such an object.
    """
    thing = _decoded(_OBJECT, raw, kind.title)
    template = bytes(_raw_template(thing.spec))  # a copy: else it keeps the whole answer alive
    pods = _pods(kind, template)
    whole = Template(_pod_metadata(pods.metadata), template)
    return replace(_outline(kind, thing, pods), containers=_containers(pods.spec), template=whole)


def outline(kind: Kind, raw: bytes) -> Workload:
    """As `workload`, without containers and template, and without what kubectl remembers of them.

    For who reads all workloads of a cluster at once: most of what a workload is made of stands in these.
    """
    thing = _decoded(_OBJECT, raw, kind.title)
    found = _outline(kind, thing, _pods(kind, _raw_template(thing.spec)))
    kept = {name: value for name, value in (found.annotations or {}).items() if name != _APPLIED}
    return replace(found, annotations=kept)


def _pods(kind: Kind, template: bytes | msgspec.Raw) -> Any:
    return _decoded(_TEMPLATE, template, f"pod template of a {kind.title}")


def _outline(kind: Kind, thing: _Object, pods: _Template) -> Workload:
    meta = thing.metadata
    return Workload(
        key=WorkloadKey.of(kind, meta.namespace, meta.name),
        uid=meta.uid,
        resource_version=meta.resource_version,
        generation=meta.generation,
        containers=(),
        behaviour=_behaviour(kind, thing),
        annotations=meta.annotations,
        labels=meta.labels,
        controller=_controller(meta),
        managers=tuple(m.manager for m in meta.managed_fields or () if not m.subresource),
        claims=_claims(pods.spec, thing.spec),
        deleting=meta.deletion_timestamp is not None,
        selector=_selector(thing.spec.selector),
        changed=max((m.time or "" for m in meta.managed_fields or () if not m.subresource), default=""),
    )


def claim(raw: bytes) -> tuple[str, Claim]:
    """Namespace and claim from the JSON of one PersistentVolumeClaim; raises UnreadableAnswer."""
    thing = _decoded(_CLAIM, raw, "PersistentVolumeClaim")
    return thing.metadata.namespace, Claim(thing.metadata.name, tuple(thing.spec.access_modes or ()))


def name(raw: bytes) -> str:
    """Name of any object, also of one that came as metadata only; raises UnreadableAnswer."""
    return str(_decoded(_NAMED, raw, "object").metadata.name)


def _decoded(decoder: msgspec.json.Decoder[Any], raw: bytes | msgspec.Raw, what: str) -> Any:
    try:
        return decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise UnreadableAnswer(
            f"what the server sent as a {what} is not one: {fault}",
            hint="check that the kubeconfig's server is a Kubernetes API server",
        ) from fault


def _raw_template(spec: _Spec) -> msgspec.Raw:
    return spec.template if spec.job_template is None else spec.job_template.spec.template


def _pod_metadata(meta: _PodMeta | None) -> Mapping[str, Mapping[str, str] | None] | None:
    return None if meta is None else {"labels": meta.labels, "annotations": meta.annotations}


def _selector(selector: _Selector | None) -> frozenset[str]:
    if selector is None:
        return frozenset()
    return frozenset(selector.match_labels or ()) | {e.key for e in selector.match_expressions or ()}


def _containers(pod: _PodSpec) -> tuple[Container, ...]:
    first = (
        _container(c, Role.SIDECAR if c.restart_policy == "Always" else Role.INIT, i)
        for i, c in enumerate(pod.init_containers or ())
    )
    main = (_container(c, Role.MAIN, i) for i, c in enumerate(pod.containers or ()))
    return (*main, *first)


def _container(thing: _Container, role: Role, index: int) -> Container:
    env = None if thing.env is None else tuple(_variable(bytes(raw)) for raw in thing.env)
    return Container(thing.name, thing.image, role, index, env, _amounts(thing.resources))


def _amounts(resources: _Resources | None) -> Mapping[str, Mapping[str, Written] | None] | None:
    return None if resources is None else {"requests": resources.requests, "limits": resources.limits}


def _variable(raw: bytes) -> Variable:
    thing = _decoded(_VARIABLE, raw, "environment variable")
    if thing.value_from is None:
        return Variable(thing.name, thing.value, "", raw)
    return Variable(thing.name, None, next(iter(thing.value_from), "valueFrom"), raw)


def _claims(pod: _PodSpec, spec: _Spec) -> tuple[Claim, ...]:
    mounted = (Claim(v.persistent_volume_claim.claim_name) for v in pod.volumes or () if v.persistent_volume_claim)
    templates = (Claim(t.metadata.name, tuple(t.spec.access_modes or ())) for t in spec.volume_claim_templates or ())
    return (*mounted, *templates)


def _controller(meta: _Meta) -> str:
    return next((f"{o.kind}/{o.name}" for o in meta.owner_references or () if o.controller), "")


def _behaviour(kind: Kind, thing: _Object) -> Behaviour:
    spec, status = thing.spec, thing.status
    replicas = 1 if spec.replicas is None else spec.replicas
    match kind:
        case Kind.DEPLOYMENT:
            strategy = spec.strategy or _Strategy()
            return Deployment(
                strategy=Recreate() if strategy.type == "Recreate" else strategy.rolling(),
                replicas=replicas,
                paused=spec.paused,
                progress_deadline=spec.progress_deadline_seconds,
                observed_generation=status.observed_generation,
                current=status.replicas,
                updated=status.updated_replicas,
                ready=status.ready_replicas,
                available=status.available_replicas,
                conditions=tuple(
                    Condition(c.type, c.status, c.reason, c.message, c.last_update_time or "")
                    for c in status.conditions or ()
                ),
            )
        case Kind.STATEFUL_SET:
            return StatefulSet(
                strategy=_update_strategy(spec),
                replicas=replicas,
                min_ready_seconds=spec.min_ready_seconds,
                observed_generation=status.observed_generation,
                pods=status.replicas,
                updated=status.updated_replicas,
                ready=status.ready_replicas,
                available=status.available_replicas,
                current_revision=status.current_revision,
                update_revision=status.update_revision,
            )
        case Kind.DAEMON_SET:
            return DaemonSet(
                strategy=_update_strategy(spec),
                observed_generation=status.observed_generation,
                desired=status.desired_number_scheduled,
                scheduled=status.current_number_scheduled,
                updated=status.updated_number_scheduled,
                ready=status.number_ready,
                available=status.number_available,
            )
        case Kind.CRON_JOB:
            return CronJob()


def _update_strategy(spec: _Spec) -> Rolling | OnDelete:
    strategy = spec.update_strategy or _Strategy()
    return OnDelete() if strategy.type == "OnDelete" else strategy.rolling()
