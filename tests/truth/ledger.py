"""What is true of a played history, from its own record alone; written to a file before audit runs.

Kinds follow the definitions of docs/concepts.md, and nothing of the code that is to be judged.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

from tests.truth.plan import LONG, STANDING, Act, History, Step
from tests.truth.play import Done, NotPlayed, Record
from tests.truth.writes import MANAGERS

_CHURN = 4


@dataclass(frozen=True, slots=True)
class Roll:
    """A revision after the first, with the steps that came together in it.

    `kind` is empty where the roll is not redundant; `earlier` are the deploy's rolls before it. `needs` are the
    revisions that have to be there to see the kind. `sure` is False where the record cannot tell it: a step came late,
    of this roll or of another one that time does not part from it.
    """

    number: int
    deploy: int
    changed: tuple[str, ...]
    managers: tuple[str, ...]
    users: tuple[str, ...]
    recovery: bool
    kind: str
    earlier: tuple[int, ...]
    needs: tuple[int, ...]
    sure: bool


@dataclass(frozen=True, slots=True)
class Truth:
    """Of one history; `shown` are the revisions that the API still knew at the end."""

    seed: int
    kind: str
    namespace: str
    name: str
    rolls: tuple[Roll, ...]
    shown: tuple[int, ...]
    highest: int

    def write(self, folder: Path, record: Record) -> None:
        """Into a file of its own, with the record that it follows from."""
        folder.mkdir(parents=True, exist_ok=True)
        document = {"truth": asdict(self), "record": asdict(record)}
        (folder / f"{self.namespace}.json").write_text(json.dumps(document, indent=1))


@dataclass(slots=True)
class _Open:
    """A roll while its deploy is put together."""

    number: int
    deploy: int
    changed: frozenset[str]
    steps: list[tuple[Step, Done]]
    before: dict[str, str]
    after: dict[str, str]
    recovery: bool
    late: bool


def of(record: Record) -> Truth:
    """Raises NotPlayed where the revisions do not follow from the steps."""
    numbers = [seen.number for seen in record.revisions]
    if numbers != list(range(1, len(numbers) + 1)):
        raise NotPlayed(f"seed {record.history.seed}: revisions {numbers}")
    rolls = _rolls(record)
    deploys: dict[int, list[_Open]] = {}
    for roll in rolls:
        if not roll.recovery:
            deploys.setdefault(roll.deploy, []).append(roll)
    judged = {
        id(roll): _judge(members, index, record) for members in deploys.values() for index, roll in enumerate(members)
    }
    told = tuple(_roll(roll, *judged.get(id(roll), ("", (), ()))) for roll in rolls)
    history = record.history
    return Truth(history.seed, history.kind, record.namespace, history.name, told, tuple(record.shown), numbers[-1])


def _roll(roll: _Open, kind: str, earlier: tuple[int, ...], needs: tuple[int, ...]) -> Roll:
    acts = [step for step, _ in roll.steps]
    managers = tuple(sorted({MANAGERS[step.act] for step in acts}))
    users = tuple(sorted({step.user for step in acts}))
    changed = tuple(sorted(roll.changed))
    return Roll(roll.number, roll.deploy, changed, managers, users, roll.recovery, kind, earlier, needs, not roll.late)


def _rolls(record: Record) -> list[_Open]:
    """Each revision with the steps since the one before: two writes within one sync of the controller make one."""
    found: list[_Open] = []
    first = record.revisions[0].fields
    if first != record.start:
        raise NotPlayed(f"seed {record.history.seed}: it begins with {first}")
    before, position = record.start, 0
    for seen, end in zip(record.revisions[1:], _ends(record), strict=True):
        merged = [(record.history.steps[done.step], done) for done in record.done[position : end + 1]]
        # What an earlier deploy changed and put back at once made no revision, and is no part of this one.
        mine = [each for each in merged if each[0].deploy == merged[-1][0].deploy]
        found.append(_open(record, seen.number, mine, before, seen.fields))
        before, position = seen.fields, end + 1
    return found


def _ends(record: Record) -> list[int]:
    """The write that each revision has the template of; of several the last that came before it was seen."""
    ends: list[int] = []
    limit = len(record.done)
    for seen in reversed(record.revisions[1:]):
        fitting = (i for i in reversed(range(limit)) if record.done[i].fields == seen.fields)
        end = next((i for i in fitting if record.done[i].sent <= seen.at), None)
        if end is None:
            raise NotPlayed(f"seed {record.history.seed}: no step made revision {seen.number}: {seen.fields}")
        ends.append(end)
        limit = end
    return ends[::-1]


def _open(
    record: Record, number: int, merged: list[tuple[Step, Done]], before: dict[str, str], after: dict[str, str]
) -> _Open:
    changed = frozenset(f for f in before.keys() | after.keys() if before.get(f) != after.get(f))
    deploy = merged[-1][0].deploy
    back = any(step.act is Act.UNDO or step.back for step, _ in merged)
    late = bool(_stretch(record.history, merged[-1][1].step) & set(record.late))
    return _Open(number, deploy, changed, merged, before, after, back, late)


def _stretch(history: History, index: int) -> set[int]:
    """The steps around one that no long pause parts from it: a late one among them may part deploys otherwise."""
    begins = [0, *(i for i, step in enumerate(history.steps) if i and step.gap >= LONG), len(history.steps)]
    return next(set(range(a, b)) for a, b in pairwise(begins) if a <= index < b)


def _judge(members: list[_Open], index: int, record: Record) -> tuple[str, tuple[int, ...], tuple[int, ...]]:
    """Kind of a deploy's roll, the earlier ones, and the revisions that show it."""
    if index == 0:
        return "", (), ()
    roll, earlier = members[index], members[:index]
    numbers = tuple(each.number for each in earlier)
    needs = {roll.number - 1, roll.number, *numbers, *(n - 1 for n in numbers)}
    standing = any(seen.fields.get("agent") == STANDING for seen in record.revisions if seen.number < numbers[0])
    return _kind(members, roll, earlier, standing=standing), numbers, tuple(sorted(needs))


def _kind(members: list[_Open], roll: _Open, earlier: list[_Open], *, standing: bool) -> str:
    if any(sum(field in each.changed for each in members) >= _CHURN for field in roll.changed):
        return "churn"
    if any(roll.after in (each.before, each.after) for each in earlier):
        return "bounce"
    back = [each for each in earlier if "agent" in each.changed and each.after.get("agent") == STANDING]
    if standing and back and "agent" in roll.changed:
        return "bounce"
    if roll.changed == {"restartedAt"}:
        return "restart-after-change"
    if any(roll.changed & each.changed for each in earlier):
        return "rewrite"
    return "split"


def describe(history: History) -> str:
    """The steps as lines, for whoever looks into a failure."""
    lines = [f"{history.kind} {history.strategy} limit={history.limit} replicas={history.replicas}"]
    for index, step in enumerate(history.steps):
        values = " ".join(f"{k}={v}" for k, v in step.values)
        more = f" id={step.deploy_id}" if step.deploy_id else ""
        lines.append(f"  {index}: deploy {step.deploy} +{step.gap}s {step.act} {values} by {step.user}{more}")
    return "\n".join(lines)
