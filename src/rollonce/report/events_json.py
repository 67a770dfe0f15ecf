"""The lines of `converge -o jsonl`, version `rollonce.events/v1`: each event of a run, when it happens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal, assert_never

import msgspec
from msgspec import Struct

from rollonce.app.news import (
    Event,
    Finished,
    Halted,
    Loosened,
    Progressed,
    Result,
    Sent,
    Troubled,
    Unlooked,
    WaveBegun,
)
from rollonce.errors import ExitCode
from rollonce.model.deploy import Deploy
from rollonce.model.thing import ObjectKey
from rollonce.model.workload import WorkloadKey
from rollonce.plan.operation import Apply, Create, Operation, Patch, Plan, Refuse, Skip
from rollonce.report.converge_json import DeployPart
from rollonce.report.output import Output
from rollonce.rollout.line import Pace
from rollonce.rollout.outcome import Outcome

VERSION = "rollonce.events/v1"


class WorkloadName(Struct, rename="camel"):
    """Which workload it is about."""

    kind: str
    namespace: str
    name: str


class PlannedWorkload(Struct, rename="camel"):
    """What is planned for a workload; `disruption` is null where nothing is sent, `wave` where all begin at once."""

    workload: WorkloadName
    operation: Literal["patch", "apply", "create", "skip", "refuse"]
    detail: str | None
    disruption: str | None
    wave: int | None


class PlannedLine(Struct, rename="camel", tag_field="event", tag="planned"):
    """The first line: what the run is about to do."""

    version: str
    time: str
    deploy: DeployPart
    dry_run: bool
    workloads: list[PlannedWorkload]
    objects: int


class WaveLine(Struct, rename="camel", tag_field="event", tag="wave"):
    """The workloads of a wave may begin, the `number`-th of so many."""

    time: str
    number: int
    of: int
    workloads: list[WorkloadName]


class SentLine(Struct, rename="camel", tag_field="event", tag="sent"):
    """The server has taken the patch; from the second `attempt` on it is about to be sent again."""

    time: str
    workload: WorkloadName
    attempt: int


class ProgressLine(Struct, rename="camel", tag_field="event", tag="progress"):
    """The rollout of a workload stands differently."""

    time: str
    workload: WorkloadName
    message: str


class TroubleLine(Struct, rename="camel", tag_field="event", tag="trouble"):
    """Something keeps a rollout from getting on; it may be over soon."""

    time: str
    workload: WorkloadName
    trouble: str
    where: str
    words: str


class LoosenedLine(Struct, rename="camel", tag_field="event", tag="loosened"):
    """A pod that would hold a StatefulSet back was deleted, or could not be; `pod` is null where that is not known."""

    time: str
    workload: WorkloadName
    pod: str | None
    words: str


class UnlookedLine(Struct, rename="camel", tag_field="event", tag="unlooked"):
    """Why rollouts of a namespace take their time is not looked into, and why not."""

    time: str
    namespace: str
    why: str


class HaltedLine(Struct, rename="camel", tag_field="event", tag="halted"):
    """Nothing more begins; so many workloads have not begun."""

    time: str
    why: str
    left: int


class FinishedLine(Struct, rename="camel", tag_field="event", tag="finished"):
    """A workload's part in the run is over."""

    time: str
    workload: WorkloadName
    verdict: str
    detail: str
    good: bool
    sent: bool


class ObjectLine(Struct, rename="camel", tag_field="event", tag="object"):
    """How it ended for an object of the manifests that is no workload."""

    time: str
    kind: str
    namespace: str | None
    name: str
    verdict: str
    detail: str
    good: bool


class DoneLine(Struct, rename="camel", tag_field="event", tag="done"):
    """The last line: how many workloads and other objects have ended how. `interrupted` by Ctrl-C or SIGTERM."""

    time: str
    verdicts: dict[str, int]
    patches_sent: int
    interrupted: bool
    exit_code: int


Line = (
    PlannedLine
    | WaveLine
    | SentLine
    | ProgressLine
    | TroubleLine
    | LoosenedLine
    | UnlookedLine
    | HaltedLine
    | FinishedLine
    | ObjectLine
    | DoneLine
)


class Lines:
    """Writes a line for each event. `now` is the time in UTC."""

    def __init__(self, out: Output, now: Callable[[], datetime]) -> None:
        self._out = out
        self._now = now
        self._encode = msgspec.json.Encoder().encode

    def planned(self, plan: Plan, deploy: Deploy, pace: Pace, *, dry_run: bool) -> None:
        """The first line."""
        waves = pace.numbers
        workloads = [_planned(operation, waves.get(operation.key)) for operation in plan.operations]
        said = DeployPart(deploy.id, deploy.source.value, deploy.system, deploy.commit)
        self._write(PlannedLine(VERSION, self._time(), said, dry_run, workloads, len(plan.objects)))

    def take(self, event: Event) -> None:
        """A line of a run under way."""
        self._write(self._line(event))

    def tell(self, key: ObjectKey, outcome: Outcome) -> None:
        """An object that is no workload has come to its end."""
        place = (key.kind, key.namespace or None, key.name)
        self._write(ObjectLine(self._time(), *place, outcome.verdict.value, outcome.detail, outcome.good))

    def done(self, result: Result, code: ExitCode) -> None:
        """The last line."""
        ends = (*result.outcomes.values(), *result.objects.values())
        verdicts = dict(sorted(Counter(outcome.verdict.value for outcome in ends).items()))
        sent = sum(outcome.sent for outcome in ends)
        self._write(DoneLine(self._time(), verdicts, sent, result.interruption is not None, int(code)))

    def _line(self, event: Event) -> Line:
        time = self._time()
        match event:
            case WaveBegun(number=number, of=of, keys=keys):
                return WaveLine(time, number, of, [_name(key) for key in keys])
            case Sent(key=key, attempt=attempt):
                return SentLine(time, _name(key), attempt)
            case Progressed(key=key, standing=standing):
                return ProgressLine(time, _name(key), standing.message)
            case Troubled(key=key, finding=finding):
                return TroubleLine(time, _name(key), finding.trouble.value, finding.where, finding.words)
            case Loosened(key=key, pod=pod, words=words):
                return LoosenedLine(time, _name(key), pod or None, words)
            case Unlooked(namespace=namespace, why=why):
                return UnlookedLine(time, namespace, why)
            case Halted(why=why, left=left):
                return HaltedLine(time, why, left)
            case Finished(key=key, outcome=outcome):
                verdict, detail = outcome.verdict.value, outcome.detail
                return FinishedLine(time, _name(key), verdict, detail, outcome.good, outcome.sent)
            case _ as never:
                assert_never(never)

    def _time(self) -> str:
        return self._now().astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def _write(self, line: Line) -> None:
        self._out.raw(self._encode(line) + b"\n")


def _name(key: WorkloadKey) -> WorkloadName:
    return WorkloadName(key.kind.title, key.namespace, key.name)


def _planned(operation: Operation, wave: int | None) -> PlannedWorkload:
    name = _name(operation.key)
    match operation:
        case Patch(cost=cost):
            return PlannedWorkload(name, "patch", None, cost.disruption.value, wave)
        case Apply(cost=cost):
            return PlannedWorkload(name, "apply", None, cost.disruption.value, wave)
        case Create(cost=cost):
            return PlannedWorkload(name, "create", None, cost.disruption.value, wave)
        case Skip(detail=detail):
            return PlannedWorkload(name, "skip", detail, None, wave)
        case Refuse(detail=detail):
            return PlannedWorkload(name, "refuse", detail, None, None)
        case _ as never:
            assert_never(never)
