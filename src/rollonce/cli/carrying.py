"""A plan on its way: shown, carried out, and reported in the form that was asked for."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from rollonce.app import verdict
from rollonce.app.news import Result
from rollonce.app.ports import Brake
from rollonce.cli import braking
from rollonce.errors import ExitCode, RollonceError
from rollonce.model.deploy import Deploy
from rollonce.plan.operation import Plan
from rollonce.report import cilog, converge_json, converge_text, error, events_json
from rollonce.report.output import Output
from rollonce.report.progress import Both, Progress, Teller
from rollonce.rollout.line import Pace


class Shown(Protocol):
    """In which form, whether nothing is sent, and whether pending changes are a code of their own."""

    @property
    def output(self) -> str: ...  # noqa: D102
    @property
    def dry_run(self) -> bool: ...  # noqa: D102
    @property
    def tell_pending(self) -> bool: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Course:
    """A plan, whose it is, and what carries it out."""

    plan: Plan
    deploy: Deploy
    pace: Pace
    act: Callable[[Teller], Result]
    heading: Sequence[str] = ()


def _nothing(_: Result) -> Course | None:
    return None


def carry_out(
    brake: Brake,
    course: Course,
    foresee: Callable[[], Result],
    shown: Shown,
    after: Callable[[Result], Course | None] = _nothing,
) -> ExitCode:
    """Shows the plan, carries it out unless it is a dry run, and shows what came of it; raises an interruption.

    Where a rollout has failed, `after` may say what is done about it; the exit code is that of the failure.
    """
    show = _Show(brake, shown)
    show.plan(course)
    if shown.dry_run:
        result = foresee()
        code = verdict.dry_run_exit_code(course.plan, result, tell_pending=shown.tell_pending)
    else:
        result = show.run(course)
        code = verdict.exit_code(course.plan, result)
    show.end(course, result, code)
    undone = show.second(after, result) if code is ExitCode.FAILED and not shown.dry_run else None
    if shown.output == "json":
        Output(sys.stdout).raw(converge_json.render(_document(course, result, shown, code, undone)))
    interruption = result.interruption or (undone and undone[1].interruption)
    if interruption:
        raise interruption
    return code


def _document(
    course: Course, result: Result, shown: Shown, code: ExitCode, undone: tuple[Course, Result] | None
) -> converge_json.Document:
    then = None
    if undone is not None:
        then = _document(*undone, shown, verdict.exit_code(undone[0].plan, undone[1]), None)
    return converge_json.document(
        course.plan, course.deploy, result, course.pace, dry_run=shown.dry_run, exit_code=code, undone=then
    )


class _Show:
    """The text, and the lines of events beside it."""

    def __init__(self, brake: Brake, shown: Shown) -> None:
        self._brake = brake
        self._shown = shown
        self._out = Output(sys.stdout if shown.output == "text" else sys.stderr)
        self._log = cilog.Plain() if self._out.is_terminal else cilog.of(os.environ, time.time)
        self._lines: events_json.Lines | None = None
        if shown.output == "jsonl":
            self._lines = events_json.Lines(Output(sys.stdout), lambda: datetime.now(UTC))

    def plan(self, course: Course) -> None:
        said = converge_text.plan_lines(course.plan, course.deploy, course.pace)
        self._out.lines([*self._log.begin("plan", said[0]), *course.heading, *said, *self._log.end("plan"), ""])
        if self._lines is not None:
            self._lines.planned(course.plan, course.deploy, course.pace, dry_run=self._shown.dry_run)

    def run(self, course: Course) -> Result:
        self._out.lines(self._log.begin("rollouts", "rollouts"))
        with Progress(self._out, course.plan) as progress, braking.ctrl_c(self._brake):
            result = course.act(progress if self._lines is None else Both(progress, self._lines))
        self._out.lines(self._log.end("rollouts"))
        return result

    def end(self, course: Course, result: Result, code: ExitCode) -> None:
        plan, outcomes = course.plan, result.outcomes
        self._out.lines(converge_text.summary_lines(plan, outcomes, result.objects, dry_run=self._shown.dry_run))
        self._out.lines(self._log.errors(converge_text.problems(plan, outcomes)))
        if self._lines is not None:
            self._lines.done(result, code)

    def second(self, after: Callable[[Result], Course | None], result: Result) -> tuple[Course, Result] | None:
        """What is done about a failure; that it cannot be done changes nothing of the failure."""
        if result.interruption is not None:
            return None
        try:
            course = after(result)
            if course is None:
                return None
            self._out.lines([""])
            self.plan(course)
            found = self.run(course)
        except RollonceError as fault:
            self._out.lines(["", error.render(fault)])
            return None
        self.end(course, found, verdict.exit_code(course.plan, found))
        return course, found
