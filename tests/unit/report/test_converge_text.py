"""What a person reads before, during and after a converge."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rollonce.app.news import Event, Finished, Progressed, Sent
from rollonce.model.deploy import Deploy, Source
from rollonce.plan import decide
from rollonce.plan.operation import Plan
from rollonce.report import converge_text
from rollonce.rollout.outcome import Outcome, Verdict
from rollonce.status import InProgress
from tests.unit.builders import key, wish, workload
from tests.unit.report import story

CEO, CSO = key("deployment/agent-ceo"), key("deployment/agent-cso")


def lines(text: str) -> list[str]:
    return text.strip("\n").splitlines()


# A golden table is as wide as what it shows.
GOLDEN = """
deploy github-27036846962.1, commit 4f2c0d9e8b7a, namespace agents

WORKLOAD              CONTAINER               NOW        BECOMES                           IMAGE                         COST
deployment/agent-ceo  agent                   0a1b-1142  4f2c-1187                         registry.example/agent        outage
                      git-sync                0a1b-1142  4f2c-1187                         registry.example/git-sync
deployment/agent-cso  agent                   0a1b-1142  4f2c-1187                         registry.example/agent        outage
                      git-sync                0a1b-1142  4f2c-1187                         registry.example/git-sync
                      cai-runtime             0a1b-1142  4f2c-1187                         registry.example/cai-runtime
                      setup (init container)  busybox    registry.example/setup:4f2c-1187

outage: deployment/agent-ceo: Recreate: 1 pod down before a new one starts; ReadWriteOnce volume ceo-work is detached and attached
outage: deployment/agent-cso: Recreate: 1 pod down before a new one starts; volume cso-work: its access modes are not known here

deployment/agent-cfo: there is no deployment/agent-cfo in namespace agents; the nearest name is "agent-cso"
deployment/agent-done: already on target images, skipping
deployment/agent-ceo, deployment/agent-done: no container "cai-runtime", skipped
"""  # noqa: E501


def test_the_plan_of_the_story() -> None:
    assert converge_text.plan_lines(story.PLAN, story.DEPLOY) == lines(GOLDEN)


def test_the_last_row_of_a_table_has_no_trailing_space() -> None:
    assert all(line == line.rstrip() for line in converge_text.plan_lines(story.PLAN, story.DEPLOY))


def test_refusals_show_what_differs_and_the_way_out() -> None:
    live = [
        workload(
            "deployment/agent-ceo",
            "agent=agent:1 git-sync=git-sync:2",
            annotations={"rollonce.dev/deploy-id": "run-2"},
        ),
        workload("deployment/agent-cso", "agent=other:1", owner="Fleet/agents"),
    ]
    wanted = wish("agent=agent:2", "git-sync=git-sync:2")
    plan = decide.decide(live, {}, wanted)
    assert converge_text.plan_lines(plan, wanted.deploy) == lines("""
deploy run-2, namespace agents

deployment/agent-ceo: refused (second-roll): deploy run-2 has changed it already, and a second change would roll it twice in one deploy
  agent: 1 -> 2 of agent
  hint: find the step that changes it a second time (what differs is above), or pass --again
deployment/agent-cso: refused (managed): it is owned by Fleet/agents (controlling ownerReference) and would put the change back, which is a second roll
  agent: other:1 -> agent:2
  hint: change it where it is managed, or pass --force-managed
deployment/agent-cso: no container "git-sync", skipped
""")  # noqa: E501


def test_over_several_namespaces_each_workload_has_its_own() -> None:
    live = [workload("deployment/ceo", "agent=a2", namespace=name) for name in ("staging", "production")]
    plan = replace(decide.decide(live, {}, wish("agent=a2")), warnings=("volumes are not known",))
    assert converge_text.plan_lines(plan, Deploy("local-1", Source.GENERATED)) == lines("""
deploy local-1 (generated), 2 namespaces

production/deployment/ceo: already on target images, skipping
staging/deployment/ceo: already on target images, skipping
warning: volumes are not known
""")


def test_an_equal_cost_is_told_once_with_the_first_three() -> None:
    live = [workload(f"deployment/a{i}") for i in range(5)]
    told = converge_text.plan_lines(decide.decide(live, {}, wish("agent=a2")), wish().deploy)
    assert [line for line in told if line.startswith("roll:")] == [
        "roll: deployment/a0, deployment/a1, deployment/a2 and 2 more: rolling update, at least 1 of 1 pod serving"
    ]


def test_an_empty_plan_is_one_line() -> None:
    assert converge_text.plan_lines(Plan(()), Deploy("run-2", Source.GIVEN)) == ["deploy run-2"]


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (Sent(CEO, 1), "deployment/agent-ceo: patch sent"),
        (Sent(CEO, 3), "deployment/agent-ceo: sent again (attempt 3)"),
        (
            Progressed(CEO, InProgress("fewer-ready", "0 of 1 pod ready")),
            "deployment/agent-ceo: 0 of 1 pod ready",
        ),
        (Finished(CEO, Outcome(Verdict.ROLLED, "all ready", sent=True)), "deployment/agent-ceo: rolled: all ready"),
    ],
)
def test_each_event_is_a_line(event: Event, line: str) -> None:
    assert converge_text.event_line(event, with_namespace=False) == line
    assert converge_text.event_line(event, with_namespace=True) == f"agents/{line}"


FAILED = {CSO: Outcome(Verdict.FAILED, "has timed out progressing", sent=True)}


def test_the_end_counts_what_was_sent_and_how_it_ended() -> None:
    outcomes = FAILED | {
        CEO: Outcome(Verdict.ROLLED, "1 of 1 pod updated and ready", sent=True),
        key("deployment/agent-done"): Outcome(Verdict.UNCHANGED, "already on target images, skipping"),
        key("deployment/agent-cfo"): Outcome(Verdict.ABSENT, "there is no deployment/agent-cfo"),
    }
    assert converge_text.summary_lines(story.PLAN, outcomes, dry_run=False) == [
        "2 patches sent; 1 absent, 1 failed, 1 rolled, 1 unchanged"
    ]


def test_the_end_of_a_large_fleet_names_again_what_went_wrong() -> None:
    many = {key(f"deployment/a{i}"): Outcome(Verdict.ROLLED, "all ready", sent=True) for i in range(10)}
    assert converge_text.summary_lines(story.PLAN, FAILED | many, dry_run=False) == [
        "11 patches sent; 1 failed, 10 rolled",
        "deployment/agent-cso: failed: has timed out progressing",
    ]


def test_a_remark_is_told_once_with_the_first_three() -> None:
    live = [workload(f"deployment/a{i}", "agent=a2") for i in range(5)]
    told = converge_text.plan_lines(decide.decide(live, {}, wish("agent=a2", "log=l2")), wish().deploy)
    assert told[-1] == 'deployment/a0, deployment/a1, deployment/a2 and 2 more: no container "log", skipped'


def test_one_patch_is_not_two() -> None:
    rolled = {CEO: Outcome(Verdict.ROLLED, "1 of 1 pod updated and ready", sent=True)}
    assert converge_text.summary_lines(story.plan_of("agent-ceo"), rolled, dry_run=False) == ["1 patch sent; 1 rolled"]


def test_with_nothing_to_do_it_says_so() -> None:
    assert converge_text.summary_lines(Plan(()), {}, dry_run=False) == ["0 patches sent; nothing to do"]


def test_a_dry_run_says_what_would_change_and_what_is_broken_already() -> None:
    broken = {key("deployment/agent-done"): Outcome(Verdict.FAILED, "its last rollout failed")}
    assert converge_text.summary_lines(story.PLAN, broken, dry_run=True) == [
        "dry run: nothing was sent; 2 workloads would be changed",
        "deployment/agent-done: failed: its last rollout failed",
    ]


def test_where_something_is_refused_nothing_is_sent() -> None:
    plan = decide.decide([workload(owner="Fleet/agents")], {}, wish("agent=a2"))
    others = {CEO: Outcome(Verdict.NOT_SENT, "other workloads are refused")}
    assert converge_text.summary_lines(plan, others, dry_run=False) == ["nothing was sent: 1 workload refused"]
    assert converge_text.summary_lines(plan, others | FAILED, dry_run=False)[1:] == [
        "deployment/agent-cso: failed: has timed out progressing"
    ]
