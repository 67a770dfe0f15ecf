"""Where manifests come from: files, folders and standard input, as `kubectl -f` takes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from rollonce.errors import UnreadableManifest
from rollonce.manifests import reading
from rollonce.manifests.manifest import Manifest
from rollonce.process import kustomize

SUFFIXES = (".json", ".yaml", ".yml")
STDIN = "-"
_CHUNK = 1 << 20


def load(names: Iterable[str], *, stdin: BinaryIO | None = None, deep: bool = False) -> list[Manifest]:
    """All manifests, in the order of `names`; those of a folder in the order of its file names.

    What lies in folders of a folder counts where the search is to be `deep`.
    `-` is `stdin`. Raises UnreadableManifest and MalformedManifest.
    """
    found: list[Manifest] = []
    for name in names:
        before = len(found)
        if name == STDIN:
            if stdin is None:
                raise UnreadableManifest("there is no standard input to read", act="read manifests")
            found += reading.read(_chunks(stdin, "standard input"), "standard input")
        else:
            for path in _files(Path(name), deep=deep):
                found += _file(path)
        if len(found) == before:
            raise UnreadableManifest(
                f"{name} has no manifest",
                act="read manifests",
                hint=f"name a file, or a folder with files that end in {', '.join(SUFFIXES)}",
            )
    return found


def built(folder: str) -> list[Manifest]:
    """The manifests that kustomize builds of a folder. Raises UnreadableManifest and MalformedManifest."""
    found = list(reading.read((kustomize.build(folder),), folder))
    if not found:
        raise UnreadableManifest(f"{folder} has no manifest", act="read manifests", hint="add resources to it")
    return found


def _files(path: Path, *, deep: bool) -> list[Path]:
    try:
        if not path.is_dir():
            return [path]
        children = path.rglob("*") if deep else path.iterdir()
        return sorted(child for child in children if child.suffix in SUFFIXES and child.is_file())
    except OSError as error:
        raise _unreadable(str(path), error) from None


def _file(path: Path) -> Iterator[Manifest]:
    try:
        with path.open("rb") as stream:
            yield from reading.read(_chunks(stream, str(path)), str(path))
    except OSError as error:
        raise _unreadable(str(path), error) from None


def _chunks(stream: BinaryIO, name: str) -> Iterator[bytes]:
    try:
        while chunk := stream.read(_CHUNK):
            yield chunk
    except OSError as error:
        raise _unreadable(name, error) from None


def _unreadable(name: str, error: OSError) -> UnreadableManifest:
    return UnreadableManifest(f"{name} cannot be read: {error.strerror}", act="read manifests")
