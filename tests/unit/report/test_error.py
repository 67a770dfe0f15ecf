"""How an error reads."""

from __future__ import annotations

from rollonce.errors import RollonceError, Unreachable
from rollonce.plan import unmatched
from rollonce.report import error
from tests.unit.builders import wants, workload


def test_an_error_is_slug_act_fact_and_hint() -> None:
    fleet = [workload("deployment/ceo", "agent=a1 cai-runtime=c1 git-sync=g1")]
    try:
        unmatched.check_containers(fleet, (), wants("git-snyc=g2"), act="converge deployment/ceo in namespace agents")
    except RollonceError as fault:
        rendered = error.render(fault)
    assert rendered.splitlines() == [
        "error: unknown-container",
        "  converge deployment/ceo in namespace agents",
        '  no workload has a container named "git-snyc" (did you mean "git-sync"?); '
        "there are: agent, cai-runtime, git-sync",
        "hint: fix the name, or pass --allow-unmatched",
    ]


def test_without_act_and_hint_it_is_two_lines() -> None:
    assert error.render(Unreachable("no route to host")) == "error: unreachable\n  no route to host"


def test_a_fact_of_several_lines_is_indented_whole() -> None:
    assert error.render(Unreachable("one\ntwo", hint="try")) == "error: unreachable\n  one\n  two\nhint: try"


def test_an_error_without_slug_is_unknown() -> None:
    assert error.render(RollonceError("what")) == "error: unknown\n  what"
