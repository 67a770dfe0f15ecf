"""One manifest after the other: tried by the API server, decided upon, and sent as one server-side apply."""

from __future__ import annotations

import contextlib
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from rollonce.app.ports import Ports
from rollonce.cluster.retries import NOT_OF_THE_KIND
from rollonce.errors import ApiRefusal, NamespaceAbsent, RefusedManifest, RollonceError
from rollonce.manifests.placed import Placed
from rollonce.model import credential, decode
from rollonce.model.thing import ObjectKey
from rollonce.model.workload import Workload, WorkloadKey
from rollonce.plan import applying, conflicts, folding, ownership
from rollonce.plan.applying import Trial
from rollonce.plan.conflicts import Foreign
from rollonce.plan.folding import Folded, Terms
from rollonce.plan.objects import ObjectApply, ObjectOperation
from rollonce.plan.operation import Apply, Create, Operation, Refuse, RefuseReason, Skip

NOT_FOUND = 404
CONFLICT = 409
_ITS_FAULT = frozenset({400, 413, 415, 422})
_MOST_READS = 5
_decode = msgspec.json.Decoder().decode


class FieldsOfOthers(Exception):
    """What a manifest would change belongs to others."""

    def __init__(self, fields: tuple[Foreign, ...]) -> None:
        super().__init__(fields)
        self.fields = fields


@dataclass(frozen=True, slots=True)
class Tried:
    """A manifest as it was tried on what lives."""

    folded: Folded = field(repr=False)
    trial: Trial
    workload: Workload | None = None


@dataclass(frozen=True, slots=True)
class Applier:
    """Applies the manifests of one run.

    `fresh` has the namespaces that it makes: nothing can be tried there before, as nothing of a kind that it defines.
    """

    ports: Ports
    things: Mapping[ObjectKey, Placed]
    terms: Terms
    fresh: frozenset[str] = frozenset()
    _last: dict[ObjectKey, tuple[Any, Tried]] = field(default_factory=dict, repr=False)

    def thing(self, key: WorkloadKey | ObjectKey) -> Placed:
        """The manifest of an object."""
        if isinstance(key, WorkloadKey):
            key = ObjectKey(key.namespace, key.kind.title, key.name, key.kind.resource.group)
        return self.things[key]

    def live(self, thing: Placed) -> Any:
        """The object as it is, decoded; None where it is not there."""
        try:
            return _decode(self.ports.client.get(thing.resource, thing.namespace, thing.key.name))
        except ApiRefusal as refusal:
            if refusal.status != NOT_FOUND:
                raise
            return None

    def tried(self, thing: Placed, live: Any) -> Tried:
        """What the server makes of it; where somebody wrote meanwhile, it is read again.

        Raises FieldsOfOthers, RefusedManifest, NamespaceAbsent, and errors of access.
        """
        for attempt in range(_MOST_READS):
            workload = decode.workload(thing.kind, msgspec.json.encode(live)) if thing.kind and live else None
            essence = None if live is None else folding.essence(live)
            known, last = self._last.get(thing.key, (None, None))
            if last is not None and known is not None and known == essence:
                # Only its status has moved, as it does all the time while it rolls: the trial still holds.
                return replace(last, folded=replace(last.folded, live=live), workload=workload)
            folded = folding.fold(thing, live, self.terms)
            try:
                tried = Tried(folded, self._trial(folded), workload)
            except ApiRefusal as refusal:
                if refusal.status == CONFLICT and not refusal.owned and attempt < _MOST_READS - 1:
                    live = self.live(thing)
                    continue
                raise self._told(refusal, folded) from refusal
            self._last[thing.key] = (essence, tried)
            return tried
        raise AssertionError("the last attempt returns or raises")

    def _trial(self, folded: Folded) -> Trial:
        thing, client = folded.thing, self.ports.client
        if folded.live is None and (thing.new or thing.key.namespace in self.fresh):
            return Trial(None)
        place = (thing.resource, thing.namespace, thing.key.name)
        body = folded.body(rolls=True)
        force = False
        try:
            answer = _decode(client.apply(*place, body, dry_run=True))
        except ApiRefusal as refusal:
            if not refusal.owned:
                raise
            others = conflicts.foreign(refusal.owned, folded, self.terms.taken)
            if others:
                raise FieldsOfOthers(others) from None
            # Of this very version of the object no other field can be meant.
            force = True
            answer = _decode(client.apply(*place, body, force=True, dry_run=True))
        after = ownership.after_migration(answer, folded.live) if folded.live is not None else None
        if after is not None:
            answer = _decode(client.patch(*place, after, dry_run=True))
        return Trial(answer, force)

    def _told(self, refusal: ApiRefusal, folded: Folded) -> RollonceError:
        thing = folded.thing
        words = credential.without(refusal.fact, frozenset(self.secrets(thing)))
        if refusal.status == NOT_FOUND and folded.live is None and thing.key.namespace:
            return NamespaceAbsent(
                f"{thing.manifest.place}: {words}",
                hint="fix -n or the manifest, or put the Namespace among the manifests",
            )
        if refusal.status in _ITS_FAULT or NOT_OF_THE_KIND in refusal.fact:
            return RefusedManifest(
                f"{thing.manifest.place}: the server does not take {thing.key}: {words}",
                hint="nothing was sent; repair the manifest",
            )
        return refusal

    def secrets(self, thing: Placed) -> Iterator[str]:
        """Values that must not be repeated: what looks like a credential, and all that a Secret holds."""
        yield from self.terms.wish.desired.secrets
        whole = thing.manifest.kind == "Secret"
        body = _decode(thing.manifest.body)
        left: list[Any] = [body.get("data"), body.get("stringData")] if whole else [body]
        while left:
            match left.pop():
                case str() as text if text and whole:
                    yield from (text, b64encode(text.encode()).decode(), *_decoded(text))
                case str() as text if credential.by_form(text):
                    yield text
                case dict() as inner:
                    left += inner.values()
                    name, value = str(inner.get("name", "")), inner.get("value")
                    if isinstance(value, str | int | float) and credential.looks_like_one(name, str(value)):
                        yield str(value)
                case list() as inner:
                    left += inner

    # --- deciding

    def of_workload(self, tried: Tried) -> Operation:
        """The operation for a workload."""
        return applying.of_workload(tried.folded, tried.workload, tried.trial, self.terms.wish)

    def of_object(self, tried: Tried) -> ObjectOperation:
        """The operation for any other object."""
        return applying.of_object(tried.folded, tried.trial)

    # --- sending

    def send(self, write: Apply | Create) -> tuple[bytes, Apply | Create]:
        """Sends it; the object after it, and what was really sent: after a migration it is decided upon anew.

        Raises errors of access; status 409 wherever it has to be read again.
        """
        thing = self.thing(write.key)
        place = (thing.resource, thing.namespace, thing.key.name)
        if isinstance(write, Apply) and write.takes is not None:
            raw = self.ports.client.patch(*place, write.takes)
            again = self._anew(thing, _decode(raw))
            match again:
                case Skip(workload=Workload() as live):
                    return raw, replace(write, in_template=False, expected=live.template.raw)
                case Apply(takes=None):
                    write = again
                case _:
                    raise _moved("what it comes to has changed with its ownership")
        force = isinstance(write, Apply) and write.force
        return self.ports.client.apply(*place, write.body, force=force), write

    def _anew(self, thing: Placed, live: Any) -> Operation:
        """The decision on what is there now. Raises ApiRefusal of status 409 where fields are those of others."""
        try:
            return self.of_workload(self.tried(thing, live))
        except FieldsOfOthers as others:
            raise _moved(_words(others)) from None

    def read(self, key: WorkloadKey) -> tuple[Workload, Operation] | None:
        """What is there now and what would be sent; None where nothing is there. Raises errors of access."""
        thing = self.thing(key)
        live = self.live(thing)
        if live is None or thing.kind is None:
            return None
        try:
            tried = self.tried(thing, live)
        except FieldsOfOthers as others:
            found = decode.workload(thing.kind, msgspec.json.encode(live))
            return found, _refused(key, found, others)
        if tried.workload is None:
            return None
        return tried.workload, self.of_workload(tried)

    def send_object(self, write: ObjectApply) -> None:
        """As `send`, for any other object."""
        thing = self.thing(write.key)
        place = (thing.resource, thing.namespace, thing.key.name)
        if write.takes is not None:
            raw = self.ports.client.patch(*place, write.takes)
            try:
                again = self.of_object(self.tried(thing, _decode(raw)))
            except FieldsOfOthers as others:
                raise _moved(_words(others)) from None
            if not isinstance(again, ObjectApply):
                return
            if again.takes is not None:
                raise _moved("somebody applied it meanwhile")
            write = again
        self.ports.client.apply(*place, write.body, force=write.force)


def _decoded(text: str) -> Iterator[str]:
    with contextlib.suppress(ValueError):  # of which a UnicodeDecodeError is one
        yield b64decode(text, validate=True).decode()


def _moved(words: str) -> ApiRefusal:
    return ApiRefusal(words, status=CONFLICT, reason="Conflict")


def _words(others: FieldsOfOthers) -> str:
    return "; ".join(f"{one.field} belongs to {one.manager} now" for one in others.fields)


def _refused(key: WorkloadKey, live: Workload, others: FieldsOfOthers) -> Refuse:
    return Refuse(key, live, RefuseReason.OWNED, _words(others), (), "run it again to see what changed")
