"""A manifest with the edits of a deploy folded in: what is applied, as one object."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from rollonce.errors import MalformedManifest, UnreadableAnswer
from rollonce.manifests.placed import Placed
from rollonce.model import decode
from rollonce.model.deploy import COMMIT, DEPLOY_ID, OWN_ANNOTATIONS, RESTARTED_BY, ROLLS
from rollonce.model.edit import RESTARTED_AT, Place
from rollonce.model.kind import Kind
from rollonce.model.workload import Workload, WorkloadKey
from rollonce.plan import configs, fieldpath, ownership, patch
from rollonce.plan.configs import Config, Reference
from rollonce.plan.decide import Wish
from rollonce.plan.desired import wanted
from rollonce.plan.field import MetadataField, Wanted

# What the server gives an object; of a manifest that was read from a cluster it says nothing any more.
_GIVEN = ("managedFields", "resourceVersion", "uid", "creationTimestamp", "generation", "selfLink", "deletionTimestamp")
# What was once written into a template, by whomever, stays there: to drop it is a roll.
STICKY = (RESTARTED_AT,)
# A version that no object ever has: an apply makes what is not there without a look at it, and meets a conflict
# otherwise. Tried on the real API server (tests/sim/agreement/test_ownership.py).
_OF_NOTHING = "1"
_SCALED = (Kind.DEPLOYMENT, Kind.STATEFUL_SET)
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


@dataclass(frozen=True, slots=True)
class Folded:
    """An object as it is to be applied where its template changes, and as it is where it does not.

    `live` is what was read, decoded, None where nothing is there. `notes` say what was left out.
    """

    thing: Placed
    live: Any = field(repr=False)
    rolling: Any = field(repr=False)
    still: Any = field(repr=False)
    base: Workload | None
    wants: tuple[Wanted, ...] = ()
    notes: tuple[str, ...] = ()

    def body(self, *, rolls: bool) -> bytes:
        """What is sent: conditional on the very version that was read, or on nothing being there."""
        body = self.rolling if rolls else self.still
        seen = {"resourceVersion": _OF_NOTHING}
        if self.live is not None:
            seen = {name: self.live["metadata"][name] for name in ("uid", "resourceVersion")}
        return _encode({**body, "metadata": {**body["metadata"], **seen}})


@dataclass(frozen=True, slots=True)
class Terms:
    """What a fold rests on beside the manifest and what is there.

    `taken` has the patterns of fields that are to be taken over, `autoscaled` the workloads whose replicas an
    autoscaler sets. `configs` has the ConfigMaps and Secrets of the run, by namespace; None where a change of them is
    not to roll anything.
    """

    wish: Wish
    taken: tuple[str, ...] = ()
    autoscaled: frozenset[WorkloadKey] = frozenset()
    configs: Mapping[str, Mapping[Reference, Config]] | None = None


def fold(thing: Placed, live: Any, terms: Terms) -> Folded:
    """The object to apply. Raises MalformedManifest where it is no workload that we can read."""
    body = _bare(thing)
    if live is not None:
        _keep_own(body, live)
    if thing.kind is None:
        rolls = terms.configs is not None and thing.manifest.kind in configs.KINDS
        return Folded(thing, live, _with_annotations(body, {ROLLS: "true"}) if rolls else body, body, None)
    wish = terms.wish
    notes = _settle_replicas(thing, body, live, terms)
    _keep_in_template(thing, body, live, (terms.configs or {}).get(thing.key.namespace, {}))
    base = _workload(thing, body)
    wants = wanted(base, wish.desired, restarted_by="" if wish.policy.again else wish.deploy.id)
    template = _decode(patch.template_after(base, wants))
    still = _with_template(thing.kind, _with_own(body, wants), template)
    restarts = any(w.differs and w.field == MetadataField(Place.ANNOTATION, RESTARTED_AT) for w in wants)
    marks: dict[str, str | None] = {DEPLOY_ID: wish.deploy.id, COMMIT: wish.deploy.commit or None}
    if restarts:
        marks[RESTARTED_BY] = wish.deploy.id
    rolling = _with_annotations(still, marks)
    return Folded(thing, live, rolling, still, base, wants, notes)


def essence(live: Any) -> Any:
    """What a fold and its trial rest on: the object without its status, and without what any write moves."""
    metadata = live["metadata"]
    owners = [
        {name: value for name, value in entry.items() if name != "time"}
        for entry in metadata.get("managedFields") or ()
        if entry.get("subresource") != "status"
    ]
    kept = {name: value for name, value in metadata.items() if name != "resourceVersion"}
    rest = {name: value for name, value in live.items() if name != "status"}
    return {**rest, "metadata": {**kept, "managedFields": owners}}


def workload(thing: Placed) -> Workload:
    """The workload of a manifest as it stands there. Raises MalformedManifest."""
    return _workload(thing, _bare(thing))


def _bare(thing: Placed) -> Any:
    body = _decode(thing.manifest.body)
    metadata = {name: value for name, value in body["metadata"].items() if name not in _GIVEN}
    if thing.key.namespace:
        metadata["namespace"] = thing.key.namespace
    if metadata.get("annotations"):
        # A manifest that was read from a cluster may carry marks of an old deploy.
        mine = {*OWN_ANNOTATIONS, ownership.LAST_APPLIED}
        metadata["annotations"] = {n: v for n, v in metadata["annotations"].items() if n not in mine}
    whole = {name: value for name, value in body.items() if name != "status"} | {"metadata": metadata}
    return _in_data(whole) if thing.manifest.kind == "Secret" else whole


def _in_data(secret: Any) -> Any:
    """A Secret without its `stringData`: the server keeps `data` alone, and only what is there has an owner."""
    plain = secret.pop("stringData", None) or {}
    if not isinstance(plain, dict) or not all(isinstance(text, str) for text in plain.values()):
        return {**secret, "stringData": plain}  # for the server to refuse
    encoded = {name: b64encode(text.encode()).decode() for name, text in plain.items()}
    return {**secret, "data": {**(secret.get("data") or {}), **encoded}} if encoded else secret


def _workload(thing: Placed, body: Any) -> Workload:
    kind = thing.kind
    if kind is None:
        raise AssertionError(f"{thing.key} is no workload")
    try:
        return decode.workload(kind, _encode(body))
    except UnreadableAnswer as error:
        words = str(error.__cause__ or error)
        raise MalformedManifest(
            f"{thing.manifest.place}: it is no {kind.title}: {words}",
            hint="kubectl explain shows what belongs there; a number that is the value of an env has to be quoted",
        ) from None


def _settle_replicas(thing: Placed, body: Any, live: Any, terms: Terms) -> tuple[str, ...]:
    """Leaves `replicas` to who owns it. Owned by us alone, it is sent as it is: left out, it would fall to 1."""
    spec = body.get("spec")
    if thing.kind not in _SCALED or live is None or not isinstance(spec, dict) or "replicas" not in spec:
        return ()
    if any(fieldpath.matches(pattern, ".spec.replicas") for pattern in terms.taken):
        return ()
    owner = ownership.others_with(live, ownership.REPLICAS)
    asked, there = spec["replicas"], live["spec"].get("replicas")
    body["spec"] = spec = dict(spec)
    if owner:
        del spec["replicas"]
    elif thing.workload_key in terms.autoscaled:
        spec["replicas"] = there
    else:
        return ()
    who = owner or "an autoscaler"
    return (
        f"replicas left at {there}, which {who} owns" + (f" (its manifest says {asked})" if asked != there else ""),
    )


def _keep_own(body: Any, live: Any) -> None:
    """Puts into the body the marks of earlier runs, which a manifest does not know."""
    noted = live["metadata"].get("annotations") or {}
    kept = {name: noted[name] for name in OWN_ANNOTATIONS if name in noted}
    if kept:
        body["metadata"]["annotations"] = {**(body["metadata"].get("annotations") or {}), **kept}


def _keep_in_template(thing: Placed, body: Any, live: Any, known: Mapping[Reference, Config]) -> None:
    """The same for its template, and the digests of config that are due there."""
    there = {} if live is None else (_template(thing.kind, live).get("metadata") or {}).get("annotations") or {}
    template = _template(thing.kind, body)
    metadata = template.get("metadata") or {}
    said = metadata.get("annotations") or {}
    sticky = {name: there[name] for name in STICKY if name in there and name not in said}
    sticky |= configs.carried(template, there, known)
    if sticky:
        template["metadata"] = {**metadata, "annotations": {**said, **sticky}}


def _template(kind: Kind | None, body: Any) -> Any:
    spec = body.get("spec") or {}
    if kind is Kind.CRON_JOB:
        spec = (spec.get("jobTemplate") or {}).get("spec") or {}
    return spec.get("template") or {}


def _with_template(kind: Kind, body: Any, template: Any) -> Any:
    if kind is not Kind.CRON_JOB:
        return {**body, "spec": {**body["spec"], "template": template}}
    job = body["spec"]["jobTemplate"]
    job = {**job, "spec": {**job["spec"], "template": template}}
    return {**body, "spec": {**body["spec"], "jobTemplate": job}}


def _with_own(body: Any, wants: tuple[Wanted, ...]) -> Any:
    """With the labels and annotations that are wanted of the workload itself."""
    for name, place in (("labels", Place.WORKLOAD_LABEL), ("annotations", Place.WORKLOAD_ANNOTATION)):
        new = {w.field.name: w.new for w in wants if isinstance(w.field, MetadataField) and w.field.place is place}
        if new:
            body = {**body, "metadata": {**body["metadata"], name: _merged(body["metadata"].get(name), new)}}
    return body


def _with_annotations(body: Any, marks: Mapping[str, str | None]) -> Any:
    metadata = body["metadata"]
    return {**body, "metadata": {**metadata, "annotations": _merged(metadata.get("annotations"), marks)}}


def _merged(known: Mapping[str, str] | None, new: Mapping[str, str | None]) -> dict[str, str]:
    whole = {**(known or {}), **new}
    return {name: value for name, value in whole.items() if value is not None}
