"""Records what watches say while changes roll out: `python -m tests.recordings.record [SCENARIO...]`.

Starts the real control plane and writes one file for each scenario beside this one.
"""

from __future__ import annotations

import http.client
import json
import ssl
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tests.controlplane import api, build, manifests
from tests.controlplane.description import ControlPlane
from tests.controlplane.starting import Running
from tests.controlplane.waiting import until
from tests.recordings.recording import FOLDER, Header, Object, Recording, WatchEvent

OLD = "registry.test/agent:a1"
NEW = "registry.test/agent:b2"
NEVER = "registry.test/agent:never-b2"
NAME = "agent"
PLURALS = {"Deployment": "deployments", "StatefulSet": "statefulsets", "DaemonSet": "daemonsets"}
QUIET = 1.5
LONGEST = 30.0


@dataclass(frozen=True, slots=True)
class Scenario:
    """What to create, what to bring it to before the recording, and what happens while it runs.

    `earlier` are images that are rolled out before; `least` is how many seconds the recording takes at least.
    """

    manifest: Object
    image: str = NEW
    earlier: tuple[str, ...] = ()
    pods: int = 3
    updated: int | None = None
    scale_to: int | None = None
    paused: bool = False
    least: float = 2.0


def _deployment(image: str = OLD, **options: Any) -> Object:
    return manifests.deployment(NAME, {"agent": image}, **{"replicas": 3, "annotations": SLOW, **options})


SLOW = {"rollonce.test/start-delay": "200ms", "rollonce.test/ready-delay": "300ms", "rollonce.test/stop-delay": "300ms"}
SOON: dict[str, Any] = {"progressDeadlineSeconds": 3}

SCENARIOS = {
    "deployment-rolling": Scenario(_deployment()),
    "deployment-recreate": Scenario(_deployment(replicas=2, strategy="Recreate"), pods=2),
    "deployment-recreate-after-failure": Scenario(
        _deployment(NEVER.replace("b2", "a1"), replicas=2, strategy="Recreate", **SOON), pods=2
    ),
    "deployment-recreate-revert-after-failure": Scenario(
        _deployment(replicas=2, strategy="Recreate", **SOON), image=OLD, earlier=(NEVER,), pods=2
    ),
    "deployment-revert": Scenario(_deployment(), image=OLD, earlier=(NEW,)),
    "deployment-zero": Scenario(_deployment(replicas=0), pods=0),
    "deployment-scaled": Scenario(_deployment(), scale_to=5),
    "deployment-paused": Scenario(_deployment(), paused=True),
    "deployment-fails": Scenario(_deployment(**SOON), image=NEVER, least=8.0),
    "deployment-after-failure": Scenario(_deployment(NEVER.replace("b2", "a1"), **SOON)),
    "statefulset": Scenario(manifests.statefulset(NAME, {"agent": OLD}, replicas=3, annotations=SLOW)),
    "statefulset-partition": Scenario(
        manifests.statefulset(
            NAME,
            {"agent": OLD},
            replicas=3,
            annotations=SLOW,
            updateStrategy={"type": "RollingUpdate", "rollingUpdate": {"partition": 2}},
        ),
        updated=1,
    ),
    "statefulset-zero": Scenario(manifests.statefulset(NAME, {"agent": OLD}, replicas=0), pods=0),
    "daemonset": Scenario(manifests.daemonset(NAME, {"agent": OLD}, annotations=SLOW)),
    "daemonset-surge": Scenario(
        manifests.daemonset(
            NAME,
            {"agent": OLD},
            annotations=SLOW,
            updateStrategy={"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
        )
    ),
}


class Watching:
    """Watches of the workload, its pods and its ReplicaSets, from one moment on."""

    def __init__(self, plane: ControlPlane, namespace: str, kind: str) -> None:
        self._plane = plane
        self._events: list[WatchEvent] = []
        self._connections: list[http.client.HTTPSConnection] = []
        self.last = time.monotonic()
        for each, path in {
            kind: f"/apis/apps/v1/namespaces/{namespace}/{PLURALS[kind]}",
            "ReplicaSet": f"/apis/apps/v1/namespaces/{namespace}/replicasets",
            "Pod": f"/api/v1/namespaces/{namespace}/pods",
        }.items():
            found = api.get(plane, path)
            self._events += [WatchEvent("ADDED", each, trimmed(item)) for item in found["items"]]
            self._follow(each, f"{path}?watch=true&resourceVersion={found['metadata']['resourceVersion']}")

    def _follow(self, kind: str, path: str) -> None:
        target = urlsplit(self._plane.server)
        context = ssl.create_default_context(cafile=self._plane.authority)
        connection = http.client.HTTPSConnection(target.hostname or "", target.port, context=context)
        token = self._plane.tokens["admin"]
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}", "Accept": "application/json"})
        answer = connection.getresponse()
        self._connections.append(connection)
        threading.Thread(target=self._take, args=[kind, answer], daemon=True).start()

    def _take(self, kind: str, answer: http.client.HTTPResponse) -> None:
        while line := answer.readline():
            event = json.loads(line)
            self._events.append(WatchEvent(event["type"], kind, trimmed(event["object"])))
            self.last = time.monotonic()

    def events(self) -> tuple[WatchEvent, ...]:
        """What came so far, in order."""
        return tuple(sorted(self._events, key=lambda event: event.version))


def trimmed(thing: Object) -> Object:
    """The object without what nobody reads here."""
    thing["metadata"].pop("managedFields", None)
    if "containers" in thing["spec"]:
        thing["spec"] = {"containers": [{k: c[k] for k in ("name", "image")} for c in thing["spec"]["containers"]]}
        thing["status"] = {k: v for k, v in thing["status"].items() if k in ("phase", "conditions")}
    return thing


def patch(plane: ControlPlane, path: str, operations: list[Object]) -> Object:
    """A JSON Patch; the object as the server answers it."""
    target = urlsplit(plane.server)
    context = ssl.create_default_context(cafile=plane.authority)
    connection = http.client.HTTPSConnection(target.hostname or "", target.port, context=context, timeout=10)
    headers = {"Authorization": f"Bearer {plane.tokens['admin']}", "Content-Type": "application/json-patch+json"}
    connection.request("PATCH", path, json.dumps(operations), headers)
    answer: Object = json.loads(connection.getresponse().read())
    connection.close()
    assert answer["kind"] != "Status", answer
    return answer


def image_patch(image: str, deploy: str) -> list[Object]:
    """The one change, with a deploy id; every object here has annotations."""
    return [
        {"op": "add", "path": "/metadata/annotations/rollonce.dev~1deploy-id", "value": deploy},
        {"op": "add", "path": "/spec/template/spec/containers/0/image", "value": image},
    ]


def settled(plane: ControlPlane, path: str) -> Callable[[], bool]:
    """Whether the present rollout has ended, well or not, by the controller's own words or counts."""

    def ask() -> bool:
        thing = api.get(plane, path)
        status, spec = thing.get("status", {}), thing["spec"]
        if status.get("observedGeneration") != thing["metadata"]["generation"]:
            return False
        progressing = next((c["reason"] for c in status.get("conditions", []) if c["type"] == "Progressing"), "")
        if progressing == "ProgressDeadlineExceeded":
            return True
        wanted = status.get("desiredNumberScheduled", spec.get("replicas"))
        counts = ("updatedReplicas", "updatedNumberScheduled"), ("readyReplicas", "numberReady")
        return all(max(status.get(name, 0) for name in names) == wanted for names in counts)

    return ask


def record(plane: ControlPlane, name: str, scenario: Scenario) -> Recording:
    """One scenario in a namespace of its own."""
    kind = scenario.manifest["kind"]
    namespace = f"rec-{name}"
    collection = f"/apis/apps/v1/namespaces/{namespace}/{PLURALS[kind]}"
    path = f"{collection}/{NAME}"
    api.request(plane, "POST", "/api/v1/namespaces", {"metadata": {"name": namespace}})
    scenario.manifest["metadata"]["annotations"] = {"team": "agents"}
    api.request(plane, "POST", collection, scenario.manifest)
    until(settled(plane, path), f"{name}: the first rollout")
    for number, image in enumerate(scenario.earlier):
        patch(plane, path, image_patch(image, f"run-0{number}"))
        until(settled(plane, path), f"{name}: the earlier rollout")
    if scenario.paused:
        patch(plane, path, [{"op": "add", "path": "/spec/paused", "value": True}])
    time.sleep(1.2)  # times of conditions have whole seconds
    watching = Watching(plane, namespace, kind)
    answer = patch(plane, path, image_patch(scenario.image, "run-2"))
    begun = time.monotonic()
    desired = [(0, scenario.pods)]
    if scenario.scale_to is not None:
        time.sleep(0.9)
        scaled = patch(plane, path, [{"op": "replace", "path": "/spec/replicas", "value": scenario.scale_to}])
        desired.append((int(scaled["metadata"]["resourceVersion"]), scenario.scale_to))
    while True:
        time.sleep(0.1)
        now = time.monotonic()
        if now - begun > LONGEST or (now - begun > scenario.least and now - watching.last > QUIET):
            break
    version = int(answer["metadata"]["resourceVersion"])
    header = Header(name, kind, scenario.image, version, tuple(desired), scenario.updated)
    recording = Recording(header, watching.events())
    api.request(plane, "DELETE", f"/api/v1/namespaces/{namespace}")
    return recording


def main(names: list[str]) -> None:
    """Writes the recordings of these scenarios, of all where none is named."""
    with Running(build.ensure()) as running:
        for name in names or SCENARIOS:
            recording = record(running.plane, name, SCENARIOS[name])
            (FOLDER / f"{name}.jsonl").write_text(recording.text())
            print(f"{name}: {len(recording.events)} events, true after {recording.first_true}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
