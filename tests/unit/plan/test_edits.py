"""Edits of other fields than images: from a live object, through the patch, to the object after it."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from rollonce.errors import ContradictingEdits
from rollonce.plan import decide
from rollonce.plan.operation import Disruption, Note, Patch, Refuse, RefuseReason, Skip, SkipReason, ValueChange
from rollonce.report import changes
from tests.unit import jsonpatch
from tests.unit.builders import NOW, operations, patch_for, wants, wish
from tests.unit.strategies import Object, pod_spec, read

C0 = "/spec/template/spec/containers/0"
FROM_SECRET = {"name": "API_TOKEN", "valueFrom": {"secretKeyRef": {"name": "api", "key": "token"}}}
LOG = {"name": "LOG", "value": "info"}


def thing(
    env: list[Object] | None = None,
    *,
    kind: str = "Deployment",
    resources: Object | None = None,
    pods: Object | None = None,
    second: list[Object] | None = None,
    **metadata: Any,
) -> Object:
    """agent-ceo with the containers `agent` and `git-sync`; `pods` is the metadata of its template."""
    agent: Object = {"name": "agent", "image": "agent:1"}
    agent |= {} if env is None else {"env": env}
    agent |= {} if resources is None else {"resources": resources}
    sync: Object = {"name": "git-sync", "image": "git-sync:1"} | ({} if second is None else {"env": second})
    template: Object = {"spec": {"containers": [agent, sync]}}
    if pods != {}:
        template["metadata"] = pods or {"labels": {"app": "ceo"}}
    spec: Object = {"selector": {"matchLabels": {"app": "ceo"}}, "replicas": 1, "template": template}
    if kind == "CronJob":
        spec = {"jobTemplate": {"spec": {"template": template}}}
    name = {"name": "ceo", "namespace": "agents", "uid": "u1", "resourceVersion": "1", "generation": 1}
    return {"kind": kind, "metadata": {**name, **metadata}, "spec": spec, "status": {}}


def after(before: Object, *words: str, **options: Any) -> Object:
    """The object after the patch. To converge once more is a no-op then."""
    wanted = wish(*words, **options)
    patched = jsonpatch.apply(before, patch_for(read(before), wanted).operations)
    again = decide.one(read(patched), wanted)
    assert isinstance(again, Skip), again
    assert again.reason is SkipReason.CONVERGED
    return patched


def env(of: Object, container: int = 0) -> list[Object]:
    found: list[Object] = pod_spec(of)["containers"][container]["env"]
    return found


# --- environment


def test_a_variable_is_changed_where_it_stands() -> None:
    before = thing([LOG, {"name": "A", "value": "1"}, FROM_SECRET])
    assert env(after(before, "env agent:A=2")) == [LOG, {"name": "A", "value": "2"}, FROM_SECRET]


def test_what_takes_its_value_from_elsewhere_gets_one_of_its_own() -> None:
    assert env(after(thing([LOG, FROM_SECRET]), "env agent:API_TOKEN=x")) == [LOG, {"name": "API_TOKEN", "value": "x"}]


def test_new_variables_come_last_in_the_order_of_their_names() -> None:
    assert env(after(thing([LOG]), "env agent:Z=1", "env agent:B=2")) == [
        LOG,
        {"name": "B", "value": "2"},
        {"name": "Z", "value": "1"},
    ]


def test_a_new_variable_stands_before_the_one_that_refers_to_it() -> None:
    """Kubernetes expands $(NAME) only of what stands before."""
    words = ("env agent:A=$(Z)/$(B)", "env agent:B=$(Z)", "env agent:Z=1", "env agent:C=$(C)")
    assert [entry["name"] for entry in env(after(thing(), *words))] == ["C", "Z", "B", "A"]
    circle = env(after(thing(), "env agent:A=$(B)", "env agent:B=$(A)"))
    assert {entry["name"] for entry in circle} == {"A", "B"}


def test_several_variables_are_removed_and_others_set_at_once() -> None:
    before = thing([{"name": n, "value": n} for n in "ABCDE"])
    assert env(after(before, "env agent:A-", "env agent:D-", "env agent:C=c", "env agent:F=f", "env agent:X-")) == [
        {"name": "B", "value": "B"},
        {"name": "C", "value": "c"},
        {"name": "E", "value": "E"},
        {"name": "F", "value": "f"},
    ]


def test_of_a_name_that_is_there_twice_the_last_is_changed_and_all_are_removed() -> None:
    twice = [{"name": "A", "value": "1"}, LOG, {"name": "A", "value": "2"}]
    assert env(after(thing(twice), "env agent:A=3")) == [*twice[:2], {"name": "A", "value": "3"}]
    assert env(after(thing(twice), "env agent:A-")) == [LOG]


def test_an_entry_is_tested_as_a_whole_at_its_index_also_where_it_is_right_already() -> None:
    before = thing([LOG, {"name": "A", "value": "1"}])
    assert operations(patch_for(read(before), wish("env agent:LOG=info", "env agent:A=2")))[1:4] == [
        f'test {C0}/name "agent"',
        f'test {C0}/env/0 {{"name":"LOG","value":"info"}}',
        f'test {C0}/env/1 {{"name":"A","value":"1"}}',
    ]


def test_that_a_variable_is_not_there_is_tested_too() -> None:
    """By the whole list: nothing else shows that no entry has the name."""
    for words in (("env agent:NEW=1",), ("env agent:NEW-", "env agent:LOG=debug")):
        before = thing([LOG])
        patch = patch_for(read(before), wish(*words))
        assert f'test {C0}/env [{{"name":"LOG","value":"info"}}]' in operations(patch)
        raced = copy.deepcopy(before)
        env(raced).append({"name": "NEW", "value": "theirs"})
        with pytest.raises(jsonpatch.Unprocessable):
            jsonpatch.apply(raced, patch.operations)


def test_a_missing_list_is_added_and_its_absence_tested() -> None:
    patch = patch_for(read(thing()), wish("env agent:A=1"))
    assert operations(patch)[2] == f"test {C0}/env null"
    assert operations(patch)[-1] == f'add {C0}/env [{{"name":"A","value":"1"}}]'
    with pytest.raises(jsonpatch.Unprocessable):
        jsonpatch.apply(thing([LOG]), patch.operations)


def test_an_empty_value_is_a_value() -> None:
    assert env(after(thing([LOG]), "env agent:A="))[-1] == {"name": "A", "value": ""}
    assert isinstance(decide.one(read(thing([{"name": "A"}])), wish("env agent:A=")), Skip)
    assert isinstance(decide.one(read(thing([FROM_SECRET])), wish("env agent:API_TOKEN=")), Patch)


def test_removing_what_is_not_there_is_nothing_to_do() -> None:
    for before in (thing(), thing([LOG])):
        skip = decide.one(read(before), wish("env agent:X-"))
        assert isinstance(skip, Skip)
        assert skip.detail == "already as wanted, skipping"


def test_removing_what_comes_from_elsewhere_is_a_change() -> None:
    assert env(after(thing([LOG, FROM_SECRET]), "env agent:API_TOKEN-")) == [LOG]


def test_a_star_sets_it_in_every_container_and_a_name_wins() -> None:
    done = after(thing([LOG]), "env *:LOG=debug", "env git-sync:LOG=warn")
    assert (env(done)[0]["value"], env(done, 1)[0]["value"]) == ("debug", "warn")
    done = after(thing([LOG]), "env *:LOG=debug", "env deploy/ceo:*:LOG=trace")
    assert (env(done)[0]["value"], env(done, 1)[0]["value"]) == ("trace", "trace")


# --- resources


def test_requests_and_limits_are_set_and_removed() -> None:
    before = thing(resources={"requests": {"cpu": "100m", "memory": "1Gi"}, "limits": {"cpu": "1"}})
    done = after(
        before, "resources agent:requests.cpu=200m", "resources agent:limits.cpu-", "resources *:limits.a.b/c=1"
    )
    first, second = pod_spec(done)["containers"]
    assert first["resources"] == {"requests": {"cpu": "200m", "memory": "1Gi"}, "limits": {"a.b/c": "1"}}
    assert second["resources"] == {"limits": {"a.b/c": "1"}}


@pytest.mark.parametrize("there", [None, {}, {"limits": {"cpu": "1"}}, {"requests": {"memory": "1Gi"}}])
def test_maps_that_are_missing_are_added_and_a_racing_one_is_kept(there: Object | None) -> None:
    before = thing(resources=there)
    patch = patch_for(read(before), wish("resources agent:requests.cpu=1"))
    done = jsonpatch.apply(before, patch.operations)
    assert pod_spec(done)["containers"][0]["resources"]["requests"]["cpu"] == "1"
    raced = copy.deepcopy(before)
    pod_spec(raced)["containers"][0].setdefault("resources", {}).setdefault("requests", {})["cpu"] = "7"
    with pytest.raises(jsonpatch.Unprocessable):
        jsonpatch.apply(raced, patch.operations)


def test_an_equal_amount_is_no_change_and_is_not_written() -> None:
    before = thing(resources={"requests": {"cpu": "500m"}})
    assert isinstance(decide.one(read(before), wish("resources agent:requests.cpu=0.5")), Skip)
    patch = patch_for(read(before), wish("resources agent:requests.cpu=0.5", "agent=agent:2"))
    assert f'test {C0}/resources/requests/cpu "500m"' in operations(patch)
    assert not [line for line in operations(patch) if line.startswith(f"add {C0}/resources")]


# --- labels and annotations


def test_labels_and_annotations_of_the_pods() -> None:
    before = thing(pods={"labels": {"app": "ceo", "old": "x"}, "annotations": {"a/b": "1"}})
    done = after(before, "label tier=agents", "label old-", "annotation a/b=2", "annotation note=x: y")
    assert done["spec"]["template"]["metadata"] == {
        "labels": {"app": "ceo", "tier": "agents"},
        "annotations": {"a/b": "2", "note": "x: y"},
    }


@pytest.mark.parametrize("pods", [{}, {"labels": {"app": "ceo"}}])
def test_a_template_without_annotations_gets_them(pods: Object) -> None:
    """A CronJob's template may lack its metadata altogether."""
    before = thing(kind="CronJob", pods=pods)
    done = after(before, "annotation a=1", "label b=2")
    meta = done["spec"]["jobTemplate"]["spec"]["template"]["metadata"]
    assert meta == {"labels": {**pods.get("labels", {}), "b": "2"}, "annotations": {"a": "1"}}


def test_what_is_only_of_the_workload_rolls_nothing_and_leaves_no_deploy_id() -> None:
    """A later step of this deploy may still roll it once."""
    before = thing(labels={"old": "x"})
    words = ("workload-label team=a", "workload-label old-", "workload-annotation owner=b")
    patch = patch_for(read(before), wish(*words))
    assert (patch.cost.disruption, patch.in_template) == (Disruption.NONE, False)
    done = after(before, *words)
    assert (done["metadata"]["labels"], done["metadata"]["annotations"]) == ({"team": "a"}, {"owner": "b"})
    assert done["spec"] == before["spec"]
    assert isinstance(decide.one(read(done), wish("agent=agent:2")), Patch)


def test_they_go_into_the_patch_of_what_rolls() -> None:
    done = after(thing(), "agent=agent:2", "workload-annotation owner=b", commit="4f2c0d9")
    assert done["metadata"]["annotations"] == {
        "owner": "b",
        "rollonce.dev/deploy-id": "run-2",
        "rollonce.dev/commit": "4f2c0d9",
    }


def test_a_label_that_the_selector_needs_may_not_change() -> None:
    for words in ("label app=cso", "label app-"):
        refused = decide.one(read(thing()), wish(words, "agent=agent:2"))
        assert isinstance(refused, Refuse)
        assert refused.reason is RefuseReason.SELECTOR
        assert refused.detail == "it finds its pods by the label app, which may not change"
    assert isinstance(decide.one(read(thing()), wish("label app=ceo")), Skip)
    by_expression = thing(pods={"labels": {"tier": "a"}})
    by_expression["spec"]["selector"] = {"matchExpressions": [{"key": "tier", "operator": "In", "values": ["a", "b"]}]}
    assert isinstance(decide.one(read(by_expression), wish("label tier=b")), Refuse)


# --- restart


def restarted_at(of: Object) -> str | None:
    annotations: dict[str, str] = of["spec"]["template"]["metadata"].get("annotations", {})
    return annotations.get("kubectl.kubernetes.io/restartedAt")


def test_a_restart_goes_into_the_same_patch() -> None:
    done = after(thing(), "restart", "agent=agent:2", "env agent:A=1")
    assert restarted_at(done) == NOW
    assert done["metadata"]["annotations"]["rollonce.dev/restarted-by"] == "run-2"


def test_an_earlier_restart_is_kept() -> None:
    """Without it in the template the pods would be replaced by pods that are no newer."""
    before = thing(pods={"labels": {"app": "ceo"}, "annotations": {"kubectl.kubernetes.io/restartedAt": "then"}})
    assert restarted_at(after(before, "agent=agent:2")) == "then"


def test_a_re_run_of_the_deploy_does_not_restart_once_more() -> None:
    done = after(thing(), "restart")
    done["spec"]["template"]["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"] = "a little earlier"
    assert isinstance(decide.one(read(done), wish("restart")), Skip)
    assert isinstance(decide.one(read(done), wish("restart", deploy="run-3")), Patch)
    assert isinstance(decide.one(read(done), wish("restart", again=True)), Patch)


def test_a_restart_after_a_change_in_the_same_deploy_is_refused_and_not_forgotten() -> None:
    done = after(thing(), "agent=agent:2")
    refused = decide.one(read(done), wish("restart"))
    assert isinstance(refused, Refuse)
    assert refused.reason is RefuseReason.SECOND_ROLL


def test_the_mark_of_a_restart_that_came_back_with_an_undo_counts_for_nothing() -> None:
    done = after(thing(), "restart")
    done["metadata"]["annotations"]["rollonce.dev/deploy-id"] = "run-1"
    done["spec"]["template"]["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"] = "a little earlier"
    assert isinstance(decide.one(read(done), wish("restart")), Patch)


def test_a_cron_job_has_nothing_to_restart() -> None:
    operation = decide.one(read(thing(kind="CronJob")), wish("restart", "agent=agent:2"))
    assert isinstance(operation, Patch)
    assert [(r.reason, r.detail) for r in operation.remarks] == [
        (Note.NO_RESTART, "a CronJob has no pods to restart, skipped")
    ]
    assert "restartedAt" not in operation.operations.decode()


def test_a_restart_may_be_for_one_workload() -> None:
    skip = decide.one(read(thing()), wish("restart deploy/cso"))
    assert isinstance(skip, Skip)
    assert (skip.reason, skip.detail) == (SkipReason.NOT_MEANT, "nothing is wanted of it")
    assert restarted_at(after(thing(), "restart deploy/ceo")) == NOW


# --- contradictions


@pytest.mark.parametrize(
    ("first", "second", "fact"),
    [
        (
            "env agent:LOG=a",
            "env agent:LOG=b",
            "--set-env 'agent:LOG=a' and --set-env 'agent:LOG=b' want different values for agent:LOG",
        ),
        (
            "env agent:LOG=a",
            "env agent:LOG-",
            "--set-env 'agent:LOG=a' and --set-env 'agent:LOG-' want different values for agent:LOG",
        ),
        (
            "env agent:API_TOKEN=hunter2",
            "env agent:API_TOKEN=hunter3",
            "--set-env 'agent:API_TOKEN=(hidden)' and --set-env 'agent:API_TOKEN=(hidden)'"
            " want different values for agent:API_TOKEN",
        ),
        (
            "label deploy/ceo:a=1",
            "label deployment/ceo:a=2",
            "--label 'deploy/ceo:a=1' and --label 'deployment/ceo:a=2' want different values"
            " for label deployment/ceo:a",
        ),
        (
            "restart",
            "annotation kubectl.kubernetes.io/restartedAt=now",
            "--restart and --annotation 'kubectl.kubernetes.io/restartedAt=now' want different values for"
            " annotation kubectl.kubernetes.io/restartedAt",
        ),
    ],
)
def test_a_contradiction_names_both_origins(first: str, second: str, fact: str) -> None:
    with pytest.raises(ContradictingEdits) as caught:
        wants(first, "agent=agent:2", second)
    assert caught.value.fact == fact


def test_what_is_for_the_pods_and_what_is_for_the_workload_do_not_contradict() -> None:
    assert len(wants("label a=1", "workload-label a=2", "annotation a=3", "workload-annotation a=4").edits) == 4


# --- what is shown


def test_a_credential_is_in_the_patch_and_nowhere_else() -> None:
    before = thing([{"name": "DB_PASSWORD", "value": "hunter1"}, {"name": "URL", "value": "https://u:hunter0@db/x"}])
    patch = patch_for(read(before), wish("env agent:DB_PASSWORD=hunter2", "env agent:URL=https://db/x"))
    assert b"hunter2" in patch.operations
    assert "hunter" not in repr(patch)
    assert [(c.old, c.new) for c in patch.changes] == [("(hidden)", "(hidden)"), ("(hidden)", "https://db/x")]


def test_changes_in_words() -> None:
    before = thing([LOG, FROM_SECRET], resources={"requests": {"cpu": "1"}})
    words = (
        "agent=agent:2",
        "env agent:LOG=two\nlines",
        "env agent:API_TOKEN-",
        "env git-sync:EMPTY=",
        "resources agent:requests.cpu=2",
        "label tier=agents",
        f"workload-annotation note={'long ' * 20}",
    )
    patch = patch_for(read(before), wish(*words))
    assert [changes.line(change) for change in patch.changes] == [
        "agent: 1 -> 2 of agent",
        "agent: env API_TOKEN: (from secretKeyRef) -> (none)",
        "agent: env LOG: info -> two\\nlines",
        "agent: requests cpu: 1 -> 2",
        'git-sync: env EMPTY: (none) -> ""',
        "label tier: (none) -> agents",
        "workload annotation note: (none) -> long long long long long long long long long ...",
    ]
    assert all(isinstance(change, ValueChange) for change in patch.changes[1:])


def test_the_patch_does_not_depend_on_the_order_of_the_options() -> None:
    words = ("agent=agent:2", "env *:A=1", "env agent:A=1", "label x=1", "restart", "resources *:limits.cpu=1")
    assert operations(patch_for(read(thing()), wish(*words))) == operations(
        patch_for(read(thing()), wish(*words[::-1]))
    )
