"""The plan file: what is wanted of which workloads, as they were."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollonce.errors import CredentialInPlan, MalformedPlan
from rollonce.model import argument
from rollonce.model.edit import PatchEdit
from rollonce.plan import decide, planfile, stale
from rollonce.plan.desired import Desired
from rollonce.plan.operation import Plan
from tests.unit import jsonpatch, strategies
from tests.unit.builders import NOW, edit_of, key, patch_for, wants, wish
from tests.unit.plan.test_edits import LOG, thing
from tests.unit.strategies import Object, read

WORDS = (
    "agent=agent:2",
    "deployment/ceo:*=x:1",
    "env agent:LOG=a=b",
    "env deployment/ceo:agent:OLD-",
    "resources agent:limits.cpu=500m",
    "resources *:requests.a.b/c-",
    "label tier=a",
    "annotation a/b=x: y",
    "workload-label deployment/ceo:team-",
    "workload-annotation note=",
)


def kept(things: list[Object], *words: str, **options: Any) -> bytes:
    wanted = wish(*words, **options)
    plan = decide.decide([read(each) for each in things], {}, wanted)
    return planfile.write(plan, wanted.desired, wanted.policy, act="plan")


def loaded(content: bytes) -> planfile.PlanFile:
    return planfile.read(content, NOW, act="converge")


def test_the_file_is_for_people_too() -> None:
    document = json.loads(kept([thing([LOG])], "git-sync=git-sync:1", "restart", "env agent:LOG=debug", again=True))
    assert document["version"] == "rollonce.plan/v1"
    assert document["edits"] == [
        {"option": "--restart"},
        {"option": "--set-env", "value": "agent:LOG=debug"},
        {"option": "image", "value": "git-sync=git-sync:1"},
    ]
    assert document["policy"] == {"forceManaged": False, "again": True}
    [workload] = document["workloads"]
    assert workload["template"] == planfile.digest(read(thing([LOG])))
    assert (workload["operation"], workload["uid"], workload["deployId"]) == ("patch", "u1", None)
    assert workload["changes"][0] == {
        "field": "env",
        "name": "LOG",
        "container": "agent",
        "role": "container",
        "old": "info",
        "new": "debug",
    }


@pytest.mark.parametrize("words", WORDS)
def test_every_edit_comes_back_as_it_was(words: str) -> None:
    [back] = loaded(kept([thing()], words)).desired.edits
    [edit] = wants(words).edits
    assert (type(back), back.target, back.workload) == (type(edit), edit.target, edit.workload)
    assert getattr(back, "value", getattr(back, "image", "")) == getattr(edit, "value", getattr(edit, "image", ""))


def test_restarts_and_files_come_back_with_a_time_and_a_body() -> None:
    of = argument.patch(b'{"spec":{"tty":true}}', "deployment/ceo", act="plan")
    desired = Desired.of([of, edit_of("restart"), edit_of("restart sts/db")], act="plan")
    back = loaded(planfile.write(Plan(()), desired, decide.Policy(), act="plan")).desired
    assert {e.target for e in back.edits} == {e.target for e in desired.edits}
    [patch] = [e for e in back.edits if isinstance(e, PatchEdit)]
    assert json.loads(patch.body) == {"spec": {"tty": True}}
    assert {getattr(e, "moment", NOW) for e in back.edits} == {NOW}


def test_the_digest_is_of_what_the_template_says_and_not_of_its_layout() -> None:
    one = read(thing([LOG]))
    turned = thing([LOG])
    turned["spec"]["template"] = dict(reversed(turned["spec"]["template"].items()))
    turned["spec"]["replicas"] = 7
    assert planfile.digest(read(turned)) == planfile.digest(one)
    assert planfile.digest(read(thing([]))) != planfile.digest(one)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"\xff",
        b"[" * 100_000,
        b'{"version":"rollonce.plan/v2"}',
        b'{"version":"rollonce.plan/v1"}',
        b'{"version":"rollonce.converge/v1","workloads":[]}',
        kept([thing([LOG])], "env agent:LOG=x").replace(b"Deployment", b"Pod"),
        kept([thing([LOG])], "env agent:LOG=x").replace(b"--set-env", b"--set-anv"),
        kept([thing([LOG])], "env agent:LOG=x").replace(b"agent:LOG=x", b"LOG=x"),
    ],
)
def test_what_is_no_plan_file_is_refused(content: bytes) -> None:
    with pytest.raises(MalformedPlan) as caught:
        loaded(content)
    assert "rollonce plan" in caught.value.hint


@pytest.mark.parametrize(
    "words",
    ["env agent:API_TOKEN=hunter2", "env agent:URL=https://u:hunter2@x/", "annotation u=https://u:hunter2@x/"],
)
def test_a_credential_is_not_written(words: str) -> None:
    with pytest.raises(CredentialInPlan) as caught:
        kept([thing()], "agent=agent:2", words)
    assert "hunter2" not in f"{caught.value.fact}{caught.value.hint}"
    assert "(hidden)" in caught.value.fact


# --- stale


def moved(before: list[Object], now: list[Object], *words: str) -> tuple[str, ...]:
    file = loaded(kept(before, *words))
    live = [read(each) for each in now]
    return stale.reasons(file, live, decide.decide(live, {}, wish(*words)))


def test_a_plan_holds_where_nothing_that_it_rests_on_has_changed() -> None:
    scaled = thing([LOG], resourceVersion="9", generation=4)
    scaled["spec"]["replicas"] = 7
    assert moved([thing([LOG])], [scaled], "env agent:LOG=debug", "restart") == ()


@pytest.mark.parametrize(
    ("now", "words"),
    [
        ([], "it is not there any more"),
        ([thing([LOG], uid="u2")], "it was deleted and made anew, or is that of another cluster"),
        ([thing([{**LOG, "value": "warn"}])], "agent: env LOG was info, and is warn now"),
        ([thing([])], "agent: env LOG was info, and is not there now"),
        ([thing([{**LOG, "value": "debug"}])], "agent: env LOG was info, and is as wanted now"),
        ([thing([LOG], second=[LOG])], "a part of its pod template changed that this plan does not touch"),
        ([thing([LOG], annotations={"rollonce.dev/deploy-id": "run-9"})], "deploy run-9 changed it"),
        ([thing([LOG], labels={"team": "b"})], "workload label team was as wanted, and is b now"),
    ],
)
def test_what_changed_is_said(now: list[Object], words: str) -> None:
    wanted = ("env agent:LOG=debug", "workload-label team-")
    assert moved([thing([LOG])], now, *wanted) == (f"deployment/ceo: {words}",)


def test_a_workload_that_was_absent_has_to_be_so_still() -> None:
    wanted = wish("env agent:LOG=debug")
    plan = decide.decide([], {key("deployment/ceo"): "there is none"}, wanted)
    file = loaded(planfile.write(plan, wanted.desired, wanted.policy, act="plan"))
    assert stale.reasons(file, [], plan) == ()
    live = [read(thing())]
    assert stale.reasons(file, live, decide.decide(live, {}, wanted)) == (
        "deployment/ceo: it was not there, and is now",
    )


@given(strategies.objects(), strategies.pairs(), st.data())
def test_equal_plans_have_equal_bytes_whatever_the_order(of: Object, pairs: list[str], data: Any) -> None:
    shuffled = data.draw(st.permutations(pairs))
    assert kept([of], *pairs) == kept([of], *shuffled)


@given(strategies.objects(), strategies.pairs())
def test_a_plan_that_was_carried_out_does_not_hold_any_more(of: Object, pairs: list[str]) -> None:
    wanted = wish(*pairs)
    plan = decide.decide([read(of)], {}, wanted)
    file = loaded(planfile.write(plan, wanted.desired, wanted.policy, act="plan"))
    assert stale.reasons(file, [read(of)], plan) == ()
    if plan.patches:
        done = read(jsonpatch.apply(of, patch_for(read(of), wanted).operations))
        assert stale.reasons(file, [done], decide.decide([done], {}, wanted))
