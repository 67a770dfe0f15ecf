"""A first fleet file from workloads that are there: what can be seen of them, and what has to be guessed.

Which part of the tags is the build is a guess: the tag that most repositories share. Read with that build, the draft
wants exactly the images that were seen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from rollonce.fleetfile.form import BUILD, VERSION
from rollonce.model import image
from rollonce.model.workload import Container, Workload, WorkloadKey
from rollonce.text import scalars

# Tags that say which way an image goes, and not which build it is.
_STANDING = frozenset({"", "latest", "stable", "main", "master", "dev", "edge", "nightly"})
# A shorter one stands in other tags by chance.
_SHORTEST = 3


@dataclass(frozen=True, slots=True)
class Place:
    """Where the workloads were seen; empty parts are not known."""

    environment: str
    context: str = ""
    namespaces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """The text of the file, the build that the workloads have now (empty where none was found), and counts."""

    text: str
    build: str
    workloads: int
    left_out: int


@dataclass(frozen=True, slots=True)
class _Seen:
    """The images of a build: the one of most workloads for each container, and where others have another one."""

    common: Mapping[str, str]
    sidecars: frozenset[str]
    overrides: Mapping[str, Mapping[str, str]]
    pinned: Mapping[str, str]


def draft(workloads: Iterable[Workload], left_out: Mapping[WorkloadKey, str], place: Place) -> Draft:
    """The draft for workloads, of which there is one at least; `left_out` has others, each with the reason."""
    fleet = sorted(workloads, key=lambda workload: workload.key)
    build = _build(fleet)
    seen = _see(fleet, build)
    lines = [
        "# What a deploy wants of this fleet, the same in every environment.",
        f"# rollonce converge --env {place.environment}{' --build BUILD' if build else ''}",
        f"version: {VERSION}",
        "",
        *_environments(place),
        "",
        *_workloads(fleet, left_out),
        "",
        *_images(seen, build),
        "",
        *_policy(),
    ]
    return Draft("".join(f"{line}\n" for line in lines), build, len(fleet), len(left_out))


def _build(fleet: Sequence[Workload]) -> str:
    """The tag that most repositories share, among equals the one of more containers; empty where nothing tells."""
    repositories: dict[str, set[str]] = {}
    uses: Counter[str] = Counter()
    for container in _containers(fleet):
        parts = image.split(container.image)
        if parts is not None and not parts.digest and parts.tag not in _STANDING and len(parts.tag) >= _SHORTEST:
            repositories.setdefault(parts.tag, set()).add(parts.repository)
            uses[parts.tag] += 1
    return max(sorted(repositories), key=lambda tag: (len(repositories[tag]), uses[tag]), default="")


def _containers(fleet: Iterable[Workload]) -> Iterator[Container]:
    return (container for workload in fleet for container in workload.containers)


def _template(text: str, build: str) -> str:
    """The image with `{build}` in its tag; as it is where its tag does not have the build."""
    parts = image.split(text)
    if parts is None or not build or parts.digest or build not in parts.tag:
        return text
    return f"{parts.repository}:{parts.tag.replace(build, BUILD, 1)}"


def _see(fleet: Sequence[Workload], build: str) -> _Seen:
    images: dict[str, dict[WorkloadKey, str]] = {}
    for workload in fleet:
        for container in workload.containers:
            if image.split(container.image) is not None:
                images.setdefault(container.name, {})[workload.key] = _template(container.image, build)
    common = {name: Counter(of.values()).most_common(1)[0][0] for name, of in sorted(images.items())}
    # Where no build is seen, all of them are the user's to sort out.
    moving = {name for name, of in images.items() if not build or any(BUILD in text for text in of.values())}
    overrides: dict[str, dict[str, str]] = {}
    for name in sorted(moving):
        for key, text in images[name].items():
            if text != common[name]:
                # Of two that differ in their namespace only, an override holds for both: the first one's.
                overrides.setdefault(str(key), {}).setdefault(name, text)
    first = {workload.containers[0].name for workload in fleet if workload.containers}
    sidecars = {name for name in moving - first if len(images[name]) < len(fleet)}
    if sidecars == moving:
        sidecars = set()
    return _Seen(
        {name: text for name, text in common.items() if name in moving},
        frozenset(sidecars),
        dict(sorted(overrides.items())),
        {name: text for name, text in common.items() if name not in moving},
    )


def _environments(place: Place) -> Iterator[str]:
    yield "environments:"
    yield f"  {_quoted(place.environment)}:"
    yield f"    context: {_quoted(place.context)}" if place.context else "    # context: NAME # else the current one"
    if not place.namespaces:
        yield "    # namespace: NAME # else that of the context"
    elif len(place.namespaces) == 1:
        yield f"    namespace: {_quoted(place.namespaces[0])}"
    else:
        yield "    namespaces:"
        yield from (f"      - {_quoted(namespace)}" for namespace in place.namespaces)
    yield "  # Another environment differs in its place, and in nothing that is deployed:"
    yield "  # staging:"
    yield "  #   context: NAME"
    yield "  #   namespace: NAME"


def _workloads(fleet: Sequence[Workload], left_out: Mapping[WorkloadKey, str]) -> Iterator[str]:
    yield "# One that an environment lacks is skipped there."
    yield "workloads:"
    names = dict.fromkeys(str(workload.key) for workload in fleet)
    yield from (f"  - {name}" for name in names)
    yield from (f"  # - {key}: {reason}" for key, reason in sorted(left_out.items()))


def _images(seen: _Seen, build: str) -> Iterator[str]:
    if build:
        yield f"# {BUILD} is what --build gives. Here it stood for {build}."
    else:
        yield f"# No tag looks like that of a build: write {BUILD} where it belongs, and take out the rest."
    yield "images:"
    yield from (f"  {_quoted(n)}: {_quoted(text)}" for n, text in seen.common.items() if n not in seen.sidecars)
    if seen.pinned:
        yield "  # Not of the build, so nothing is wanted of them:"
        yield from (f"  # {name}: {text}" for name, text in seen.pinned.items())
    if seen.sidecars:
        yield ""
        yield "# Bundled with some workloads; that an environment has none of them is no typo."
        yield "sidecars:"
        yield from (f"  {_quoted(n)}: {_quoted(text)}" for n, text in seen.common.items() if n in seen.sidecars)
    if seen.overrides:
        yield ""
        yield "# Workloads with images of their own."
        yield "overrides:"
        for key, images in seen.overrides.items():
            yield f"  {key}:"
            yield from (f"    {_quoted(name)}: {_quoted(text)}" for name, text in images.items())


def _policy() -> Iterator[str]:
    yield "policy:"
    yield "  timeout: 10m"
    yield "  # Without this key the command line may force everything; an environment may have a policy of its own."
    yield "  # mayForce: []"


def _quoted(text: str) -> str:
    """The text as a YAML scalar that is read as this text."""
    plain = text[:1].isalnum() and not text.endswith(":") and ": " not in text and " #" not in text
    try:
        plain = plain and scalars.resolve(text) == text and scalars.key(text, plain=True) == text
    except ValueError:
        plain = False
    return text if plain else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
