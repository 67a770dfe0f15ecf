"""Plain lines while rollouts are waited for."""

from __future__ import annotations

import io

from rollonce.app.news import Event, Finished, Progressed, Sent
from rollonce.plan import decide
from rollonce.plan.operation import Plan
from rollonce.report.output import Output
from rollonce.report.progress import Progress
from rollonce.rollout.outcome import Outcome, Verdict
from rollonce.status import InProgress
from tests.unit.builders import key, wish, workload
from tests.unit.report import story

CEO = key("deployment/agent-ceo")
EVENTS = (
    Sent(CEO, 1),
    Progressed(CEO, InProgress("fewer-ready", "0 of 1 pod ready")),
    Sent(CEO, 2),
    Finished(CEO, Outcome(Verdict.ROLLED, "all ready", sent=True)),
    Finished(key("deployment/agent-done"), Outcome(Verdict.UNCHANGED, "already on target images, skipping")),
)


def told(plan: Plan, *events: Event) -> list[str]:
    stream = io.StringIO()
    with Progress(Output(stream), plan) as progress:
        for event in events:
            progress.take(event)
    return stream.getvalue().splitlines()


def test_a_small_fleet_is_told_step_by_step() -> None:
    assert told(story.PLAN, *EVENTS) == [
        "deployment/agent-ceo: patch sent",
        "deployment/agent-ceo: 0 of 1 pod ready",
        "deployment/agent-ceo: sent again (attempt 2)",
        "deployment/agent-ceo: rolled: all ready",
    ]


def test_of_a_large_fleet_only_the_ends_and_surprises_are_told() -> None:
    plan = decide.decide([workload(f"deployment/a{i}") for i in range(21)], {}, wish("agent=a2"))
    assert told(plan, *EVENTS) == [
        "deployment/agent-ceo: sent again (attempt 2)",
        "deployment/agent-ceo: rolled: all ready",
    ]
