"""What a step asks of an API server: the requests of kubectl and of other clients, the same for both sides."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any, Protocol

from tests.differential.generator import image
from tests.differential.scenario import Object, Step

PATHS = {"Deployment": "deployments", "StatefulSet": "statefulsets", "DaemonSet": "daemonsets"}
STRATEGIC = "application/strategic-merge-patch+json"
MERGE = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
APPLY = "application/apply-patch+yaml"
JSON = "application/json"
REVISION = "deployment.kubernetes.io/revision"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
# kubectl/pkg/polymorphichelpers/rollback.go, annotationsToSkip
STAYS = (
    LAST_APPLIED, REVISION, "deployment.kubernetes.io/revision-history", "deployment.kubernetes.io/desired-replicas",
    "deployment.kubernetes.io/max-replicas", "deprecated.deployment.rollback.to",
)  # fmt: skip
HASH = "pod-template-hash"


class Side(Protocol):
    """An API server with one namespace, and its time."""

    def ask(self, method: str, path: str, body: Any = None, *, media: str = JSON, manager: str = "") -> Answer:
        """One request; `path` is below the namespace: `apps/v1/deployments/x`."""
        ...

    def passed(self, seconds: float) -> None:
        """Lets so many seconds pass."""
        ...


Answer = tuple[int, Any]


class Workload:
    """One workload of a scenario in one run of one side."""

    def __init__(self, side: Side, manifest: Object, name: str) -> None:
        self.side = side
        self.name = name
        self.kind = str(manifest["kind"])
        self.manifest = manifest
        # Templates that it had, for those who go back.
        self.templates: list[Object] = [manifest["spec"]["template"]]
        self.path = f"apps/v1/{PATHS[self.kind]}/{name}"

    def do(self, step: Step) -> list[int]:
        """The codes of the answers to what the step asks."""
        return DO[step.act](self, step.arguments)

    def live(self) -> Object | None:
        """The object as it is now."""
        code, thing = self.side.ask("GET", self.path)
        return thing if code == 200 else None

    def patch(self, body: Any, media: str, manager: str, part: str = "") -> int:
        return self.side.ask("PATCH", self.path + part, body, media=media, manager=manager)[0]

    def owned(self, resource: str, uid: str) -> list[Object]:
        """The objects that it controls."""
        group = "v1" if resource == "pods" else "apps/v1"
        found = self.side.ask("GET", f"{group}/{resource}")[1]["items"]
        mine = [t for t in found if any(r["uid"] == uid for r in t["metadata"].get("ownerReferences", []))]
        return sorted(mine, key=lambda thing: str(thing["metadata"]["name"]))


def _images(images: list[Object]) -> Object:
    """The strategic merge patch that `kubectl set image` sends."""
    spec: Object = {}
    for each in images:
        spec.setdefault(each["list"], []).append({"name": each["name"], "image": each["image"]})
    for part in list(spec):
        spec[f"$setElementOrder/{part}"] = [{"name": each["name"]} for each in spec[part]]
    return {"spec": {"template": {"spec": spec}}}


def _create(workload: Workload, arguments: Object) -> list[int]:
    side, manifest = workload.side, workload.manifest
    collection = workload.path.rpartition("/")[0]
    if arguments["how"] == "apply":
        return [workload.patch(manifest, APPLY, "kubectl")]
    manager = "kubectl-create"
    if arguments["how"] == "client-apply":
        manager = "kubectl-client-side-apply"
        metadata = manifest["metadata"]
        noted = {**metadata.get("annotations", {}), LAST_APPLIED: json.dumps(manifest, sort_keys=True) + "\n"}
        manifest = {**manifest, "metadata": {**metadata, "annotations": noted}}
    return [side.ask("POST", collection, manifest, manager=manager)[0]]


def _set_image(workload: Workload, arguments: Object) -> list[int]:
    return [workload.patch(_images(arguments["images"]), STRATEGIC, "kubectl-set")]


def _two_writes(workload: Workload, arguments: Object) -> list[int]:
    return [workload.patch(_images(arguments[part]), STRATEGIC, "kubectl-set") for part in ("first", "then")]


def _set_env(workload: Workload, arguments: Object) -> list[int]:
    name = arguments["container"]
    env = [{"name": arguments["env"], "value": arguments["value"]}]
    order = {"$setElementOrder/containers": [{"name": name}]}
    body = {"spec": {"template": {"spec": {**order, "containers": [{"name": name, "env": env}]}}}}
    return [workload.patch(body, STRATEGIC, "kubectl-set")]


def _annotate_template(workload: Workload, arguments: Object) -> list[int]:
    note = {arguments["key"]: arguments["value"]}
    return [workload.patch({"spec": {"template": {"metadata": {"annotations": note}}}}, MERGE, "kubectl-patch")]


def _restart(workload: Workload, arguments: Object) -> list[int]:
    note = {"kubectl.kubernetes.io/restartedAt": arguments["at"]}
    body = {"spec": {"template": {"metadata": {"annotations": note}}}}
    return [workload.patch(body, STRATEGIC, "kubectl-rollout")]


def _undo(workload: Workload, arguments: Object) -> list[int]:
    live = workload.live()
    if live is None:
        return [404]
    if workload.kind != "Deployment":
        return _undo_revision(workload, live, arguments["to"])
    if live["spec"].get("paused"):
        return [0]
    sets = workload.owned("replicasets", live["metadata"]["uid"])
    numbered = sorted(sets, key=_number)
    if arguments["to"]:
        chosen = next((rs for rs in numbered if _number(rs) == arguments["to"]), None)
    else:
        chosen = numbered[-2] if len(numbered) > 1 else None
    if chosen is None:
        return [0]
    template = copy.deepcopy(chosen["spec"]["template"])
    template["metadata"]["labels"].pop(HASH, None)
    if template == live["spec"]["template"]:
        return [0]
    kept = live["metadata"].get("annotations", {})
    notes = {name: kept[name] for name in STAYS if name in kept}
    notes |= {name: value for name, value in chosen["metadata"]["annotations"].items() if name not in STAYS}
    body = [
        {"op": "replace", "path": "/spec/template", "value": template},
        {"op": "replace", "path": "/metadata/annotations", "value": notes},
    ]
    return [workload.patch(body, JSON_PATCH, "kubectl-rollout")]


def _undo_revision(workload: Workload, live: Object, to: int) -> list[int]:
    known = workload.owned("controllerrevisions", live["metadata"]["uid"])
    known.sort(key=lambda revision: int(revision["revision"]))
    if to:
        chosen = next((revision for revision in known if revision["revision"] == to), None)
    else:
        chosen = known[-2] if len(known) > 1 else None
    return [workload.patch(chosen["data"], STRATEGIC, "kubectl-rollout")] if chosen else [0]


def _number(rs: Object) -> int:
    return int(rs["metadata"].get("annotations", {}).get(REVISION, "0"))


def _back(workload: Workload, arguments: Object) -> list[int]:
    body = [{"op": "replace", "path": "/spec/template", "value": workload.templates[0]}]
    return [workload.patch(body, JSON_PATCH, "ci")]


def _scale(workload: Workload, arguments: Object) -> list[int]:
    return [workload.patch({"spec": {"replicas": arguments["replicas"]}}, MERGE, "kubectl", "/scale")]


def _pause(workload: Workload, arguments: Object) -> list[int]:
    return [workload.patch({"spec": {"paused": arguments["paused"] or None}}, STRATEGIC, "kubectl-rollout")]


def _spec(workload: Workload, arguments: Object) -> list[int]:
    return [workload.patch({"spec": arguments}, MERGE, "kubectl-patch")]


def _apply(workload: Workload, arguments: Object) -> list[int]:
    thing = _rebuilt(workload.manifest, arguments["build"])
    if not arguments["whole"]:
        thing["spec"] = {name: part for name, part in thing["spec"].items() if name in ("selector", "template")}
    path = f"{workload.path}?force={'true' if arguments['force'] else 'false'}"
    return [workload.side.ask("PATCH", path, thing, media=APPLY, manager=arguments["manager"])[0]]


def _rebuilt(manifest: Object, build: str) -> Object:
    thing = copy.deepcopy(manifest)
    spec = thing["spec"]["template"]["spec"]
    for container in (*spec["containers"], *spec.get("initContainers", [])):
        container["image"] = image(container["name"], build)
    return thing


def _put(workload: Workload, arguments: Object) -> list[int]:
    live = workload.live()
    if live is None:
        return [404]
    thing = _rebuilt(live, arguments["build"])
    # Last writer wins, as with `kubectl replace` of a file.
    del thing["metadata"]["resourceVersion"]
    return [workload.side.ask("PUT", workload.path, thing, manager="kubectl-replace")[0]]


def _annotate(workload: Workload, arguments: Object) -> list[int]:
    note = {arguments["key"]: arguments["value"]}
    return [workload.patch({"metadata": {"annotations": note}}, MERGE, "kubectl-annotate")]


def _label(workload: Workload, arguments: Object) -> list[int]:
    note = {arguments["key"]: arguments["value"]}
    return [workload.patch({"metadata": {"labels": note}}, MERGE, "kubectl-label")]


def _delete_pod(workload: Workload, arguments: Object) -> list[int]:
    """A pod of the newest template; which one of several makes no difference but for a StatefulSet."""
    live = workload.live()
    if live is None:
        return [404]
    uids = [live["metadata"]["uid"]]
    if workload.kind == "Deployment":
        sets = sorted(workload.owned("replicasets", uids[0]), key=_number)
        uids = [rs["metadata"]["uid"] for rs in sets if rs["spec"]["replicas"]][-1:]
    found = [pod for uid in uids for pod in workload.owned("pods", uid) if "deletionTimestamp" not in pod["metadata"]]
    if not found:
        return [0]
    name = found[arguments["rank"] % len(found)]["metadata"]["name"]
    return [workload.side.ask("DELETE", f"v1/pods/{name}", {"kind": "DeleteOptions", "apiVersion": "v1"})[0]]


def _recreate(workload: Workload, arguments: Object) -> list[int]:
    codes = [_delete(workload, arguments["how"])]
    return codes + _create(workload, {"how": "create"})


def _delete(workload: Workload, how: str) -> int:
    """Deletes, and waits as `kubectl delete` does until it is gone."""
    body = {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": how}
    code = workload.side.ask("DELETE", workload.path, body)[0]
    for _ in range(400):
        if workload.live() is None:
            break
        workload.side.passed(0.05)
    # What the garbage collector still has to do is done by then.
    workload.side.passed(1.0)
    return code


def _take_name(workload: Workload, arguments: Object) -> list[int]:
    """Another one's ReplicaSet has the name that a new Deployment wants: a collision.

    It is the own former one, orphaned, and relabelled so that nobody adopts it.
    """
    live = workload.live()
    if live is None:
        return [404]
    sets = sorted(workload.owned("replicasets", live["metadata"]["uid"]), key=_number)
    codes = [_delete(workload, "Orphan")]
    for rs in sets:
        path = f"apps/v1/replicasets/{rs['metadata']['name']}"
        body = {"metadata": {"labels": {"app": None}}, "spec": {"replicas": 0}}
        codes.append(workload.side.ask("PATCH", path, body, media=MERGE, manager="kubectl-patch")[0])
    workload.side.passed(3.0)
    return codes + _create(workload, {"how": "create"})


DO: dict[str, Callable[[Workload, Object], list[int]]] = {
    "create": _create,
    "set-image": _set_image,
    "two-writes": _two_writes,
    "set-env": _set_env,
    "annotate-template": _annotate_template,
    "restart": _restart,
    "undo": _undo,
    "back": _back,
    "scale": _scale,
    "pause": _pause,
    "resume": _pause,
    "strategy": _spec,
    "tune": _spec,
    "apply": _apply,
    "put": _put,
    "annotate": _annotate,
    "unannotate": _annotate,
    "label": _label,
    "delete-pod": _delete_pod,
    "recreate": _recreate,
    "take-name": _take_name,
}
