"""Reading the live state: once, with as few requests as there can be."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import TypeVar

from rollonce.app.ports import Ports
from rollonce.errors import ApiRefusal, Forbidden, MalformedSelector, NamespaceAbsent, NothingMatched
from rollonce.model import decode
from rollonce.model.kind import CLAIMS, NAMESPACES, Kind
from rollonce.model.nearest import nearest
from rollonce.model.reference import Every, Named, Selection
from rollonce.model.workload import Claim, Workload, WorkloadKey

_A = TypeVar("_A")
_B = TypeVar("_B")

# Up to so many names of one kind are read one by one; above that, one LIST is less work for everybody.
FEW = 5
NOT_FOUND = 404
BAD_REQUEST = 400


@dataclass(frozen=True, slots=True)
class Scope:
    """One collection or object that was read, and from where a watch of it goes on.

    The version is empty where one object was read, and a watch begins with what is there: the
    object's own version may be older than what a server remembers.
    """

    kind: Kind
    namespace: str | None
    name: str
    resource_version: str


@dataclass(frozen=True, slots=True)
class Fleet:
    """What one read showed: workloads, named ones that are absent (with a detail), and the scopes read.

    `doubt` says what could not be found out where nothing is there.
    """

    workloads: tuple[Workload, ...] = ()
    absent: Mapping[WorkloadKey, str] = field(default_factory=dict)
    scopes: tuple[Scope, ...] = ()
    doubt: str = ""


def read(ports: Ports, selection: Selection) -> Fleet:
    """The fleet that a selection takes.

    Raises errors of the cluster; NamespaceAbsent where nothing is there because the namespace is not.
    """
    parts = ports.fanout.gather([call for one in selection.parts for call in _reads(ports, one)])
    workloads = {w.key: w for part in parts for w in part.workloads}
    absent = {key: detail for part in parts for key, detail in part.absent.items()}
    if selection.also:
        # A name is given once for several namespaces: it lacks nothing where one of them has it.
        there = {(key.kind_name, key.name) for key in workloads}
        absent = {key: detail for key, detail in absent.items() if (key.kind_name, key.name) not in there}
    inhabited = {key.namespace for key in workloads}
    empty = [one.namespace for one in selection.parts if one.namespace is not None and one.namespace not in inhabited]
    # With -A a selection has no namespace that could lack.
    doubt = "\n".join(filter(None, (_check_namespace(ports, namespace) for namespace in empty)))
    scopes = tuple(scope for part in parts for scope in part.scopes)
    # What a LIST lacked was guessed from that list; a GET shows no other names.
    unguessed = [key for part in parts if not part.scopes for key in part.absent if key in absent]
    absent |= _with_guesses(ports, unguessed)
    return Fleet(tuple(workloads.values()), absent, scopes, doubt)


def read_keys(ports: Ports, keys: Iterable[WorkloadKey]) -> Fleet:
    """These workloads, of whatever namespaces; as `read`."""

    def namespace(key: WorkloadKey) -> str:
        return key.namespace

    whole = Fleet()
    for space, group in groupby(sorted(keys, key=namespace), key=namespace):
        part = read(ports, Selection(tuple(Named(key.kind_name, key.name) for key in group), space))
        absent = {**whole.absent, **part.absent}
        whole = Fleet(whole.workloads + part.workloads, absent, whole.scopes + part.scopes, whole.doubt or part.doubt)
    return whole


def check_matched(fleet: Fleet, selection: Selection, *, act: str) -> None:
    """Raises NothingMatched where no reference of the run matches anything."""
    if fleet.workloads:
        return
    fact = "; ".join(fleet.absent.values()) or f"there are none: {selection}"
    if fleet.doubt:
        fact += f"\n{fleet.doubt}"
    raise NothingMatched(fact, act=act, hint="fix the references, or pass --allow-unmatched")


def with_claims(ports: Ports, fleet: Fleet, namespaces: frozenset[str]) -> tuple[Fleet, tuple[str, ...]]:
    """The fleet with the access modes of the claims that its workloads in these namespaces mount.

    The second value says what could not be read, for claims only serve to name a risk.
    """

    def modes(namespace: str) -> tuple[dict[tuple[str, str], Claim], str]:
        try:
            found = (decode.claim(raw) for raw in ports.client.list(CLAIMS, namespace).items)
            return {(ns, claim.name): claim for ns, claim in found}, ""
        except Forbidden as refusal:
            return {}, f"access modes of volumes are not known in namespace {namespace}: {refusal.fact}"

    parts = ports.fanout.gather([_bind(modes, ns) for ns in sorted(namespaces)])
    known = {key: claim for claims, _ in parts for key, claim in claims.items()}

    def resolved(workload: Workload) -> Workload:
        ns = workload.key.namespace
        return replace(workload, claims=tuple(known.get((ns, c.name), c) for c in workload.claims))

    workloads = tuple(resolved(w) if w.claims and w.key.namespace in namespaces else w for w in fleet.workloads)
    return replace(fleet, workloads=workloads), tuple(warning for _, warning in parts if warning)


def _bind(call: Callable[[_A], _B], argument: _A) -> Callable[[], _B]:
    return lambda: call(argument)


def _reads(ports: Ports, selection: Selection) -> Iterator[Callable[[], Fleet]]:
    def kind_of(target: Named | Every) -> str:
        return target.kind_name

    for kind_name, group in groupby(sorted(selection.targets, key=kind_of), key=kind_of):
        targets = tuple(group)
        kind = Kind.named(kind_name)
        names = frozenset(t.name for t in targets if isinstance(t, Named))
        if names and len(names) <= FEW and selection.namespace is not None:
            for name in sorted(names):
                yield _bind(_one, (ports, WorkloadKey.of(kind, selection.namespace, name)))
        else:
            yield _bind(_many, (ports, kind, selection, names))


def _one(asked: tuple[Ports, WorkloadKey]) -> Fleet:
    ports, key = asked
    try:
        raw = ports.client.get(key.kind.resource, key.namespace, key.name)
    except ApiRefusal as refusal:
        if refusal.status != NOT_FOUND:
            raise
        return Fleet(absent={key: _not_there(key)})
    found = decode.workload(key.kind, raw)
    return Fleet((found,), {}, (Scope(key.kind, key.namespace, key.name, ""),))


def _many(asked: tuple[Ports, Kind, Selection, frozenset[str]]) -> Fleet:
    ports, kind, selection, names = asked
    try:
        listing = ports.client.list(kind.resource, selection.namespace, selector=selection.selector)
    except ApiRefusal as refusal:
        if refusal.status != BAD_REQUEST or not selection.selector:
            raise
        raise MalformedSelector(
            f"the server does not understand -l {selection.selector!r}: {refusal.fact}",
            hint="a selector is such as app=agent,tier!=test or 'app in (a,b)'",
        ) from refusal
    found = [decode.workload(kind, raw) for raw in listing.items]
    scope = Scope(kind, selection.namespace, "", listing.resource_version)
    if not names:
        return Fleet(tuple(found), {}, (scope,))
    there = {w.key.name for w in found}
    lost = (WorkloadKey.of(kind, selection.namespace or "", name) for name in names - there)
    absent = {key: _not_there(key) + _guess(key.name, there) for key in lost}
    return Fleet(tuple(w for w in found if w.key.name in names), absent, (scope,))


def _not_there(key: WorkloadKey) -> str:
    return f"there is no {key} in namespace {key.namespace}"


def _guess(name: str, names: set[str]) -> str:
    close = nearest(name, names)
    return f'; the nearest name is "{close}"' if close else ""


def _with_guesses(ports: Ports, absent: list[WorkloadKey]) -> dict[WorkloadKey, str]:
    """The details of absent workloads with the nearest name, from one list of names per kind and namespace."""
    places = sorted({(key.kind_name, key.namespace) for key in absent})

    def names(place: tuple[str, str]) -> set[str]:
        kind = Kind.named(place[0])
        try:
            listing = ports.client.list(kind.resource, place[1], names_only=True)
        except ApiRefusal:
            return set()  # without the right to list there is no guess
        return {decode.name(raw) for raw in listing.items}

    known = dict(zip(places, ports.fanout.gather([_bind(names, place) for place in places]), strict=True))
    return {key: _not_there(key) + _guess(key.name, known[key.kind_name, key.namespace]) for key in absent}


def _check_namespace(ports: Ports, namespace: str) -> str:
    """Raises NamespaceAbsent, or says that it is not known whether the namespace exists."""
    try:
        ports.client.get(NAMESPACES, None, namespace)
    except Forbidden:
        return f"whether namespace {namespace} exists is not known: the right to get it is missing"
    except ApiRefusal as refusal:
        if refusal.status != NOT_FOUND:
            raise
        raise NamespaceAbsent(
            f"there is no namespace {namespace}", hint="fix -n, or the namespace of the context"
        ) from refusal
    return ""
