"""Reading, watching and plain writes, in the words of a real API server."""

from __future__ import annotations

import pytest

from tests.sim.api.asking import DEPLOYMENTS, Asking, deployment, events


@pytest.fixture
def api() -> Asking:
    return Asking()


def test_what_is_created_can_be_read(api: Asking) -> None:
    made = api.create(deployment())
    assert api.ask("GET", f"{DEPLOYMENTS}/ceo") == (200, made)
    assert made["metadata"]["generation"] == 1


def test_a_missing_object_is_named(api: Asking) -> None:
    code, said = api.ask("GET", f"{DEPLOYMENTS}/cso")
    assert (code, said["reason"], said["message"]) == (404, "NotFound", 'deployments.apps "cso" not found')
    assert said["details"] == {"name": "cso", "group": "apps", "kind": "deployments"}


def test_pages_are_of_one_moment(api: Asking) -> None:
    for name in "abc":
        api.create(deployment(name))
    _, first = api.ask("GET", DEPLOYMENTS, limit="2")
    api.ask("DELETE", f"{DEPLOYMENTS}/c")
    _, rest = api.ask("GET", DEPLOYMENTS, limit="2", **{"continue": first["metadata"]["continue"]})
    assert first["metadata"]["remainingItemCount"] == 1
    assert [item["metadata"]["name"] for item in first["items"] + rest["items"]] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("selector", "found"),
    [("app=a", "a"), ("app!=a", "bc"), ("app in (a,b)", "ab"), ("app notin (a)", "bc"), ("app", "abc"), ("!app", "")],
)
def test_label_selectors(api: Asking, selector: str, found: str) -> None:
    for name in "abc":
        api.create(deployment(name))
    _, listed = api.ask("GET", DEPLOYMENTS, labelSelector=selector)
    assert [item["metadata"]["name"] for item in listed["items"]] == list(found)


def test_a_watch_begins_with_what_is_there_and_says_where_that_ends(api: Asking) -> None:
    api.create(deployment("a"))
    watch = api.watch(sendInitialEvents="true", resourceVersionMatch="NotOlderThan", allowWatchBookmarks="true")
    assert events(watch) == [("ADDED", "a"), ("BOOKMARK", "")]
    api.patch("a", {"metadata": {"labels": {"x": "y"}}}, "merge")
    assert events(watch) == [("MODIFIED", "a")]


def test_what_stops_matching_is_deleted_for_that_watch(api: Asking) -> None:
    api.create(deployment("a"))
    watch = api.watch(labelSelector="app=a", resourceVersion="0")
    api.patch("a", {"metadata": {"labels": {"app": "z"}}}, "merge")
    assert events(watch) == [("ADDED", "a"), ("DELETED", "a")]


def test_a_watch_resumes_where_it_broke_off_and_ends_in_virtual_time(api: Asking) -> None:
    version = api.create(deployment("a"))["metadata"]["resourceVersion"]
    api.create(deployment("b"))
    watch = api.watch(resourceVersion=version, timeoutSeconds="10")
    assert events(watch) == [("ADDED", "b")]
    assert api.cluster.next_due() == api.now + 10
    api.cluster.advance(api.now + 10)
    assert watch.closed
    assert watch.take() == b""


def test_a_json_patch_tests_null_against_what_is_not_there(api: Asking) -> None:
    api.create(deployment())
    absent = {"op": "test", "path": "/metadata/annotations", "value": None}
    image = {"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "a:2"}
    code, changed = api.patch("ceo", [absent, image], "json")
    assert code == 200
    assert changed["spec"]["template"]["spec"]["containers"][0]["image"] == "a:2"
    assert changed["metadata"]["generation"] == 2


def test_a_failed_test_says_no_more_than_that(api: Asking) -> None:
    api.create(deployment())
    code, said = api.patch("ceo", [{"op": "test", "path": "/metadata/uid", "value": "x"}], "json")
    assert (code, said["reason"], said["details"]) == (422, "Invalid", {})
    assert said["message"] == "the server rejected our request due to an error in our request"


def test_an_old_version_is_a_conflict(api: Asking) -> None:
    made = api.create(deployment())
    api.patch("ceo", {"spec": {"replicas": 2}}, "merge")
    code, said = api.ask("PUT", f"{DEPLOYMENTS}/ceo", made)
    assert (code, said["reason"]) == (409, "Conflict")
    assert said["message"].startswith('Operation cannot be fulfilled on deployments.apps "ceo": the object has been')


def test_a_write_that_changes_nothing_changes_nothing(api: Asking) -> None:
    made = api.create(deployment())
    assert api.ask("PUT", f"{DEPLOYMENTS}/ceo", made) == (200, made)


def test_a_dry_run_is_answered_and_not_stored(api: Asking) -> None:
    made = api.create(deployment())
    code, tried = api.patch("ceo", {"spec": {"replicas": 7}}, "merge", dryRun="All")
    assert (code, tried["spec"]["replicas"], tried["metadata"]["generation"]) == (200, 7, 2)
    assert api.ask("GET", f"{DEPLOYMENTS}/ceo") == (200, made)


def test_what_is_wrong_is_named_field_by_field(api: Asking) -> None:
    wrong = deployment(agent="")
    wrong["spec"]["selector"] = {"matchLabels": {"app": "other"}}
    code, said = api.ask("POST", DEPLOYMENTS, wrong)
    assert code == 422
    assert [cause["field"] for cause in said["details"]["causes"]] == [
        "spec.template.metadata.labels",
        "spec.template.spec.containers[0].image",
    ]


def test_a_selector_stays(api: Asking) -> None:
    api.create(deployment())
    new = {"app": "x"}
    code, said = api.patch(
        "ceo", {"spec": {"selector": {"matchLabels": new}, "template": {"metadata": {"labels": new}}}}, "merge"
    )
    assert code == 422
    assert said["message"].endswith('spec.selector: Invalid value: {"matchLabels":{"app":"x"}}: field is immutable')


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b"null", b'{"spec": 3}', b'{"metadata": []}', b"[" * 100_000])
def test_no_body_breaks_it(api: Asking, body: bytes) -> None:
    code, said = api.ask("POST", DEPLOYMENTS, body)
    assert code in (400, 422)
    assert said["kind"] == "Status"


def test_a_body_has_a_limit(api: Asking) -> None:
    assert api.ask("POST", DEPLOYMENTS, b" " * 4_000_000)[0] == 413


def test_every_right_is_there(api: Asking) -> None:
    review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": {}}
    code, said = api.ask("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", review)
    assert (code, said["status"]) == (201, {"allowed": True})


def test_a_finalizer_keeps_what_is_deleted_until_it_is_gone(api: Asking) -> None:
    api.create(deployment() | {"metadata": {"name": "ceo", "finalizers": ["x/y"]}})
    _, going = api.ask("DELETE", f"{DEPLOYMENTS}/ceo")
    assert "deletionTimestamp" in going["metadata"]
    api.patch("ceo", {"metadata": {"finalizers": None}}, "merge")
    assert api.ask("GET", f"{DEPLOYMENTS}/ceo")[0] == 404


def test_a_pod_is_given_its_grace(api: Asking) -> None:
    pods = "/api/v1/namespaces/default/pods"
    spec = {"nodeName": "n", "containers": [{"name": "a", "image": "a"}]}
    api.ask("POST", pods, {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": spec})
    _, going = api.ask("DELETE", f"{pods}/p")
    assert going["metadata"]["deletionGracePeriodSeconds"] == 30
    assert api.ask("DELETE", f"{pods}/p", gracePeriodSeconds="0")[1]["kind"] == "Pod"
    assert api.ask("GET", f"{pods}/p")[0] == 404


def test_discovery_names_what_is_served(api: Asking) -> None:
    _, apps = api.ask("GET", "/apis/apps/v1")
    names = {each["name"] for each in apps["resources"]}
    assert {"deployments", "deployments/scale", "deployments/status", "statefulsets"} <= names
    assert api.ask("GET", "/version")[1]["minor"] == "36"
    assert [group["name"] for group in api.ask("GET", "/apis")[1]["groups"]].count("apps") == 1
