"""A part of a template among other edits. What the API server makes of the part is given here, not merged."""

from __future__ import annotations

import copy
from typing import Any

import msgspec
import pytest

from rollonce.errors import ContradictingEdits
from rollonce.model.edit import PatchEdit
from rollonce.plan import decide
from rollonce.plan.decide import Wish
from rollonce.plan.desired import Desired
from rollonce.plan.operation import Patch, Refuse, Skip
from rollonce.report import changes
from tests.unit import jsonpatch
from tests.unit.builders import edit_of, named, operations, wish
from tests.unit.plan.test_edits import C0, LOG, thing
from tests.unit.strategies import Object, pod_spec, read


def part(of: Object, *, only: str = "") -> PatchEdit:
    workload = named(only) if only else None
    return PatchEdit(msgspec.json.encode(of), workload, f"--patch {only or 'every'}")


def agent(**fields: Any) -> Object:
    """A part that names the container `agent`."""
    return {"spec": {"containers": [{"name": "agent", **fields}]}}


def asked(part_of: PatchEdit, *words: str, **options: Any) -> Wish:
    plain = wish("agent=x", **options)
    return Wish(Desired.of([part_of, *map(edit_of, words)], act="converge"), plain.deploy, plain.policy)


def with_agent(before: Object, **fields: Any) -> Object:
    """The object as the server would answer it."""
    after = copy.deepcopy(before)
    pod_spec(after)["containers"][0] |= fields
    return after


def patch_of(before: Object, merged: Object, wanted: Wish) -> Patch:
    operation = decide.one(read(before), wanted, read(merged))
    assert isinstance(operation, Patch), operation
    return operation


def test_the_whole_template_is_tested_and_only_what_differs_is_written() -> None:
    before = thing([LOG])
    merged = with_agent(before, tty=True)
    patch = patch_of(before, merged, asked(part(agent(tty=True)), "env agent:LOG=debug"))
    lines = operations(patch)
    assert lines[1].startswith('test /spec/template {"spec":{"containers":[{"name":"agent"')
    assert [line for line in lines if not line.startswith("test") and "metadata" not in line] == [
        f'replace {C0}/env/0/value "debug"',
        f"add {C0}/tty true",
    ]
    done = jsonpatch.apply(before, patch.operations)
    assert pod_spec(done)["containers"][0] == {**pod_spec(merged)["containers"][0], "env": [{**LOG, "value": "debug"}]}
    assert [changes.line(change) for change in patch.changes] == [
        "agent: env LOG: info -> debug",
        "spec.containers[agent].tty: (none) -> true",
    ]
    assert decide.reaches(read(done), asked(part(agent(tty=True)), "env agent:LOG=debug"), patch)
    assert not decide.reaches(read(before), asked(part(agent(tty=True))), patch)


def test_any_other_writer_of_the_template_is_seen() -> None:
    before = thing([LOG])
    patch = patch_of(before, with_agent(before, tty=True), asked(part(agent(tty=True))))
    raced = copy.deepcopy(before)
    pod_spec(raced)["dnsPolicy"] = "None"
    with pytest.raises(jsonpatch.Unprocessable):
        jsonpatch.apply(raced, patch.operations)


def test_nothing_is_sent_where_the_part_is_true_already() -> None:
    before = thing([LOG])
    assert isinstance(decide.one(read(before), asked(part(agent(env=[LOG]))), read(before)), Skip)


def test_an_edit_that_is_more_specific_goes_over_the_part_also_where_that_puts_all_back() -> None:
    before = thing([LOG])
    said = part(agent(env=[{"name": "LOG", "value": "warn"}]))
    merged = with_agent(before, env=[{"name": "LOG", "value": "warn"}])
    wanted = asked(said, "env deployment/ceo:agent:LOG=debug")
    done = jsonpatch.apply(before, patch_of(before, merged, wanted).operations)
    assert pod_spec(done)["containers"][0]["env"] == [{"name": "LOG", "value": "debug"}]
    assert isinstance(decide.one(read(before), asked(said, "env deploy/ceo:agent:LOG=info"), read(merged)), Skip)


def test_where_edits_put_all_back_metadata_alone_leaves_no_deploy_id() -> None:
    before = thing([LOG], annotations={"a": "b"})
    said = part(agent(env=[{"name": "LOG", "value": "warn"}]))
    merged = with_agent(before, env=[{"name": "LOG", "value": "warn"}])
    wanted = asked(said, "env deployment/ceo:agent:LOG=info", "workload-annotation a=c")
    patch = patch_of(before, merged, wanted)
    assert not patch.in_template
    assert jsonpatch.apply(before, patch.operations)["metadata"]["annotations"] == {"a": "c"}


def test_a_part_that_is_more_specific_goes_over_the_edit() -> None:
    """One for this workload over an edit for all; one that names the container over `*`."""
    before = thing([LOG])
    warn = {"name": "LOG", "value": "warn"}
    merged = with_agent(before, env=[warn])
    for wanted in (
        asked(part(agent(env=[warn]), only="deployment/ceo"), "env agent:LOG=debug"),
        asked(part(agent(env=[warn])), "env *:LOG=debug"),
    ):
        done = jsonpatch.apply(before, patch_of(before, merged, wanted).operations)
        assert pod_spec(done)["containers"][0]["env"] == [warn]


@pytest.mark.parametrize(
    ("said", "words", "fact"),
    [
        (agent(image="agent:2"), "agent=agent:3", "--patch every and argument 'agent=agent:3' want different"),
        (agent(env=[{"name": "A", "value": "1"}]), "env agent:A=2", "want different values for agent:A"),
        (agent(env=[{"name": "A", "valueFrom": {}}]), "env agent:A=2", "want different values for agent:A"),
        (agent(resources={"limits": {"cpu": 1}}), "resources agent:limits.cpu=2", "for agent:limits.cpu"),
        ({"metadata": {"labels": {"a": "1"}}}, "label a=2", "for label a"),
        ({"metadata": {"annotations": {"a": None}}}, "annotation a=2", "for annotation a"),
        ({"spec": {"initContainers": [{"name": "agent", "image": "a:1"}]}}, "agent=a:2", "for agent"),
    ],
)
def test_a_contradiction_names_the_file_and_the_option(said: Object, words: str, fact: str) -> None:
    with pytest.raises(ContradictingEdits) as caught:
        asked(part(said), words)
    assert fact in caught.value.fact


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (agent(image="agent:2"), "agent=agent:2"),
        (agent(resources={"limits": {"cpu": "500m"}}), "resources agent:limits.cpu=0.5"),
        ({"metadata": {"annotations": {"a": None}}}, "annotation a-"),
        ({"metadata": {"labels": {"a": "1"}}}, "workload-label a=2"),
        (agent(env="not a list"), "env agent:A=1"),
    ],
)
def test_what_agrees_does_not_contradict(said: Object, words: str) -> None:
    assert len(asked(part(said), words).desired.edits) == 2


def test_two_files_for_the_same_workloads_contradict_and_the_more_specific_one_is_taken() -> None:
    one, other, own = part(agent(tty=True)), part(agent(stdin=True)), part(agent(), only="deployment/ceo")
    with pytest.raises(ContradictingEdits, match="are both for the pod template of every workload"):
        Desired.of([one, other], act="converge")
    both = Desired.of([one, own, one], act="converge")
    assert both.patch_for(read(thing()).key) == own
    assert both.patch_for(read(thing(kind="StatefulSet")).key) == one


def test_credentials_of_the_file_are_kept_out_of_the_servers_words() -> None:
    said = part(agent(env=[{"name": "API_TOKEN", "value": "hunter2"}, {"name": "LOG", "value": "info"}]))
    assert Desired.of([said], act="converge").secrets == {"hunter2"}
    assert "hunter2" not in repr(said)


def test_a_second_change_by_the_deploy_is_refused_here_too() -> None:
    before = thing(annotations={"rollonce.dev/deploy-id": "run-2"})
    assert isinstance(
        decide.one(read(before), asked(part(agent(tty=True))), read(with_agent(before, tty=True))), Refuse
    )


def test_what_the_server_writes_in_a_form_of_its_own_is_there_all_the_same() -> None:
    """Amounts are normalised, and what is empty is left out."""
    before = thing([LOG])
    new: Object = {"name": "new", "image": "n:1"}
    merged = copy.deepcopy(before)
    pod_spec(merged)["containers"].append(new)
    wanted = asked(
        part({"spec": {"containers": [new]}}),
        *("env new:E=", "env agent:LOG-", "resources new:limits.cpu=0.5", "resources agent:limits.cpu=0.5"),
    )
    patch = patch_of(before, merged, wanted)
    done = jsonpatch.apply(before, patch.operations)
    first, _, third = pod_spec(done)["containers"]
    assert decide.reaches(read(done), wanted, patch)
    del first["env"]
    third["env"] = [{"name": "E"}]
    first["resources"] = third["resources"] = {"limits": {"cpu": "500m"}}
    assert decide.reaches(read(done), wanted, patch)
    third["image"] = "n:2"
    assert not decide.reaches(read(done), wanted, patch)
