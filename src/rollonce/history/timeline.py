"""Objects -> the timeline of each workload: revisions in their order, when each came, and the rolls between them.

Order is that of the revision numbers: the controllers give them, and clocks jump.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import pairwise

from msgspec.structs import replace

from rollonce.history import difference, identity, logged, moments, place, recovery, scalings, writers
from rollonce.history.difference import Difference
from rollonce.history.evidence import Evidence, Live, Pod, Rejected, Release, Snapshot, Subject, Write
from rollonce.history.nouns import Certainty, IdState, Revision, Roll, Timeline, When
from rollonce.history.place import Around, Place
from rollonce.model.workload import DaemonSet, Deployment, OnDelete, StatefulSet


def build(evidence: Evidence, now: datetime) -> tuple[tuple[Timeline, ...], tuple[Rejected, ...]]:
    """Every workload's timeline in the order of their keys, and the snapshots that fit nowhere."""
    lives = _newest(evidence.lives)
    groups, rejected = _grouped(_once(evidence.snapshots), lives)
    pods = _by_snapshot(evidence.pods)
    writes = _by_subject(evidence.writes)
    troubles = recovery.troubles(evidence.pods, evidence.occurrences)
    releases: dict[tuple[str, str, str], list[Release]] = {}
    for release in sorted(evidence.releases, key=lambda each: (each.name, each.number)):
        releases.setdefault((release.cluster, release.namespace, release.name), []).append(release)
    scaled = scalings.read(evidence.occurrences)
    timelines = []
    for subject in sorted(lives.keys() | groups.keys()):
        snapshots = groups.get(subject, [])
        named = [(subject.cluster, subject.key.namespace, snapshot.name) for snapshot in snapshots]
        around = Around(
            lives.get(subject),
            tuple(pod for name in named for pod in pods.get(name, ()) if _is_of(pod, subject)),
            tuple(writes.get(subject, ())),
            {name[2]: troubles[name] for name in named if name in troubles},
            scaled.get(subject, ()),
            _releases_of(lives.get(subject), releases),
            now,
        )
        timeline, lost = _timeline(subject, snapshots, around)
        timelines.append(timeline)
        rejected += lost
    return tuple(timelines), tuple(sorted(rejected))


def _releases_of(live: Live | None, releases: Mapping[tuple[str, str, str], list[Release]]) -> tuple[Release, ...]:
    """The revisions of the helm release that a workload says it belongs to."""
    if live is None:
        return ()
    name = live.workload.annotation("meta.helm.sh/release-name") or ""
    space = live.workload.annotation("meta.helm.sh/release-namespace") or live.subject.key.namespace
    return tuple(releases.get((live.subject.cluster, space, name), ()))


def _is_of(pod: Pod, subject: Subject) -> bool:
    """Whether a pod of a snapshot's name is the workload's: two DaemonSets may have revisions of one hash."""
    return pod.owner == (pod.snapshot if subject.key.kind_name == "deployment" else subject.key.name)


def _newest(lives: Iterable[Live]) -> dict[Subject, Live]:
    """One per workload: two dumps may hold it twice, also as two objects of one name."""

    def age(live: Live) -> tuple[bool, float, int, str, str]:
        made = live.created
        return made is not None, made.timestamp() if made else 0.0, live.workload.generation, *_identity(live)

    found: dict[Subject, Live] = {}
    for live in sorted(lives, key=age):
        found[live.subject] = live
    return found


def _identity(live: Live) -> tuple[str, str]:
    return live.workload.uid, live.workload.resource_version


def _once(snapshots: Iterable[Snapshot]) -> list[Snapshot]:
    """One per object: of several readings the one with the highest number."""
    found: dict[tuple[Subject, str, str], Snapshot] = {}
    for snapshot in snapshots:
        key = snapshot.subject, snapshot.owner_uid, snapshot.name
        other = found.setdefault(key, snapshot)
        if other is not snapshot and _reading(other) <= _reading(snapshot):
            found[key] = snapshot
    return list(found.values())


def _reading(snapshot: Snapshot) -> tuple[object, ...]:
    wrote, made = snapshot.controller_wrote, snapshot.created
    return (
        snapshot.numbers[-1],
        len(snapshot.numbers),
        wrote.timestamp() if wrote else 0.0,
        made.timestamp() if made else 0.0,
        snapshot.deploy_id,
        snapshot.template.digest,
        -1 if snapshot.replicas is None else snapshot.replicas,
    )


def _grouped(
    snapshots: Iterable[Snapshot], lives: Mapping[Subject, Live]
) -> tuple[dict[Subject, list[Snapshot]], list[Rejected]]:
    groups: dict[Subject, list[Snapshot]] = {}
    rejected = []
    for snapshot in snapshots:
        live = lives.get(snapshot.subject)
        if live is not None and live.workload.uid != snapshot.owner_uid:
            rejected.append(
                Rejected(place.name(snapshot), f"it belongs to an earlier {snapshot.subject.key} that is gone")
            )
        else:
            groups.setdefault(snapshot.subject, []).append(snapshot)
    for group in groups.values():
        group.sort(key=lambda each: (each.numbers, each.name, each.owner_uid))
    return groups, rejected


def _by_snapshot(pods: Iterable[Pod]) -> dict[tuple[str, str, str], list[Pod]]:
    found: dict[tuple[str, str, str], list[Pod]] = {}
    for pod in sorted(pods, key=lambda each: (each.namespace, each.name)):
        found.setdefault((pod.cluster, pod.namespace, pod.snapshot), []).append(pod)
    return found


def _by_subject(writes: Iterable[Write]) -> dict[Subject, list[Write]]:
    found: dict[Subject, list[Write]] = {}
    for write in sorted(writes, key=lambda each: (each.at, each.user, each.manager, each.verb)):
        found.setdefault(write.subject, []).append(write)
    return found


def _timeline(subject: Subject, snapshots: list[Snapshot], around: Around) -> tuple[Timeline, list[Rejected]]:
    places, rejected = place.read(snapshots)
    around = replace(around, written=logged.align(places, around))
    steps = [difference.between(one.snapshot.template, two.snapshot.template) for one, two in pairwise(places)]
    marks = difference.marks(steps)
    revisions: list[Revision] = []
    for index, each in enumerate(places):
        before = places[index - 1] if index else None
        after = places[index + 1] if index + 1 < len(places) else None
        floor = revisions[-1].when if revisions else None
        when = moments.when(each, (before, after), around, floor)
        carried = identity.of(each, places[:index], around)
        revisions.append(_revision(each, carried, when, around, marks[index]))
    made = tuple(revisions)
    rolls = tuple(_rolls(subject, made, steps, around))
    top = max((revision.number for revision in revisions), default=0)
    if around.live is not None:
        top = max(top, around.live.observed_revision)
    known = [at for revision in revisions if (at := revision.when.earliest or revision.when.latest)]
    horizon = min(known, default=None)
    notes = _notes(revisions, around)
    timeline = Timeline(subject, around.live, made, rolls, max(top - 1, 0), horizon, notes)
    return timeline, rejected


def _revision(
    at: Place, carried: tuple[str, IdState], when: When, around: Around, marks: Mapping[str, bytes]
) -> Revision:
    snapshot = at.snapshot
    born = moments.born(at, around)
    return Revision(
        number=at.number,
        snapshot=snapshot.name,
        template=snapshot.template,
        when=when,
        deploy_id=carried[0],
        id_state=carried[1],
        reused=not at.first,
        replicas=snapshot.replicas if at.last else None,
        failed=_failed(at, around) if at.last else "",
        born=born,
        retired=moments.retired(at, around),
        ready=moments.ready(at, born, around),
        marks=marks,
    )


def _failed(at: Place, around: Around) -> str:
    name = at.snapshot.name
    if name in around.troubles:
        return around.troubles[name]
    live = around.live
    if live is not None and live.overdue and live.observed_revision == at.number:
        return "its Deployment says that it exceeded its progress deadline"
    return ""


def _rolls(
    subject: Subject, revisions: tuple[Revision, ...], steps: Sequence[Difference], around: Around
) -> Iterator[Roll]:
    """All but the creation, and numbers that came without another template; `steps` lie between the revisions."""
    for index, after in enumerate(revisions):
        last = revisions[index - 1] if index else None
        before = last if last is not None and last.number == after.number - 1 else None
        if after.number == 1 or (before is not None and before.template.digest == after.template.digest):
            continue
        certainty = _replaced(after, around, newest=after.number == revisions[-1].number)
        if certainty is None:
            continue
        changes = difference.shown(steps[index - 1]) if before is not None else ()
        roll = Roll(subject, before, after, changes, certainty, ())
        roll = replace(roll, writers=writers.of(roll, revisions, around))
        yield replace(roll, recovery=recovery.of(roll, revisions, around.writes))


def _replaced(after: Revision, around: Around, *, newest: bool) -> Certainty | None:
    """How sure it is that pods were replaced; None where they were not.

    A ReplicaSet is made in order to replace pods. A ControllerRevision is made for every change of the template, also
    where a partition or OnDelete holds the pods back, or where they were changed in place.
    """
    live = around.live
    behaviour = live.workload.behaviour if live is not None else None
    if live is None or isinstance(behaviour, Deployment):
        return Certainty.SEEN if live is not None or after.born is not None else Certainty.INFERRED
    if isinstance(behaviour, StatefulSet | DaemonSet) and isinstance(behaviour.strategy, OnDelete):
        return None
    mine = [pod for pod in around.pods if pod.snapshot == after.snapshot]
    made = after.when.earliest
    if mine and not after.reused and made is not None and all(pod.created is not None for pod in mine):
        if any(pod.created is not None and pod.created + moments.TICK >= made for pod in mine):
            return Certainty.SEEN
        return None
    if newest and around.pods and not mine and live.workload.pods:
        return None
    return Certainty.INFERRED


def _notes(revisions: list[Revision], around: Around) -> tuple[str, ...]:
    notes = []
    if not revisions:
        notes.append("none of its revisions can be seen")
    elif revisions[0].number > 1:
        notes.append(f"revisions before {revisions[0].number} are gone")
    gaps = [
        str(one.number + 1) if one.number + 2 == two.number else f"{one.number + 1} to {two.number - 1}"
        for one, two in pairwise(revisions)
        if two.number > one.number + 1
    ]
    if gaps:
        notes.append(f"revisions {', '.join(gaps)} are gone as well")
    behaviour = around.live.workload.behaviour if around.live is not None else None
    if isinstance(behaviour, StatefulSet | DaemonSet) and isinstance(behaviour.strategy, OnDelete):
        notes.append("OnDelete: a change of its template replaces no pod by itself, so it counts as no roll")
    if around.live is None:
        notes.append("the workload itself could not be read: its strategy and writers are not known")
    return tuple(notes)
