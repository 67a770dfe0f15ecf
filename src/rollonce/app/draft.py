"""A first fleet file: from the live cluster or from manifests, and never over one that is there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from rollonce.app import fleet as fleets
from rollonce.app import sources
from rollonce.app.ports import Ports
from rollonce.errors import MalformedManifest, NothingMatched, RollonceError, UnreadableAnswer, UnreadableFleetFile
from rollonce.fleetfile import drafting
from rollonce.fleetfile.drafting import Draft, Place
from rollonce.manifests.manifest import Manifest
from rollonce.model import decode
from rollonce.model.kind import Kind
from rollonce.model.reference import Selection
from rollonce.model.workload import Workload
from rollonce.plan import managed

ACT = "write a first fleet file"


def from_cluster(ports: Ports, selection: Selection, place: Place) -> Draft:
    """The draft for what a selection takes. Raises errors of the cluster, and NothingMatched."""
    try:
        fleet = fleets.read(ports, selection)
        fleets.check_matched(fleet, selection, act=ACT)
    except RollonceError as error:
        raise error.doing(ACT) from error.__cause__
    return _draft(fleet.workloads, place)


def from_manifests(names: Iterable[str], place: Place, *, stdin: BinaryIO | None) -> Draft:
    """The draft for the workloads among manifests, each a file, a folder, or `-` for `stdin`.

    Raises errors of the manifests, and NothingMatched where no workload is among them.
    """
    kinds = {(f"{k.resource.group}/{k.resource.version}", k.title): k for k in Kind}
    found = [
        _workload(kinds[manifest.api_version, manifest.kind], manifest)
        for manifest in sources.load(names, stdin=stdin)
        if (manifest.api_version, manifest.kind) in kinds
    ]
    if not found:
        raise NothingMatched("no workload is among the manifests", act=ACT, hint="name other files or folders")
    return _draft(found, place)


def _workload(kind: Kind, manifest: Manifest) -> Workload:
    try:
        return decode.workload(kind, manifest.body)
    except UnreadableAnswer as error:
        raise MalformedManifest(f"{manifest.place}: {error.__cause__}", act=ACT, hint="repair the manifest") from None


def _draft(found: Iterable[Workload], place: Place) -> Draft:
    workloads = tuple(found)
    theirs = {w.key: reason for w in workloads if (reason := managed.manager(w))}
    ours = [w for w in workloads if w.key not in theirs]
    if not ours:
        raise NothingMatched(
            f"{len(theirs)} workloads are there, and others manage all of them",
            act=ACT,
            hint=f"for example {next(iter(theirs.values()))}",
        )
    namespaces = tuple(sorted({w.key.namespace for w in ours} - {""}))
    return drafting.draft(ours, theirs, replace(place, namespaces=namespaces or place.namespaces))


def check_free(path: str) -> None:
    """Raises UnreadableFleetFile where something is there already."""
    if Path(path).exists():
        raise _taken(path)


def write(path: str, draft: Draft) -> None:
    """Writes a new file. Raises UnreadableFleetFile, also where one has come meanwhile."""
    try:
        with Path(path).open("x", encoding="utf-8") as stream:
            stream.write(draft.text)
    except FileExistsError:
        raise _taken(path) from None
    except OSError as error:
        raise UnreadableFleetFile(f"{path} cannot be written: {error.strerror}", act=ACT) from None


def _taken(path: str) -> UnreadableFleetFile:
    return UnreadableFleetFile(
        f"{path} is there already, and is not overwritten",
        act=ACT,
        hint="name another file with --fleet, or print the draft with --fleet -",
    )
