"""Lines of an API audit log -> writes to workloads.

https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/ : one JSON event a line; a request that was answered
ends with the stage ResponseComplete (or Panic), the others tell nothing that it does not.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
from msgspec import Struct

from rollonce.history import decode, instants
from rollonce.history.decode import Unusable
from rollonce.history.evidence import Subject, Write
from rollonce.history.template import Reader, Template
from rollonce.model.deploy import DEPLOY_ID
from rollonce.model.kind import Kind
from rollonce.model.workload import WorkloadKey

_COMPLETE = "ResponseComplete"
_KNOWN_STAGES = frozenset({"RequestReceived", "ResponseStarted", "Panic"})
_WRITING = frozenset({"create", "update", "patch", "apply"})
_PLURALS = {k.resource.plural: k for k in (Kind.DEPLOYMENT, Kind.STATEFUL_SET, Kind.DAEMON_SET)}
_MENTIONS = re.compile(rb'"resource":\s*"(?:deployments|statefulsets|daemonsets)"')


class Other(Enum):
    """A line that is no write to a workload."""

    IRRELEVANT = auto()
    EARLIER_STAGE = auto()
    UNKNOWN_STAGE = auto()


class _User(Struct, gc=False):
    username: str = ""


class _Target(Struct, rename="camel", gc=False):
    resource: str = ""
    namespace: str = ""
    name: str = ""
    api_group: str = ""
    subresource: str = ""


class _Answer(Struct, gc=False):
    code: int = 0


class _Line(Struct, rename="camel"):
    stage: str = ""
    verb: str = ""
    request_uri: str = msgspec.field(name="requestURI", default="")
    user: _User = msgspec.field(default_factory=_User)
    user_agent: str = ""
    object_ref: _Target = msgspec.field(default_factory=_Target)
    response_status: _Answer = msgspec.field(default_factory=_Answer)
    request_object: Any = None
    response_object: Any = None
    request_received_timestamp: str | None = None
    stage_timestamp: str | None = None


_LINE = msgspec.json.Decoder(_Line)


def write(line: bytes, cluster: str, templates: Reader) -> Write | Other:
    """The write that a line tells of. Raises Unusable where the line is no audit event."""
    if not _MENTIONS.search(line):
        if line[:1] != b"{":
            raise Unusable("it is no JSON object")
        return Other.IRRELEVANT
    try:
        event = _LINE.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise Unusable(str(fault)) from None
    if event.stage != _COMPLETE:
        return Other.EARLIER_STAGE if event.stage in _KNOWN_STAGES else Other.UNKNOWN_STAGE
    target = event.object_ref
    kind = _PLURALS.get(target.resource)
    good = 200 <= event.response_status.code < 300
    if kind is None or target.subresource or target.api_group != "apps" or event.verb not in _WRITING or not good:
        return Other.IRRELEVANT
    query = parse_qs(urlsplit(event.request_uri).query)
    if query.get("dryRun"):
        return Other.IRRELEVANT
    at = instants.parse(event.request_received_timestamp) or instants.parse(event.stage_timestamp)
    name = target.name or _metadata(event.response_object).get("name") or _metadata(event.request_object).get("name")
    if at is None or not isinstance(name, str) or not name:
        raise Unusable("it has no time, or names no object")
    notes = _metadata(event.response_object).get("annotations")
    return Write(
        subject=Subject(cluster, WorkloadKey.of(kind, target.namespace, name)),
        at=at,
        user=event.user.username,
        user_agent=event.user_agent,
        manager=(query.get("fieldManager") or [event.user_agent.partition("/")[0]])[0],
        verb=event.verb,
        template=_after(event, templates),
        undo=_is_undo(event.request_object),
        deploy_id=str(notes.get(DEPLOY_ID) or "") if isinstance(notes, dict) else "",
    )


def _after(event: _Line, templates: Reader) -> Template | None:
    try:
        return decode.pod_template(event.response_object, templates)
    except Unusable:
        return None


def _metadata(value: object) -> dict[str, Any]:
    metadata = value.get("metadata") if isinstance(value, dict) else None
    return metadata if isinstance(metadata, dict) else {}


def _is_undo(request: object) -> bool:
    """kubectl undoes a Deployment by a JSON Patch of template and annotations, others by a ControllerRevision.

    kubernetes/kubectl, pkg/polymorphichelpers/rollback.go: getDeploymentPatch; the data of a ControllerRevision
    is a patch that replaces the template whole.
    """
    if isinstance(request, dict):
        spec = request.get("spec")
        held = spec.get("template") if isinstance(spec, dict) and set(request) == {"spec"} else None
        return isinstance(held, dict) and held.get("$patch") == "replace"
    if not isinstance(request, list):
        return False
    paths = [step.get("path") for step in request if isinstance(step, dict) and step.get("op") == "replace"]
    return len(paths) == len(request) and sorted(map(str, paths)) == ["/metadata/annotations", "/spec/template"]
