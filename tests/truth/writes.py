"""A step as the request that its client sends."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from tests.controlplane import manifests
from tests.truth.plan import FIELDS, IMAGES, Act, History

Object = dict[str, Any]
PLURALS = {"deployment": "deployments", "statefulset": "statefulsets", "daemonset": "daemonsets"}
STRATEGIC = "application/strategic-merge-patch+json"
RESTARTED = "kubectl.kubernetes.io/restartedAt"
_REGISTRY = "registry.test"
# Field manager and user agent of each.
MANAGERS = {
    Act.SET: "kubectl-set",
    Act.PATCH: "kubectl-patch",
    Act.EDIT: "kubectl-edit",
    Act.APPLY: "kubectl",
    Act.CLIENT: "kubectl-client-side-apply",
    Act.HELM: "helm",
    Act.CONVERGE: "rollonce",
    Act.UNDO: "kubectl",
    Act.RESTART: "kubectl-rollout",
    Act.SCALE: "kubectl",
}
_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


@dataclass(frozen=True, slots=True)
class Ask:
    """A request; `manager` is sent where it is not empty."""

    method: str
    path: str
    body: Any = None
    media: str = "application/json"
    manager: str = ""
    force: bool = False
    agent: str = "kubectl/v1.36.2 (linux/amd64)"

    @property
    def query(self) -> tuple[tuple[str, str], ...]:
        """Its query."""
        told = (("fieldManager", self.manager),) if self.manager else ()
        return (*told, ("force", "true")) if self.force else told


def path(history: History, namespace: str, *, one: bool = True) -> str:
    """Of the workload, or of its collection."""
    collection = f"/apis/apps/v1/namespaces/{namespace}/{PLURALS[history.kind]}"
    return f"{collection}/{history.name}" if one else collection


def image(field: str, tag: str) -> str:
    """The whole reference."""
    return f"{_REGISTRY}/{field}:{tag}"


def workload(history: History) -> Object:
    """The object that the history begins with."""
    start = dict(history.start)
    images = {name: image(name, start[name]) for name in IMAGES}
    options: Object = {"revisionHistoryLimit": history.limit}
    pods = {"rollonce.test/stop-delay": "200ms", "rollonce.test/ready-delay": "50ms"}
    if history.kind == "deployment":
        thing = manifests.deployment(
            history.name, images, replicas=history.replicas, strategy=history.strategy, annotations=pods, **options
        )
    elif history.kind == "statefulset":
        thing = manifests.statefulset(history.name, images, replicas=history.replicas, annotations=pods, **options)
    else:
        thing = manifests.daemonset(history.name, images, annotations=pods, **options)
    thing["spec"]["template"]["spec"]["containers"][0]["env"] = [{"name": "MODE", "value": start["MODE"]}]
    thing["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] = 1
    return thing


def fields(template: Object) -> dict[str, str]:
    """What steps may change, of a pod template."""
    found = {}
    for container in template["spec"]["containers"]:
        found[container["name"]] = container["image"].rpartition(":")[2]
        for variable in container.get("env", ()):
            found[variable["name"]] = variable["value"]
    restarted = (template["metadata"].get("annotations") or {}).get(RESTARTED)
    return found | ({"restartedAt": restarted} if restarted else {})


def containers(values: dict[str, str]) -> list[Object]:
    """The list of containers as a patch has it."""
    found: dict[str, Object] = {}
    for field, value in values.items():
        name = field if field in IMAGES else "agent"
        part = found.setdefault(name, {"name": name})
        if field in IMAGES:
            part["image"] = image(field, value)
        else:
            part["env"] = [{"name": field, "value": value}]
    return list(found.values())


def change(act: Act, history: History, where: str, values: dict[str, str], live: Object) -> Ask:
    """The request of a step that sets fields; `live` is the workload as it is."""
    template: Object = {"spec": {"containers": containers(values)}}
    manager = MANAGERS[act]
    if act is Act.APPLY:
        wanted = {k: v for k, v in fields(live["spec"]["template"]).items() if k in FIELDS} | values
        thing = workload(history)
        thing["spec"]["template"]["spec"]["containers"] = containers(wanted)
        thing["spec"].pop("replicas", None)
        return Ask("PATCH", where, thing, "application/apply-patch+yaml", manager, force=True)
    patch: Object = {"spec": {"template": template}}
    if act is Act.CLIENT:
        patch["metadata"] = {"annotations": {_APPLIED: json.dumps(patch, separators=(",", ":"))}}
    agent = "Helm/3.19.0" if act is Act.HELM else "kubectl/v1.36.2 (linux/amd64)"
    return Ask("PATCH", where, patch, STRATEGIC, manager, agent=agent)


def restart(where: str, stamp: str) -> Ask:
    """As `kubectl rollout restart` sends it."""
    patch = {"spec": {"template": {"metadata": {"annotations": {RESTARTED: stamp}}}}}
    return Ask("PATCH", where, patch, STRATEGIC, MANAGERS[Act.RESTART])


def scale(where: str, replicas: int) -> Ask:
    """As `kubectl scale` sends it."""
    return Ask("PATCH", f"{where}/scale", {"spec": {"replicas": replicas}}, "application/merge-patch+json", "kubectl")


def undo(history: History, where: str, live: Object, snapshots: list[Object]) -> Ask | None:
    """As `kubectl rollout undo` sends it; None where there is nothing to go back to.

    kubernetes/kubectl, pkg/polymorphichelpers/rollback.go.
    """
    if history.kind != "deployment":
        former = sorted(snapshots, key=lambda each: each["revision"])[:-1]
        return Ask("PATCH", where, former[-1]["data"], STRATEGIC) if former else None
    note = "deployment.kubernetes.io/revision"
    former = sorted(snapshots, key=lambda each: int(each["metadata"]["annotations"][note]))[:-1]
    if not former:
        return None
    found = former[-1]
    template = json.loads(json.dumps(found["spec"]["template"]))
    template["metadata"]["labels"].pop("pod-template-hash", None)
    mine = live["metadata"].get("annotations") or {}
    kept = {k: v for k, v in mine.items() if k in (_APPLIED, note)}
    skipped = {_APPLIED, note, "deployment.kubernetes.io/revision-history"}
    skipped |= {f"deployment.kubernetes.io/{word}-replicas" for word in ("desired", "max")}
    theirs = {k: v for k, v in found["metadata"]["annotations"].items() if k not in skipped}
    patch = [
        {"op": "replace", "path": "/spec/template", "value": template},
        {"op": "replace", "path": "/metadata/annotations", "value": kept | theirs},
    ]
    return Ask("PATCH", where, patch, "application/json-patch+json")
