"""A pod template as it is kept for comparing: one form for equal templates, small in memory, its images apart.

Of the templates of a fleet most differ in nothing but images. What is left of a template without them is its `Shape`:
it is shared, compressed, and only taken apart where two shapes differ (`difference`).

Paths name list items by their merge key, as managedFields do: `containers[agent].image`,
`containers[agent].env[MODE].value`, `metadata.annotations[kubectl.kubernetes.io/restartedAt]`. Fields of the pod's spec
stand without a prefix.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import msgspec
from msgspec import Struct

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
_IMAGE = re.compile(r"(?:containers|initContainers)\[([^\[\]]*)\]\.image")
_IN_CONTAINER = re.compile(r"(?:containers|initContainers)\[([^\[\]]*)\]\.(.+)")
_ENV = re.compile(r"env\[([^\[\]]*)\](?:\.value)?")
_BRACKETED = re.compile(r"\[([^\[\]]*)\][^\[\]]*$")
# What differs from one revision to the next, as it stands in the bytes of the API's JSON.
_HOLES = re.compile(rb'"(image|pod-template-hash)"\s*:\s*"([^"\\]*)"')
_ANY = msgspec.json.Decoder()
_ENCODER = msgspec.json.Encoder(order="sorted")
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


class Change(Struct, frozen=True, order=True):
    """One field before and after, as it may be shown; None means not set."""

    path: str
    old: str | None
    new: str | None

    @property
    def container(self) -> str:
        """Name of the container whose image it is, empty for any other field."""
        return container(self.path)


@lru_cache(maxsize=_NAMES)
def container(path: str) -> str:
    """Name of the container whose image a path is, empty for any other field."""
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
            keys = keyed(items, part)
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


def keyed(items: list[Any], name: str) -> list[str] | None:
    """The merge keys of a list's items, None where it has none or they are not unique."""
    parts = _KEYS.get(name)
    if parts is None:
        return None
    try:
        keys = [str(item[parts[0]]) for item in items]
    except (KeyError, TypeError):
        # An item lacks its key, or is no object.
        return None
    if len(parts) > 1:
        keys = ["/".join(str(item[part]) for part in parts if part in item) for item in items]
    return keys if len(set(keys)) == len(keys) else None


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
