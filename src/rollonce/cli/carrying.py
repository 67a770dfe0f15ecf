"""A plan on its way: shown, carried out, and reported in the form that was asked for."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from rollonce.app import verdict
from rollonce.app.news import Result
from rollonce.app.ports import Brake
from rollonce.cli import braking
from rollonce.errors import ExitCode
from rollonce.model.deploy import Deploy
from rollonce.plan.operation import Plan
from rollonce.report import cilog, converge_json, converge_text, events_json
from rollonce.report.output import Output
from rollonce.report.progress import Both, Progress, Teller
from rollonce.rollout.line import Pace


@dataclass(frozen=True, slots=True)
class Shown:
    """In which form, whether nothing is sent, and whether pending changes are a code of their own."""

    output: str
    dry_run: bool
    tell_pending: bool


def carry_out(
    brake: Brake,
    plan: Plan,
    deploy: Deploy,
    pace: Pace,
    foresee: Callable[[], Result],
    act: Callable[[Teller], Result],
    shown: Shown,
    heading: Sequence[str] = (),
) -> ExitCode:
    """Shows the plan, carries it out unless it is a dry run, and shows what came of it; raises an interruption."""
    out = Output(sys.stdout if shown.output == "text" else sys.stderr)
    log = cilog.Plain() if out.is_terminal else cilog.of(os.environ, time.time)
    said = converge_text.plan_lines(plan, deploy, pace)
    out.lines([*log.begin("plan", said[0]), *heading, *said, *log.end("plan"), ""])
    lines = events_json.Lines(Output(sys.stdout), lambda: datetime.now(UTC)) if shown.output == "jsonl" else None
    if lines is not None:
        lines.planned(plan, deploy, pace, dry_run=shown.dry_run)
    if shown.dry_run:
        result = foresee()
        code = verdict.dry_run_exit_code(plan, result, tell_pending=shown.tell_pending)
    else:
        out.lines(log.begin("rollouts", "rollouts"))
        with Progress(out, plan) as progress, braking.ctrl_c(brake):
            result = act(progress if lines is None else Both(progress, lines))
        out.lines(log.end("rollouts"))
        code = verdict.exit_code(plan, result)
    out.lines(converge_text.summary_lines(plan, result.outcomes, result.objects, dry_run=shown.dry_run))
    out.lines(log.errors(converge_text.problems(plan, result.outcomes)))
    if lines is not None:
        lines.done(result, code)
    if shown.output == "json":
        document = converge_json.render(
            plan,
            deploy,
            result.outcomes,
            result.objects,
            pace=pace,
            troubles=result.troubles,
            dry_run=shown.dry_run,
            exit_code=code,
        )
        Output(sys.stdout).raw(document)
    if result.interruption is not None:
        raise result.interruption
    return code
