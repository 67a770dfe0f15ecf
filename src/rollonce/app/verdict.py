"""From outcomes to the one exit code of a converge."""

from __future__ import annotations

from rollonce.app.news import Result
from rollonce.errors import ExitCode, exitcode
from rollonce.plan.operation import Plan
from rollonce.rollout.outcome import Verdict


def exit_code(plan: Plan, result: Result) -> ExitCode:
    """The first that applies: the run was interrupted, a rollout failed, a conflict or refusal, else all is well."""
    if result.interruption is not None:
        return exitcode.of_interruption(result.interruption)
    ends = (*result.outcomes.values(), *result.objects.values())
    bad = {outcome.verdict for outcome in ends if not outcome.good}
    if plan.refusals:
        # That the others were not sent is no failure of theirs.
        bad = bad - {Verdict.NOT_SENT} | {Verdict.CONFLICT}
    if bad - {Verdict.CONFLICT}:
        return ExitCode.FAILED
    return ExitCode.CONFLICT if bad else ExitCode.OK


def dry_run_exit_code(plan: Plan, result: Result, *, tell_pending: bool) -> ExitCode:
    """As `exit_code`, and PENDING where changes would be sent and the caller asked to be told so."""
    code = exit_code(plan, result)
    if code is ExitCode.OK and tell_pending and (plan.writes or plan.object_writes):
        return ExitCode.PENDING
    return code
