"""Objects -> the timeline of each workload: revisions in their order, when each came, and the rolls between them.

Order is that of the revision numbers: the controllers give them, and clocks jump.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

from rollonce.history import recovery, scalings, template, writers
from rollonce.history.evidence import Evidence, Live, Pod, Rejected, Snapshot, SnapshotKind, Subject, Write
from rollonce.history.instants import believable
from rollonce.history.nouns import Certainty, IdState, Revision, Roll, Timeline, When
from rollonce.history.scalings import Scaling

# Timestamps of the API have whole seconds.
TICK = timedelta(seconds=1)
_OF_THE_ROLL = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Around:
    """What is known about one workload besides its snapshots; `writes` in the order of time."""

    live: Live | None
    pods: tuple[Pod, ...]
    writes: tuple[Write, ...]
    troubles: Mapping[str, str]
    scalings: tuple[Scaling, ...]
    now: datetime


@dataclass(frozen=True, slots=True)
class _Place:
    """A number and the snapshot that had it; `last` tells whether it is the snapshot's newest number."""

    number: int
    snapshot: Snapshot
    first: bool
    last: bool


def build(evidence: Evidence, now: datetime) -> tuple[tuple[Timeline, ...], tuple[Rejected, ...]]:
    """Every workload's timeline in the order of their keys, and the snapshots that fit nowhere."""
    lives = _newest(evidence.lives)
    groups, rejected = _grouped(_once(evidence.snapshots), lives)
    pods = _by_snapshot(evidence.pods)
    writes = _by_subject(evidence.writes)
    troubles = recovery.troubles(evidence.pods, evidence.occurrences)
    scaled = scalings.read(evidence.occurrences)
    timelines = []
    for subject in sorted(lives.keys() | groups.keys()):
        snapshots = groups.get(subject, [])
        named = [(subject.cluster, subject.key.namespace, snapshot.name) for snapshot in snapshots]
        around = Around(
            lives.get(subject),
            tuple(pod for name in named for pod in pods.get(name, ())),
            tuple(writes.get(subject, ())),
            {name[2]: troubles[name] for name in named if name in troubles},
            scaled.get(subject, ()),
            now,
        )
        timeline, lost = _timeline(subject, snapshots, around)
        timelines.append(timeline)
        rejected += lost
    return tuple(timelines), tuple(sorted(rejected))


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
    for snapshot in sorted(snapshots, key=_reading):
        found[snapshot.subject, snapshot.owner_uid, snapshot.name] = snapshot
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
    for snapshot in sorted(snapshots, key=lambda each: (each.subject, each.numbers, each.name)):
        live = lives.get(snapshot.subject)
        if live is not None and live.workload.uid != snapshot.owner_uid:
            rejected.append(Rejected(_name(snapshot), f"it belongs to an earlier {snapshot.subject.key} that is gone"))
        else:
            groups.setdefault(snapshot.subject, []).append(snapshot)
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


def _name(snapshot: Snapshot) -> str:
    return f"{snapshot.kind} {snapshot.subject.key.namespace}/{snapshot.name}"


def _timeline(subject: Subject, snapshots: list[Snapshot], around: Around) -> tuple[Timeline, list[Rejected]]:
    places, rejected = _places(snapshots)
    revisions: list[Revision] = []
    for index, place in enumerate(places):
        before = places[index - 1] if index else None
        after = places[index + 1] if index + 1 < len(places) else None
        when = _when(place, before, after, around, revisions[-1].when if revisions else None)
        revisions.append(_revision(place, before, when, around))
    rolls = [roll for roll in _rolls(subject, revisions, around) if roll is not None]
    top = max((revision.number for revision in revisions), default=0)
    if around.live is not None:
        top = max(top, around.live.observed_revision)
    known = [at for revision in revisions if (at := revision.when.earliest or revision.when.latest)]
    notes = _notes(revisions, around)
    return (
        Timeline(
            subject, around.live, tuple(revisions), tuple(rolls), max(top - 1, 0), min(known, default=None), notes
        ),
        rejected,
    )


def _places(snapshots: list[Snapshot]) -> tuple[list[_Place], list[Rejected]]:
    found: dict[int, _Place] = {}
    rejected = []
    for snapshot in snapshots:
        for number in snapshot.numbers:
            place = _Place(number, snapshot, number == snapshot.numbers[0], number == snapshot.numbers[-1])
            other = found.setdefault(number, place)
            if other is not place:
                # The number that an object has now counts for more than one that it had.
                kept, lost = (other, place) if other.last >= place.last else (place, other)
                found[number] = kept
                rejected.append(
                    Rejected(_name(lost.snapshot), f"revision {number} is that of {kept.snapshot.name} as well")
                )
    return [found[number] for number in sorted(found)], rejected


def _reused(place: _Place, before: _Place | None) -> bool:
    """Whether the object had an earlier number.

    A ReplicaSet remembers them. A ControllerRevision does not: one that is older than its predecessor was used again
    (kubernetes/kubernetes, pkg/controller/history/controller_history.go: UpdateControllerRevision).
    """
    if not place.first:
        return True
    if place.snapshot.kind is SnapshotKind.REPLICA_SET or before is None:
        return False
    mine, others = place.snapshot.created, before.snapshot.created
    return mine is not None and others is not None and mine < others


def _when(place: _Place, before: _Place | None, after: _Place | None, around: Around, floor: When | None) -> When:
    earliest = floor.latest if floor else None
    written = _write_of(place, around, floor)
    if written is not None:
        return When(written.at, written.at, Certainty.SEEN, "the API audit log has the write")
    created = believable(place.snapshot.created, around.now)
    if not _reused(place, before):
        if created is None:
            return When(earliest, None, Certainty.UNKNOWN, f"{place.snapshot.name} has no believable time")
        if earliest is not None and created + TICK < earliest:
            disagree = "the clocks disagree: it claims to be older than the one before"
            return When(created, created, Certainty.INFERRED, disagree)
        return When(created, created, Certainty.SEEN, f"{place.snapshot.name} was made then")
    begun = scalings.last_start(around.scalings, place.snapshot.name) if place.last else None
    if begun is not None and (earliest is None or begun + TICK >= earliest):
        return When(begun, begun, Certainty.SEEN, "an Event says that its ReplicaSet was scaled up from 0 then")
    scaled = believable(before.snapshot.controller_wrote, around.now) if before is not None and before.last else None
    if scaled is not None and (earliest is None or scaled >= earliest):
        return When(earliest, scaled, Certainty.INFERRED, "its predecessor was scaled down then")
    latest = believable(after.snapshot.created, around.now) if after is not None and after.first else None
    if after is None and place.last:
        began = [at for pod in around.pods if pod.snapshot == place.snapshot.name and (at := pod.created)]
        latest = min((at for at in began if earliest is None or at >= earliest), default=None)
    if latest is not None and earliest is not None and latest < earliest:
        latest = None
    again = f"{place.snapshot.name} was used again; when, only its neighbours tell"
    return When(earliest, latest, Certainty.INFERRED, again)


def _write_of(place: _Place, around: Around, floor: When | None) -> Write | None:
    """The audited write that brought the template: the first of a run of equal ones after the revision before."""
    start = floor.earliest if floor and floor.certainty is Certainty.SEEN else None
    limit = None if _is_again(place) else place.snapshot.created
    last = ""
    chosen = None
    for write in around.writes:
        if write.template is None:
            continue
        fits = write.template.digest == place.snapshot.template.digest
        if (
            fits
            and last != write.template.digest
            and (limit is None or write.at <= limit + TICK)
            and (start is None or write.at >= start)
        ):
            # Of several the last one before the ReplicaSet was made; after a reuse the first one after its predecessor.
            chosen = write if limit is not None or chosen is None else chosen
        last = write.template.digest
    return chosen


def _is_again(place: _Place) -> bool:
    return not place.first


def _revision(place: _Place, before: _Place | None, when: When, around: Around) -> Revision:
    snapshot = place.snapshot
    reused = _reused(place, before)
    born = _born(place, reused, around)
    return Revision(
        number=place.number,
        snapshot=snapshot.name,
        template=snapshot.template,
        when=when,
        deploy_id=snapshot.deploy_id if place.last else "",
        id_state=_id_state(place, before, reused),
        reused=reused,
        replicas=snapshot.replicas if place.last else None,
        failed=_failed(place, around) if place.last else "",
        born=born,
        retired=_retired(place, around),
        ready=_ready(place, born, around),
    )


def _born(place: _Place, reused: bool, around: Around) -> datetime | None:
    """When the ReplicaSet began to make pods; under Recreate the old ones are gone by then."""
    if place.snapshot.kind is SnapshotKind.CONTROLLER_REVISION:
        return None
    if not reused:
        return believable(place.snapshot.created, around.now)
    return scalings.last_start(around.scalings, place.snapshot.name) if place.last else None


def _retired(place: _Place, around: Around) -> datetime | None:
    if not place.last:
        return None
    told = scalings.last_end(around.scalings, place.snapshot.name)
    live = around.live
    if told is not None or live is None or place.number == live.observed_revision:
        return told
    return believable(place.snapshot.controller_wrote, around.now)


def _ready(place: _Place, born: datetime | None, around: Around) -> tuple[datetime, ...]:
    """Times at which pods of this very roll became ready: a pod that was made later replaced one of them."""
    if born is None or not place.last:
        return ()
    mine = [pod for pod in around.pods if pod.snapshot == place.snapshot.name and pod.ready_at is not None]
    return tuple(
        sorted(
            pod.ready_at
            for pod in mine
            if pod.ready_at is not None and pod.created is not None and pod.created - born <= _OF_THE_ROLL
        )
    )


def _id_state(place: _Place, before: _Place | None, reused: bool) -> IdState:
    mine = place.snapshot.deploy_id if place.last else ""
    if not mine:
        return IdState.NONE
    if before is None or before.number != place.number - 1:
        return IdState.FRESH if place.number == 1 else IdState.UNKNOWN
    if before.snapshot.deploy_id == mine and before.last:
        return IdState.INHERITED
    return IdState.TRAVELLED if reused else IdState.FRESH


def _failed(place: _Place, around: Around) -> str:
    name = place.snapshot.name
    if name in around.troubles:
        return around.troubles[name]
    live = around.live
    if live is not None and live.overdue and live.observed_revision == place.number:
        return "its Deployment says that it exceeded its progress deadline"
    return ""


def _rolls(subject: Subject, revisions: list[Revision], around: Around) -> list[Roll | None]:
    return [
        _roll(subject, revisions[index - 1] if index else None, revision, around, tuple(revisions))
        for index, revision in enumerate(revisions)
    ]


def _roll(
    subject: Subject, last: Revision | None, after: Revision, around: Around, revisions: tuple[Revision, ...]
) -> Roll | None:
    """None for the creation, and for a number that came without another template."""
    if after.number == 1:
        return None
    before = last if last is not None and last.number == after.number - 1 else None
    changes = template.compare(before.template, after.template) if before is not None else ()
    if before is not None and before.template.digest == after.template.digest:
        return None
    # A ReplicaSet is made in order to replace pods; a ControllerRevision also appears where nothing is replaced.
    certainty = Certainty.SEEN if subject.key.kind_name == "deployment" else Certainty.INFERRED
    roll = Roll(subject, before, after, changes, certainty, ())
    roll = replace(roll, writers=writers.of(roll, revisions, around.live, around.writes))
    return replace(roll, recovery=recovery.of(roll, revisions, around.writes))


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
    if around.live is None:
        notes.append("the workload itself could not be read: its strategy and writers are not known")
    return tuple(notes)
