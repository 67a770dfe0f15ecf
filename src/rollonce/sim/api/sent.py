"""What a client sends, read as the API server reads it: JSON, then the type of the path; what is wrong is said in its
words (apiserver/pkg/endpoints/handlers/create.go, patch.go; apimachinery/pkg/runtime/serializer/json)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from rollonce.sim.api import crds, gojson, status, typed
from rollonce.sim.api.kinds import BUILT_IN, Kind
from rollonce.sim.api.patching import Told
from rollonce.sim.api.target import Query, header
from rollonce.sim.store import Object
from rollonce.wire import Request

STRICT, WARN, IGNORE = "Strict", "Warn", "Ignore"
ACCEPTED = ("application/json", "application/yaml", "application/vnd.kubernetes.protobuf")
_HEAD = 'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }'
# Reads YAML into JSON values; raises ValueError.
Yaml = Callable[[bytes], Any]
KNOWN = {(kind.kind, kind.api_version): kind for kind in BUILT_IN}
_SUMMARY = 30
MAX_MANAGER = 128


@dataclass(slots=True)
class Writing:
    """How a client wants to write. `warnings` gathers what it is told beside the answer."""

    manager: str
    dry: bool = False
    validation: str = WARN
    force: bool = False
    warnings: list[str] = field(default_factory=list)

    @property
    def strict(self) -> bool:
        """Whether anybody wants to know of unknown and repeated fields."""
        return self.validation != IGNORE


def writing(request: Request, query: Query, options: str) -> Writing:
    """Reads the options of a query; a 422 where one is none (`options` is their type).

    The manager is fieldManager, else the first part of the user agent (handlers/create.go, managerOrUserAgent).
    """
    wrong: list[status.Cause] = []
    force, media = query.get("force"), media_type(request)
    if options == "PatchOptions":
        if media == "application/apply-patch+yaml":
            if not query.get("fieldManager"):
                wrong.append(status.required("fieldManager", "is required for apply patch"))
        elif force:
            wrong.append(status.forbidden("force", "may not be specified for non-apply patch"))
    manager = query.get("fieldManager")
    if len(manager.encode()) > MAX_MANAGER:
        wrong.append(status.too_long("fieldManager", MAX_MANAGER))
    dry = query.all("dryRun")
    if any(each != "All" for each in dry):
        wrong.append(status.unsupported("dryRun", dry, ["All"]))
    validation = query.get("fieldValidation")
    if validation not in ("", STRICT, WARN, IGNORE):
        wrong.append(status.unsupported("fieldValidation", validation, ["", IGNORE, STRICT, WARN]))
    if wrong:
        raise status.invalid_options(options, *wrong)
    agent = header(request, "user-agent").split("/")[0]
    named = manager or "".join(letter for letter in agent if letter.isprintable())[:MAX_MANAGER]
    return Writing(named, bool(dry), validation or WARN, query.true("force"))


def media_type(request: Request) -> str:
    """The media type of the body, less its parameters."""
    return header(request, "content-type").split(";")[0].strip()


def from_yaml(body: bytes, yaml: Yaml | None) -> Any:
    """JSON values of the first document. Raises ValueError where it is none, or nobody is here who reads YAML."""
    if yaml is None:
        raise ValueError("only JSON is read here")
    return yaml(body)


def _body(request: Request, how: Writing, yaml: Yaml | None) -> Any:
    """Raises gojson.Broken."""
    if media_type(request) != ACCEPTED[1]:
        return gojson.read(request.body, strict=how.strict)
    try:
        return gojson.read(request.body, strict=how.strict)
    except gojson.Broken:
        try:
            return from_yaml(request.body, yaml)
        except ValueError as error:
            raise gojson.Broken(str(error)) from None


def whole_object(request: Request, kind: Kind, how: Writing, yaml: Yaml | None = None) -> Object:
    """The body of a POST or PUT."""
    if media_type(request) not in ("", *ACCEPTED[:2]):
        raise status.unsupported_media_type(ACCEPTED)
    try:
        sent = _headed(_body(request, how, yaml))
    except gojson.Broken as error:
        raise status.bad_request(
            f"the object provided is unrecognized (must be of type {kind.kind}): couldn't get version/kind; "
            f"json parse error: {error} ({_summary(request.body)})"
        ) from None
    # What names no type is taken for what the path serves.
    named = (sent.get("kind") or kind.kind, sent.get("apiVersion") or kind.api_version)
    if named != (kind.kind, kind.api_version):
        raise status.bad_request(_other_type(kind, *named))
    sent = typed.Repeated(list(sent.items()), sent.names) if isinstance(sent, typed.Repeated) else {**sent}
    sent["kind"], sent["apiVersion"] = named
    prefix = f'{kind.kind} in version "{kind.version}" cannot be handled as a {kind.kind}: '
    try:
        thing, strict = decoded(kind, sent, None)
    except typed.Mismatch as error:
        raise status.bad_request(f"{prefix}{error}") from None
    if strict and how.validation == STRICT:
        raise status.bad_request(prefix + typed.unknown(strict))
    how.warnings += strict if how.strict else []
    return {**thing, "metadata": thing.get("metadata") or {}}


def _headed(value: Any) -> Object:
    """An object whose kind and apiVersion are texts. Raises gojson.Broken."""
    sent: Any = {} if value is None else value
    if not isinstance(sent, dict):
        raise gojson.Broken(f"json: cannot unmarshal {gojson.kind_of(sent)} into Go value of type {_HEAD}")
    for name in ("apiVersion", "kind"):
        if not isinstance(sent.get(name) or "", str):
            found = gojson.kind_of(sent[name])
            raise gojson.Broken(f"json: cannot unmarshal {found} into Go struct field .{name} of type string")
    return sent


def patched(kind: Kind, thing: Object, live: Object | None, how: Writing, told: Told) -> Object:
    """What a patch makes of an object."""
    named = (thing.get("kind"), thing.get("apiVersion"))
    # After a strategic merge patch the type is not looked at.
    if named != (kind.kind, kind.api_version) and not told.plain:
        raise status.invalid_patch(told.shown(), _converted(kind, *map(str, named)))
    try:
        done, strict = decoded(kind, thing, live, plain=told.plain)
    except typed.Mismatch as error:
        raise status.invalid_patch(told.shown(), str(error)) from None
    notes = [*told.notes, *(each for each in strict if each not in told.notes)]
    if notes and how.validation == STRICT:
        raise status.invalid_patch(told.shown(), typed.unknown(notes))
    how.warnings += notes if how.strict else []
    return done


def _converted(kind: Kind, named: str, version: str) -> str:
    """What Go's scheme says of another type in the place of this one."""
    known = KNOWN.get((named, version))
    if known is None:
        return f'no kind "{named}" is registered for version "{version}" in scheme "pkg/runtime/scheme.go:111"'
    return f"converting ({known.version}.{named}) to ({kind.group or 'core'}.{kind.kind}): unknown conversion"


def decoded(kind: Kind, thing: Object, live: Object | None, *, plain: bool = False) -> tuple[Object, list[str]]:
    """An object of a kind as it is written back, and what a strict decoder has to say. Raises typed.Mismatch."""
    if kind.definition is not None:
        return crds.decoded(kind, thing)
    decoder = typed.Decoder(plain=plain)
    return decoder.decode(thing, kind.type, live), decoder.strict


def _other_type(kind: Kind, named: str, version: str) -> str:
    return (
        f'{named} in version "{version.rpartition("/")[2]}" cannot be handled as a {kind.kind}: '
        f"{_converted(kind, named, version)}"
    )


def _summary(body: bytes) -> str:
    """apimachinery/pkg/runtime/error.go, summarizeData."""
    if not body:
        return "<empty>"
    more = " ..." if len(body) > _SUMMARY else ""
    if body.startswith(b"{"):
        return body[:_SUMMARY].decode(errors="replace") + more
    return body[:_SUMMARY].hex() + more
