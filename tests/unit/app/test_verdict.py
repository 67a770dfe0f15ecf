"""From outcomes to the one exit code."""

from __future__ import annotations

import pytest

from rollonce.app import verdict
from rollonce.app.news import Result
from rollonce.errors import ExitCode
from rollonce.plan import decide
from rollonce.plan.operation import Plan
from rollonce.rollout.outcome import GOOD, Outcome, Verdict
from tests.unit.builders import key, wish, workload

CHANGING = decide.decide([workload()], {}, wish("agent=a2"))
REFUSING = decide.decide([workload(owner="Fleet/agents")], {}, wish("agent=a2"))
NOTHING = Plan(())
NO_OUTCOMES = Result({})


def code(*verdicts: Verdict, plan: Plan = CHANGING) -> ExitCode:
    outcomes = {key(f"deployment/d{i}"): Outcome(v, "x") for i, v in enumerate(verdicts)}
    return verdict.exit_code(plan, Result(outcomes))


@pytest.mark.parametrize("good", sorted(GOOD))
def test_what_is_good_ends_well(good: Verdict) -> None:
    assert code(good) is ExitCode.OK


@pytest.mark.parametrize("bad", ["failed", "held", "timed-out", "gone", "rejected", "unknown", "unfinished"])
def test_a_rollout_that_did_not_end_well_is_a_failure(bad: str) -> None:
    assert code(Verdict(bad)) is ExitCode.FAILED
    assert code(Verdict.ROLLED, Verdict(bad), Verdict.CONFLICT) is ExitCode.FAILED


def test_a_conflict_is_a_code_of_its_own() -> None:
    assert code(Verdict.ROLLED, Verdict.CONFLICT) is ExitCode.CONFLICT


def test_a_refusal_is_a_conflict_and_what_waits_for_it_is_not_sent() -> None:
    assert code(plan=REFUSING) is ExitCode.CONFLICT
    assert code(Verdict.NOT_SENT, Verdict.UNCHANGED, plan=REFUSING) is ExitCode.CONFLICT


def test_a_failure_seen_beside_a_refusal_is_a_failure() -> None:
    assert code(Verdict.FAILED, plan=REFUSING) is ExitCode.FAILED


def test_what_is_not_known_is_never_a_success() -> None:
    """A time limit, too, ends a run whose patch is still under way; nobody has interrupted it then."""
    assert code(Verdict.ROLLED, Verdict.INTERRUPTED) is not ExitCode.OK


@pytest.mark.parametrize("other", [Verdict.ROLLED, Verdict.FAILED, Verdict.CONFLICT, Verdict.NOT_SENT])
def test_an_interruption_goes_before_everything(other: Verdict) -> None:
    outcomes = {key("deployment/x"): Outcome(other, "x")}
    assert verdict.exit_code(CHANGING, Result(outcomes, KeyboardInterrupt())) is ExitCode.INTERRUPTED


def test_a_dry_run_tells_pending_changes_only_when_asked() -> None:
    assert verdict.dry_run_exit_code(CHANGING, NO_OUTCOMES, tell_pending=True) is ExitCode.PENDING
    assert verdict.dry_run_exit_code(CHANGING, NO_OUTCOMES, tell_pending=False) is ExitCode.OK
    assert verdict.dry_run_exit_code(NOTHING, NO_OUTCOMES, tell_pending=True) is ExitCode.OK


def test_a_dry_run_tells_what_is_worse_than_pending() -> None:
    broken = Result({key("deployment/x"): Outcome(Verdict.FAILED, "x")})
    assert verdict.dry_run_exit_code(CHANGING, broken, tell_pending=True) is ExitCode.FAILED
    assert verdict.dry_run_exit_code(REFUSING, NO_OUTCOMES, tell_pending=True) is ExitCode.CONFLICT
