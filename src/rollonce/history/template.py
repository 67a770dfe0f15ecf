"""A pod template as a flat list of fields: compared field by field, small in memory, free of credentials.

Paths name list items by their merge key, as managedFields do: `containers[agent].image`,
`containers[agent].env[MODE].value`, `metadata.annotations[kubectl.kubernetes.io/restartedAt]`. Fields of the pod's spec
stand without a prefix.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

import msgspec

from rollonce.history import credential

# The controllers add these to the template; they are no part of what somebody wanted.
# kubernetes/kubernetes, pkg/apis/apps/types.go: DefaultDeploymentUniqueLabelKey, ControllerRevisionHashLabelKey
_OF_CONTROLLERS = frozenset({"pod-template-hash", "controller-revision-hash", "pod-template-generation"})
# Merge keys of the lists that are merged by key: kubernetes/api, core/v1/types.go, `patchMergeKey` and `listMapKey`.
_KEYS: Mapping[str, tuple[str, ...]] = {
    "containers": ("name",),
    "initContainers": ("name",),
    "ephemeralContainers": ("name",),
    "env": ("name",),
    "volumes": ("name",),
    "imagePullSecrets": ("name",),
    "resourceClaims": ("name",),
    "ports": ("containerPort", "protocol"),
    "volumeMounts": ("mountPath",),
    "volumeDevices": ("devicePath",),
    "hostAliases": ("ip",),
    "topologySpreadConstraints": ("topologyKey", "whenUnsatisfiable"),
}
RESTARTED_AT = "metadata.annotations[kubectl.kubernetes.io/restartedAt]"
_ORDER = "(order)"
_IMAGE = re.compile(r"(?:containers|initContainers)\[([^\[\]]*)\]\.image")
_IN_CONTAINER = re.compile(r"(?:containers|initContainers)\[([^\[\]]*)\]\.(.+)")
_ENV = re.compile(r"env\[([^\[\]]*)\](?:\.value)?")
_BRACKETED = re.compile(r"\[([^\[\]]*)\][^\[\]]*$")

Fields = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Template:
    """The fields, sorted by path, and a digest of them. Equal digests mean equal templates."""

    fields: Fields
    digest: str

    @property
    def images(self) -> dict[str, str]:
        """Container -> image, of all lists of containers."""
        return {found[1]: value for path, value in self.fields if (found := _IMAGE.fullmatch(path))}

    def value(self, path: str) -> str | None:
        """The value of one field, None where it is not set."""
        return dict(self.fields).get(path)


EMPTY = Template((), "")


@dataclass(frozen=True, slots=True, order=True)
class Change:
    """One field before and after, as it may be shown; None means not set."""

    path: str
    old: str | None
    new: str | None

    @property
    def container(self) -> str:
        """Name of the container whose image it is, empty for any other field."""
        found = _IMAGE.fullmatch(self.path)
        return found[1] if found else ""


def read(template: object) -> Template:
    """The template from its JSON values. Raises ValueError where it is not one."""
    if not isinstance(template, dict) or not isinstance(template.get("spec"), dict):
        raise ValueError("the pod template has no spec")  # noqa: TRY004 - of a value that was read
    if not isinstance(template["spec"].get("containers"), list):
        raise ValueError("the pod template has no containers")  # noqa: TRY004
    try:
        flat = dict(_metadata(template.get("metadata")))
        flat.update(_walk(template["spec"], "", ""))
    except RecursionError:
        raise ValueError("the pod template is nested too deeply") from None
    fields = tuple(sorted(flat.items()))
    return Template(fields, _digest(fields))


def _digest(fields: Fields) -> str:
    taken = blake2b(digest_size=16)
    for path, value in fields:
        taken.update(f"{path}\x1f{value}\x1e".encode("utf-8", "surrogatepass"))
    return taken.hexdigest()


def _metadata(metadata: object) -> Iterator[tuple[str, str]]:
    if not isinstance(metadata, dict):
        return
    for part in ("labels", "annotations"):
        values = metadata.get(part)
        for name, value in values.items() if isinstance(values, dict) else ():
            if part == "annotations" or name not in _OF_CONTROLLERS:
                yield _leaf(f"metadata.{part}[{name}]", str(name), value)


def _walk(value: object, path: str, name: str) -> Iterator[tuple[str, str]]:
    match value:
        case dict() if value:
            hides = name == "env" and isinstance(value.get("name"), str)
            for key, inner in value.items():
                # An env variable's credential is known by the variable's name, not by the word "value".
                said = str(value["name"]) if hides and key == "value" else str(key)
                yield from _walk(inner, f"{path}.{key}" if path else str(key), said)
        case list() if value:
            yield from _items(value, path, name)
        case _:
            yield _leaf(path, name, value)


def _items(items: list[object], path: str, name: str) -> Iterator[tuple[str, str]]:
    keys = _keyed(items, name)
    if keys is None:
        before: object = ""
        for index, item in enumerate(items):
            # `--password` and its value may be two arguments.
            said = before if isinstance(before, str) and before.startswith("-") else name
            yield from _walk(item, f"{path}[{index}]", said)
            before = item
        return
    for key, item in zip(keys, items, strict=True):
        yield from _walk(item, f"{path}[{key}]", name)
    if len(keys) > 1:
        # The order of env and containers matters to the controllers' comparison.
        yield f"{path}{_ORDER}", ",".join(keys)


def _keyed(items: list[object], name: str) -> list[str] | None:
    """The merge keys of the items, None where the list has none or they are not unique."""
    wanted = _KEYS.get(name)
    if wanted is None or not all(isinstance(item, dict) and wanted[0] in item for item in items):
        return None
    keys = ["/".join(str(item[part]) for part in wanted if part in item) for item in items if isinstance(item, dict)]
    return keys if len(set(keys)) == len(keys) else None


def _leaf(path: str, name: str, value: object) -> tuple[str, str]:
    if isinstance(value, str):
        return _text(path, name, value)
    return path, msgspec.json.encode(value).decode()


# The revisions of a workload share most of their fields: each is judged once, and kept once.
@lru_cache(maxsize=1 << 16)
def _text(path: str, name: str, value: str) -> tuple[str, str]:
    if name != "image" and value and credential.suspected(name, value):
        return path, credential.fingerprint(value)
    return path, value.replace(credential.MARK, "")


def compare(old: Template, new: Template) -> tuple[Change, ...]:
    """The fields that differ, sorted by path; what looks like a credential shows as `(not shown)`."""
    before, after = dict(old.fields), dict(new.fields)
    paths = sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))
    told = [path for path in paths if not path.endswith(_ORDER)]
    return tuple(
        Change(path, credential.shown(before.get(path)), credential.shown(after.get(path))) for path in told or paths
    )


def label(path: str) -> str:
    """A path as people say it: `agent` for its image, `agent env MODE`, `restartedAt`."""
    if path == RESTARTED_AT:
        return "restartedAt"
    if found := _IMAGE.fullmatch(path):
        return found[1]
    if found := _IN_CONTAINER.fullmatch(path):
        variable = _ENV.fullmatch(found[2])
        return f"{found[1]} env {variable[1]}" if variable else f"{found[1]} {found[2]}"
    if path.startswith("metadata.") and (found := _BRACKETED.search(path)):
        return f"{path.removeprefix('metadata.').partition('[')[0].removesuffix('s')} {found[1]}"
    return path


def owns(owned: str, path: str) -> bool:
    """Whether the owner of one path owns another: the path itself, or what lies below it."""
    return path == owned or path.startswith((f"{owned}.", f"{owned}["))
