"""Events through both API groups: one store, two views."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sim.agreement.pair import Pair
from tests.sim.agreement.test_reading import TABLE, rows

pytestmark = pytest.mark.cluster
CORE = "/api/v1/namespaces/{ns}/events"
CURRENT = "/apis/events.k8s.io/v1/namespaces/{ns}/events"
BOTH = pytest.mark.parametrize("path", [CORE, CURRENT], ids=["core", "events.k8s.io"])


def _legacy(pair: Pair, name: str = "web.1", **more: Any) -> dict[str, Any]:
    about = {"kind": "Deployment", "namespace": pair.namespace, "name": "web", "uid": "u-1", "apiVersion": "apps/v1"}
    told = {
        "involvedObject": about, "reason": "ScalingReplicaSet", "message": "Scaled", "type": "Normal", "count": 3,
        "source": {"component": "deployment-controller"}, "firstTimestamp": "2026-01-01T00:00:00Z",
        "lastTimestamp": "2026-01-01T00:01:00Z", "reportingComponent": "deployment-controller",
    }  # fmt: skip
    return {"apiVersion": "v1", "kind": "Event", "metadata": {"name": name}, **told, **more}


def _current(pair: Pair, name: str = "pod.1", **more: Any) -> dict[str, Any]:
    about = {"kind": "Pod", "namespace": pair.namespace, "name": "pod", "uid": "u-2", "fieldPath": "spec.containers{a}"}
    told = {
        "regarding": about, "reason": "Scheduled", "note": "Assigned", "type": "Normal", "action": "Binding",
        "eventTime": "2026-01-01T00:00:00.123456Z", "reportingController": "default-scheduler",
        "reportingInstance": "default-scheduler-1",
    }  # fmt: skip
    return {"apiVersion": "events.k8s.io/v1", "kind": "Event", "metadata": {"name": name}, **told, **more}


def _fill(pair: Pair) -> None:
    pair.ask("POST", CORE, _legacy(pair))
    pair.ask("POST", CURRENT, _current(pair))
    series = {"count": 4, "lastObservedTime": "2026-01-01T00:05:00.000000Z"}
    pair.ask("POST", CURRENT, _current(pair, "pod.2", series=series, type="Warning", reason="FailedScheduling"))


@BOTH
def test_one_store_has_two_views(pair: Pair, path: str) -> None:
    _fill(pair)
    pair.ask("GET", path)
    for name in ("web.1", "pod.1", "pod.2"):
        pair.ask("GET", f"{path}/{name}")
    pair.ask("GET", path, accept=TABLE, see=rows)
    pair.ask("GET", path, accept=TABLE, query={"includeObject": "Object"}, see=rows)
    pair.ask("GET", path, query={"watch": "1", "resourceVersion": "0", "timeoutSeconds": "1"})
    pair.ask("DELETE", f"{path}/web.1")
    pair.ask("DELETE", path)
    pair.ask("GET", CORE)


_SELECTORS = (
    "involvedObject.name=web", "involvedObject.kind=Pod", "involvedObject.uid=u-2", "involvedObject.apiVersion=apps/v1",
    "involvedObject.fieldPath=spec.containers{a}", "involvedObject.namespace!=x",
    "regarding.name=web", "regarding.kind=Pod", "regarding.uid=u-2", "regarding.fieldPath!=", "reason=Scheduled",
    "type!=Normal", "source=deployment-controller", "source=default-scheduler", "reportingComponent=default-scheduler",
    "reportingController=default-scheduler", "deprecatedSource=x", "note=x", "message=x", "metadata.name=web.1",
    "count=3", "action=Binding",
)  # fmt: skip


@BOTH
def test_both_views_are_selected_from(pair: Pair, path: str) -> None:
    _fill(pair)
    for selector in _SELECTORS:
        pair.ask("GET", path, query={"fieldSelector": selector})


_CHANGES: list[tuple[str, Any]] = [
    ("merge", {"metadata": {"labels": {"a": "b"}}}),
    ("merge", {"count": 7}),
    ("merge", {"message": "other"}),
    ("merge", {"note": "other"}),
    ("merge", {"reportingComponent": "x.example/y"}),
    ("merge", {"reportingController": "x.example/y"}),
    ("merge", {"action": "Other"}),
    ("merge", {"type": "Odd", "reason": ""}),
    ("merge", {"series": {"count": 2, "lastObservedTime": "2026-01-01T00:09:00.000000Z"}}),
    ("strategic", {"series": {"count": 1}}),
    ("strategic", {"count": 5, "lastTimestamp": "2026-01-01T00:09:00Z"}),
    ("json", [{"op": "replace", "path": "/reason", "value": "Else"}]),
]


@BOTH
@pytest.mark.parametrize("name", ["web.1", "pod.1"])
def test_both_views_are_patched(pair: Pair, path: str, name: str) -> None:
    _fill(pair)
    for media, change in _CHANGES:
        pair.ask("PATCH", f"{path}/{name}", change, media=media, agent="other/1")
        pair.ask("GET", f"{CORE}/{name}")
        pair.ask("GET", f"{CURRENT}/{name}")


_ODD: list[dict[str, Any]] = [
    {"eventTime": None},
    {"eventTime": "2026-01-01T00:00:00.5Z"},
    {"eventTime": "2026-01-01T00:00:00Z"},
    {"eventTime": "2026-01-01T00:00:00.500000Z", "action": None, "reason": None, "reportingInstance": None},
    {"type": "Odd"},
    {"type": None},
    {"reason": "r" * 129},
    {"action": "r" * 129},
    {"note": "n" * 1025, "message": "n" * 1025},
    {"regarding": {"namespace": "other"}, "involvedObject": {"namespace": "other"}},
    {"regarding": {}, "involvedObject": {}},
    {"reportingController": "a b", "reportingComponent": "a b"},
    {"reportingController": None, "reportingComponent": None},
    {"series": {"count": 1}},
    {"deprecatedCount": 3, "deprecatedFirstTimestamp": "2026-01-01T00:00:00Z", "deprecatedSource": {"host": "x"}},
    {"related": {"kind": "Pod", "name": "other"}},
    {"metadata": {"name": "Upper.1"}},
    {"metadata": {"generateName": "made-"}},
]


@pytest.mark.parametrize("more", _ODD, ids=[str(number) for number in range(len(_ODD))])
def test_what_may_be_posted(pair: Pair, more: dict[str, Any]) -> None:
    named = "generateName" in more.get("metadata", {})

    def see(thing: Any) -> Any:
        if named and isinstance(thing, dict):
            thing.get("metadata", {}).pop("name", None)
        return thing

    # What the one group does not know is left out by it, with a warning.
    pair.ask("POST", CORE, _legacy(pair, "legacy", **more), see=see)
    pair.ask("POST", CURRENT, _current(pair, "current", **more), see=see)


def test_a_put_makes_one_and_an_apply_owns_it(pair: Pair) -> None:
    pair.ask("PUT", f"{CORE}/web.1", _legacy(pair))
    pair.ask("PUT", f"{CURRENT}/pod.1", _current(pair))
    pair.ask("PUT", f"{CURRENT}/pod.1", _current(pair, note="changed"))
    for path, thing in ((CORE, _legacy(pair, "applied")), (CURRENT, _current(pair, "applied.2"))):
        name = thing["metadata"]["name"]
        for force in ("false", "true"):
            query = {"fieldManager": "one", "force": force}
            pair.ask("PATCH", f"{path}/{name}", {**thing, "action": "Again"}, media="apply", query=query)
        pair.ask("GET", f"{CORE}/{name}")
        pair.ask("GET", f"{CURRENT}/{name}")


@BOTH
def test_an_event_of_another_group_is_refused(pair: Pair, path: str) -> None:
    pair.ask("POST", path, _current(pair) if path == CORE else _legacy(pair))
    pair.ask("GET", f"{path}/absent")
    pair.ask("POST", path, {"metadata": {}})
    pair.ask("POST", path, _legacy(pair, "") if path == CORE else _current(pair, ""))
    pair.ask("POST", path, {**_legacy(pair), "metadata": {"name": "web.2", "labels": {"a b": "c"}}, "reason": ""})
