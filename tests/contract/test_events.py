"""What controllers and the scheduler say of the same commands; kubelets are left out: the real side has none."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from tests.contract import shapes
from tests.contract.twin import PATIENCE, Twin

pytestmark = [pytest.mark.cluster, pytest.mark.contract]

WRITERS = frozenset({
    "deployment-controller", "replicaset-controller", "statefulset-controller", "daemonset-controller",
    "job-controller", "default-scheduler",
})  # fmt: skip
# The end of a pod's name that a controller has made up; a pod that is gone has no word of its own.
_RANDOM = re.compile(r"(<[\w-]+?>|collector|once)-[bcdfghjklmnpqrstvwxz2456789]{5}\b")
_POD = re.compile(r"<<?[\w-]+>?-pod-\d+>")


def _word(text: str, names: Mapping[str, str]) -> str:
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, names[name])
    return _POD.sub("<pod>", _RANDOM.sub("<pod>", text))


def _row(event: Any, names: Mapping[str, str]) -> str:
    """An Event less what no two clusters have in common; retries of the scheduler come as its queue has it."""
    about = event["involvedObject"]
    shown = {
        "source": event["source"].get("component") or event["reportingComponent"],
        "object": f"{about['kind']}/{_word(about['name'], names)}",
        "apiVersion": about["apiVersion"],
        "type": event["type"],
        "reason": event["reason"],
        "message": _word(event["message"], names),
        "action": event.get("action"),
        "count": event.get("count"),
        "managers": [
            (entry["manager"], entry["apiVersion"], sorted(entry["fieldsV1"]))
            for entry in event["metadata"]["managedFields"]
            if event["reason"] != "FailedScheduling"
        ],
    }
    return json.dumps(shown)


def _said(twin: Twin) -> list[list[str]]:
    """The Events of both sides."""
    command = [str(twin.program), "get", "events", "-o", "json", "--show-managed-fields"]
    rows = []
    for side, said in zip((twin.real, twin.simulated), twin.ask(command), strict=True):
        assert said.code == 0, said
        found = Counter(
            _row(event, side.names)
            for event in json.loads(said.stdout)["items"]
            if (event["source"].get("component") or event["reportingComponent"]) in WRITERS
        )
        rows.append(sorted(row if "FailedScheduling" in row else f"{times} x {row}" for row, times in found.items()))
    return rows


def events(twin: Twin) -> list[str]:
    """Compares the Events of both sides; they come a little after what they tell of."""
    twin.learn()
    end = time.monotonic() + PATIENCE
    real, simulated = _said(twin)
    while real != simulated and time.monotonic() < end:
        time.sleep(0.5)
        real, simulated = _said(twin)
    twin.compare("the events", real, simulated)
    return real


def image(twin: Twin, workload: str, tag: str) -> None:
    twin.kubectl("set", "image", workload, f"web=registry.example/web:{tag}")
    twin.settled(workload)


@pytest.mark.parametrize("strategy", ["RollingUpdate", "Recreate"])
def test_a_deployment_tells_of_its_rollouts_and_scalings(twin: Twin, strategy: str) -> None:
    twin.kubectl("create", "-f", "-", given=shapes.deployment(strategy={"type": strategy}))
    twin.settled("deployment/web")
    image(twin, "deployment/web", "2")
    twin.kubectl("scale", "deployment/web", "--replicas=4")
    twin.settled("deployment/web")
    twin.kubectl("scale", "deployment/web", "--replicas=0")
    twin.settled("deployment/web")
    twin.kubectl("rollout", "undo", "deployment/web")
    twin.settled("deployment/web")
    found = events(twin)
    assert any("from 0 to 2" in row for row in found)
    assert any("SuccessfulDelete" in row for row in found)
    assert any("Successfully assigned" in row for row in found)


def test_many_pods_are_told_of_together(twin: Twin) -> None:
    """The tenth message that is like others is combined with them, and a source sends 25 about an object."""
    twin.kubectl("create", "-f", "-", given=shapes.deployment(replicas=30))
    twin.settled("deployment/web")
    assert any("combined from similar events" in row for row in events(twin))


def test_a_statefulset_counts_what_happens_again(twin: Twin) -> None:
    thing = shapes.statefulset()
    twin.kubectl("create", "-f", "-", given=thing)
    twin.settled("statefulset/queue")
    image(twin, "statefulset/queue", "2")
    image(twin, "statefulset/queue", "3")
    twin.kubectl("scale", "statefulset/queue", "--replicas=1")
    twin.settled("statefulset/queue")
    assert any('"count": 3' in row for row in events(twin))


def test_a_daemonset_tells_of_its_pods(twin: Twin) -> None:
    twin.kubectl("create", "-f", "-", given=shapes.daemonset())
    twin.settled("daemonset/collector")
    image(twin, "daemonset/collector", "2")
    assert any("SuccessfulDelete" in row for row in events(twin))


def test_a_job_tells_of_its_end(twin: Twin) -> None:
    twin.kubectl("create", "job", "once", "--image=registry.example/job:1")
    twin.kubectl("wait", "--for=condition=complete", "job/once", "--timeout=60s")
    assert any("Job completed" in row for row in events(twin))


def test_what_fits_on_no_node_is_told(twin: Twin) -> None:
    thing = shapes.deployment()
    thing["spec"]["template"]["spec"]["nodeSelector"] = {"no": "where"}
    twin.kubectl("create", "-f", "-", given=thing)
    twin.until("pods", lambda pods: len(pods) == 2 and all(pod["status"].get("conditions") for pod in pods))
    assert any("FailedScheduling" in row for row in events(twin))


@pytest.fixture
def fleet(twin: Twin) -> Twin:
    """A workload of each kind, whose Events are there."""
    for thing in (shapes.deployment(), shapes.statefulset(), shapes.daemonset()):
        twin.kubectl("create", "-f", "-", given=thing)
    twin.settled("deployment/web", "statefulset/queue", "daemonset/collector")
    events(twin)
    return twin


@pytest.mark.parametrize("what", ["deployment/web", "replicasets", "statefulset/queue", "daemonset/collector"])
def test_describe_shows_events(fleet: Twin, what: str) -> None:
    # Those of one second come in any order.
    fleet.kubectl("describe", what, unordered=True)


@pytest.mark.parametrize("group", ["events", "events.events.k8s.io"])
def test_events_are_listed_and_selected(fleet: Twin, group: str) -> None:
    about = "involvedObject" if group == "events" else "regarding"
    for kind in ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"):
        selector = f"{about}.kind={kind}"
        fleet.kubectl("get", group, "--field-selector", selector, unordered=True)
        # Its last column is a name that ends in a time.
        wide = "custom-columns=A:.type,B:.reason,C:.message,D:.note,E:.source.component,F:.deprecatedCount,G:.count"
        fleet.kubectl("get", group, "--field-selector", selector, "-o", wide, unordered=True)
    fleet.kubectl("get", group, "--field-selector", f"{about}.name=absent")
    fleet.kubectl("get", group, "--field-selector", f"{about}.color=red", code=1)
    fleet.kubectl("get", group, "--field-selector", "source=deployment-controller", code=int(group != "events"))


def test_kubectl_events(fleet: Twin) -> None:
    for what in ("deployment/web", "statefulset/queue", "daemonset/collector"):
        fleet.kubectl("events", "--for", what, unordered=True)
        fleet.kubectl("events", "--for", what, "--types=Warning")
    fleet.kubectl("events", "--for", "deployment/absent")


def test_both_groups_take_an_event(twin: Twin) -> None:
    about = {"kind": "Pod", "name": "p", "namespace": twin.real.namespace}
    told = {"reason": "Odd", "type": "Warning", "action": "Do", "reportingInstance": "x-1"}
    posted = {
        "apiVersion": "events.k8s.io/v1", "kind": "Event", "metadata": {"name": "p.1"}, "regarding": about,
        "note": "something odd", "reportingController": "x.example/y", "eventTime": "2026-01-01T00:00:00.000000Z",
        **told,
    }  # fmt: skip
    twin.kubectl("create", "-f", "-", given=posted)
    legacy = {"apiVersion": "v1", "kind": "Event", "metadata": {"name": "p.2"}, "involvedObject": about, "count": 2}
    twin.kubectl("create", "-f", "-", given={**legacy, "reason": "Odd", "type": "Odd", "message": "again"})
    for group in ("events", "events.events.k8s.io"):
        twin.kubectl("get", group, "-o", "yaml")
        twin.kubectl("get", group, "-o", "wide")
    twin.kubectl("delete", "events", "--all")
    twin.kubectl("get", "events.events.k8s.io")
