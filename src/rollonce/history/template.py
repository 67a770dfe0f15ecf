"""A pod template as it is kept for comparing: one form for equal templates, small in memory, its images apart.

Of the templates of a fleet most differ in nothing but images. What is left of a template without them is its `Shape`:
it is shared, compressed, and only taken apart where two shapes differ.

Paths name list items by their merge key, as managedFields do: `containers[agent].image`,
`containers[agent].env[MODE].value`, `metadata.annotations[kubectl.kubernetes.io/restartedAt]`. Fields of the pod's spec
stand without a prefix.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import msgspec
from msgspec import Struct

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
# What differs from one revision to the next, as it stands in the bytes of the API's JSON.
_HOLES = re.compile(rb'"(image|pod-template-hash)"\s*:\s*"([^"\\]*)"')
_ANY = msgspec.json.Decoder()
_ENCODER = msgspec.json.Encoder(order="sorted")
# Shapes that are held taken apart: the revisions of one workload are compared with each other, then those of the next.
_APART = 64
# Paths of which it is remembered what they say: a fleet has few of them.
_NAMES = 4096

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Shape:
    """A template without its images: compressed canonical JSON, and a digest of it."""

    packed: bytes = field(compare=False)
    digest: bytes


class Template(Struct, frozen=True):
    """A shape and the images, by path and in the order of the paths.

    `digest` is of all of it, 32 hexadecimal digits: equal digests mean equal templates.
    """

    shape: Shape
    by_path: tuple[tuple[str, str], ...]
    digest: str

    @classmethod
    def of(cls, shape: Shape, images: Iterable[tuple[str, str]]) -> Template:
        """A template of a shape, with its images by path."""
        by_path = tuple(sorted(images))
        told = "".join([f"{path}\x1f{image}\x1e" for path, image in by_path])
        taken = blake2b(shape.digest + told.encode("utf-8", "surrogatepass"), digest_size=16)
        return cls(shape, by_path, taken.hexdigest())

    @property
    def images(self) -> dict[str, str]:
        """Container -> image, of all lists of containers."""
        return {path[path.index("[") + 1 : -len("].image")]: image for path, image in self.by_path}

    def value(self, path: str) -> str | None:
        """The value of one field, None where it is not set. To compare with, not to show: it may be a credential."""
        for known, image in self.by_path:
            if known == path:
                return image
        return _fields(self.shape).get(path)


class Change(Struct, frozen=True, order=True):
    """One field before and after, as it may be shown; None means not set."""

    path: str
    old: str | None
    new: str | None

    @property
    def container(self) -> str:
        """Name of the container whose image it is, empty for any other field."""
        return _container(self.path)


@lru_cache(maxsize=_NAMES)
def _container(path: str) -> str:
    found = _IMAGE.fullmatch(path)
    return found[1] if found else ""


class Reader:
    """Reads templates and remembers their shapes: one it has seen costs a search and a digest."""

    def __init__(self) -> None:
        self._shapes: dict[bytes, Shape] = {}
        # Digest of the bytes less their holes -> the shape, and the path of each image in the order of the bytes.
        self._seen: dict[bytes, tuple[Shape, tuple[str, ...]]] = {}
        self._images: dict[bytes, str] = {}
        self._last: tuple[list[bytes], bytes] = [], b""

    def read(self, raw: bytes | msgspec.Raw) -> Template:
        """The template from its JSON. Raises ValueError where it is not one."""
        parts = _HOLES.split(raw)
        rest = parts[::3]
        # The revisions of a workload follow each other.
        if rest != self._last[0]:
            self._last = rest, blake2b(b"".join(rest), digest_size=16).digest()
        key = self._last[1]
        holes = [value for name, value in zip(parts[1::3], parts[2::3], strict=True) if name == b"image"]
        seen = self._seen.get(key)
        if seen is not None and len(seen[1]) == len(holes):
            known = [self._images.get(hole) or self._images.setdefault(hole, hole.decode()) for hole in holes]
            return Template.of(seen[0], zip(seen[1], known, strict=True))
        try:
            value = _ANY.decode(raw)
            shape, images = self._shape(value)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise ValueError(f"the pod template cannot be read: {error}") from None
        # Only where the holes are the images and nothing else is their order enough to tell them apart.
        plain = len(parts) // 3 - len(holes) <= 1 and [image.encode() for _, image in images] == holes
        if plain and len({path for path, _ in images}) == len(images):
            self._seen[key] = shape, tuple(path for path, _ in images)
        return Template.of(shape, images)

    def _shape(self, value: object) -> tuple[Shape, list[tuple[str, str]]]:
        bare, images = _without_images(value)
        canonical = _ENCODER.encode(bare)
        digest = blake2b(canonical, digest_size=16).digest()
        shape = self._shapes.get(digest)
        if shape is None:
            shape = self._shapes[digest] = Shape(zlib.compress(canonical, 1), digest)
        return shape, images


def read(value: object) -> Template:
    """The template from its JSON values. Raises ValueError where it is not one."""
    try:
        return Reader().read(msgspec.json.encode(value))
    except (RecursionError, TypeError, UnicodeEncodeError) as error:
        raise ValueError(f"the pod template cannot be read: {error}") from None


def _without_images(value: object) -> tuple[Json, list[tuple[str, str]]]:
    """What is compared of a template, and its images in the order in which they stand."""
    if not isinstance(value, dict) or not isinstance(value.get("spec"), dict):
        raise ValueError("the pod template has no spec")  # noqa: TRY004 - of a value that was read
    spec = dict(value["spec"])
    if not isinstance(spec.get("containers"), list):
        raise ValueError("the pod template has no containers")  # noqa: TRY004
    images: list[tuple[str, str]] = []
    for part, items in list(spec.items()):
        if part in ("containers", "initContainers") and isinstance(items, list):
            keys = _keyed(items, part)
            names = keys if keys is not None else [str(index) for index in range(len(items))]
            spec[part] = [_bare(item, f"{part}[{name}].image", images) for item, name in zip(items, names, strict=True)]
    return {"spec": spec, "metadata": _metadata(value.get("metadata"))}, images


def _bare(container: object, path: str, images: list[tuple[str, str]]) -> object:
    if not isinstance(container, dict) or not isinstance(container.get("image"), str):
        return container
    images.append((path, container["image"]))
    return {name: value for name, value in container.items() if name != "image"}


def _metadata(metadata: object) -> Json:
    """Labels and annotations that somebody wanted."""
    kept: Json = {}
    if not isinstance(metadata, dict):
        return kept
    for part in ("labels", "annotations"):
        values = metadata.get(part)
        if isinstance(values, dict):
            kept[part] = {k: v for k, v in values.items() if part == "annotations" or k not in _OF_CONTROLLERS}
    return kept


# --- taken apart


@lru_cache(maxsize=_APART)
def _values(shape: Shape) -> Json:
    values: Json = _ANY.decode(zlib.decompress(shape.packed))
    return values


@lru_cache(maxsize=_APART)
def _fields(shape: Shape) -> Mapping[str, str]:
    """Every field by its path, as it is."""
    return {path: text for path, _, text in _flat(_values(shape))}


_Leaf = tuple[str, str, str]
_Sides = tuple[dict[str, _Leaf], dict[str, _Leaf]]
_ABSENT = object()


def _flat(values: Json) -> Iterator[_Leaf]:
    """Path, name (as credentials are known by it) and text of every leaf."""
    for part, inside in values["metadata"].items():
        for name, value in inside.items():
            yield f"metadata.{part}[{name}]", name, _text(value)
    yield from _walk(values["spec"], "", "")


def _walk(value: object, path: str, name: str) -> Iterator[_Leaf]:
    match value:
        case dict() if value:
            for key, inner in value.items():
                yield from _walk(inner, _below(path, key), _said(value, key, name))
        case list() if value:
            keys = _keyed(value, name)
            named = keys if keys is not None else [str(index) for index in range(len(value))]
            before: object = ""
            for key, item in zip(named, value, strict=True):
                yield from _walk(item, f"{path}[{key}]", _said_of_item(keys, before, name))
                before = item
            if keys is not None and len(keys) > 1:
                # The order of env and containers matters to the controllers' comparison.
                yield f"{path}{_ORDER}", "", ",".join(keys)
        case _:
            yield path, name, _text(value)


def _below(path: str, key: object) -> str:
    return f"{path}.{key}" if path else str(key)


def _said(value: Json, key: object, name: str) -> str:
    """An env variable's credential is known by the variable's name, not by the word "value"."""
    hides = name == "env" and key == "value" and isinstance(value.get("name"), str)
    return str(value["name"]) if hides else str(key)


def _said_of_item(keys: list[str] | None, before: object, name: str) -> str:
    """`--password` and its value may be two arguments."""
    return before if keys is None and isinstance(before, str) and before.startswith("-") else name


def _text(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _keyed(items: list[object], name: str) -> list[str] | None:
    """The merge keys of the items, None where the list has none or they are not unique."""
    wanted = _KEYS.get(name)
    if wanted is None or not all(isinstance(item, dict) and wanted[0] in item for item in items):
        return None
    keys = ["/".join(str(item[part]) for part in wanted if part in item) for item in items if isinstance(item, dict)]
    return keys if len(set(keys)) == len(keys) else None


# --- compared


def compare(old: Template, new: Template) -> tuple[Change, ...]:
    """The fields that differ, sorted by path; what looks like a credential shows as `(not shown)`."""
    if old.shape == new.shape:
        before, after = dict(old.by_path), dict(new.by_path)
        moved = [path for path in before.keys() | after.keys() if before.get(path) != after.get(path)]
        return tuple(Change(path, before.get(path), after.get(path)) for path in sorted(moved))
    sides: _Sides = ({}, {})
    for images, leaves in zip((old.by_path, new.by_path), sides, strict=True):
        leaves.update((path, (path, "image", image)) for path, image in images)
    _below_the_top((_values(old.shape), _values(new.shape)), sides)
    changes = []
    for path in sides[0].keys() | sides[1].keys():
        one, two = sides[0].get(path), sides[1].get(path)
        if one is None or two is None or one[2] != two[2]:
            changes.append(Change(path, _shown(one), _shown(two)))
    told = [change for change in changes if not change.path.endswith(_ORDER)]
    return tuple(sorted(told or changes, key=lambda change: change.path))


def _below_the_top(values: tuple[Json, Json], sides: _Sides) -> None:
    old, new = values
    for part in ("annotations", "labels"):
        one, two = old["metadata"].get(part, {}), new["metadata"].get(part, {})
        for name in one.keys() | two.keys():
            _differing(
                (one.get(name, _ABSENT), two.get(name, _ABSENT)), f"metadata.{part}[{name}]", (name, name), sides
            )
    _differing((old["spec"], new["spec"]), "", ("", ""), sides)


def _differing(values: tuple[object, object], path: str, names: tuple[str, str], into: _Sides) -> None:
    """The leaves of both sides below whatever is not equal."""
    old, new = values
    if old is not _ABSENT and new is not _ABSENT and old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict) and old and new:
        for key in old.keys() | new.keys():
            pair = old.get(key, _ABSENT), new.get(key, _ABSENT)
            _differing(pair, _below(path, key), (_said(old, key, names[0]), _said(new, key, names[1])), into)
        return
    if isinstance(old, list) and isinstance(new, list) and old and new:
        one, two = _keyed(old, names[0]), _keyed(new, names[1])
        if one is not None and two is not None:
            _differing_items((dict(zip(one, old, strict=True)), dict(zip(two, new, strict=True))), path, names, into)
            return
    for value, name, leaves in zip(values, names, into, strict=True):
        if value is not _ABSENT:
            leaves.update((leaf[0], leaf) for leaf in _walk(value, path, name))


def _differing_items(
    items: tuple[dict[str, object], dict[str, object]], path: str, names: tuple[str, str], into: _Sides
) -> None:
    for key in items[0].keys() | items[1].keys():
        pair = items[0].get(key, _ABSENT), items[1].get(key, _ABSENT)
        _differing(pair, f"{path}[{key}]", names, into)
    for side, leaves in zip(items, into, strict=True):
        if len(side) > 1:
            leaves[f"{path}{_ORDER}"] = f"{path}{_ORDER}", "", ",".join(side)


def _shown(leaf: _Leaf | None) -> str | None:
    if leaf is None:
        return None
    _, name, text = leaf
    return credential.SHOWN if text and name != "image" and credential.suspected(name, text) else text


@lru_cache(maxsize=_NAMES)
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


@lru_cache(maxsize=_NAMES)
def ancestry(path: str) -> frozenset[str]:
    """A path and all above it: who owns one of them owns it."""
    return frozenset([path, *(path[:end] for end, letter in enumerate(path) if letter in ".[")])
