"""kubectl's place on the simulated cluster: the commands of the scenarios as the writes that kubectl sends.

`test_standin.py` holds it to the real kubectl: the same commands, and the same writes in the audit log.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from rollonce.sim.cluster import SimCluster
from rollonce.wire import Request, Response
from tests.controlplane.kubectl import KubectlFailed, Output
from tests.scenarios import merging

Object = dict[str, Any]
# Virtual seconds that a command takes before it asks anything: time in which controllers act.
TAKES = 0.1
STEP = 0.05
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
# polymorphichelpers/rollback.go, annotationsToSkip: what `rollout undo` leaves as it is.
NOT_UNDONE = (
    LAST_APPLIED,
    "deployment.kubernetes.io/revision",
    "deployment.kubernetes.io/revision-history",
    "deployment.kubernetes.io/desired-replicas",
    "deployment.kubernetes.io/max-replicas",
    "deprecated.deployment.rollback.to",
)
JSON_PATCH = "application/json-patch+json"
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
APPLY = "application/apply-patch+yaml"
# Group and version, resource, whether namespaced; by every name that scenarios use.
_KINDS = {
    "deployment deploy deployments": ("apis/apps/v1", "deployments", True),
    "statefulset sts": ("apis/apps/v1", "statefulsets", True),
    "daemonset ds": ("apis/apps/v1", "daemonsets", True),
    "replicaset rs": ("apis/apps/v1", "replicasets", True),
    "controllerrevision controllerrevisions": ("apis/apps/v1", "controllerrevisions", True),
    "cronjob cj": ("apis/batch/v1", "cronjobs", True),
    "pod pods": ("api/v1", "pods", True),
    "configmap": ("api/v1", "configmaps", True),
    "secret": ("api/v1", "secrets", True),
    "horizontalpodautoscaler hpa": ("apis/autoscaling/v2", "horizontalpodautoscalers", True),
    "persistentvolumeclaim": ("api/v1", "persistentvolumeclaims", True),
    "persistentvolume": ("api/v1", "persistentvolumes", False),
    "namespace": ("api/v1", "namespaces", False),
}
KINDS = {name: kind for names, kind in _KINDS.items() for name in names.split()}
_TAKES_VALUE = {"-f", "-o", "-l", "-p"}


class Refused(Exception):
    """The server's answer is an error."""

    def __init__(self, answer: Response) -> None:
        self.status = json.loads(answer.body)
        super().__init__(f"Error from server ({self.status['reason']}): {self.status['message']}")


class Standin:
    """`kubectl("set", "image", ...)`, in virtual time, as the class of the same calls in tests.controlplane."""

    def __init__(self, cluster: SimCluster, namespace: str) -> None:
        self._cluster = cluster
        self._namespace = namespace
        self.requests: list[Request] = []

    def __call__(
        self,
        *args: str,
        user: str = "admin",
        namespace: str | None = None,
        input: str | Mapping[str, Any] | None = None,  # noqa: A002 as Kubectl calls it
        check: bool = True,
        timeout: float = 60.0,
    ) -> Output:
        """As `Kubectl`; every user may do everything, `timeout` is in virtual seconds."""
        self.wait(TAKES)
        words, options = _split(args)
        options["input"] = input if isinstance(input, str) else json.dumps(input)
        command = _Command(self, namespace or self._namespace, words, options)
        try:
            return Output(command.run(timeout), "", 0)
        except Refused as refused:
            if check:
                raise KubectlFailed(f"kubectl {' '.join(args)}: {refused}") from None
            return Output("", f"{refused}\n", 1)

    def wait(self, seconds: float) -> None:
        """Lets virtual time pass."""
        self._cluster.advance(self._cluster.kernel.clockwork.now + seconds)

    def until(self, done: Callable[[], object], what: str, timeout: float) -> None:
        """Lets time pass until that is so; raises TimeoutError."""
        deadline = self._cluster.kernel.clockwork.now + timeout
        while not done():
            if self._cluster.kernel.clockwork.now > deadline:
                raise TimeoutError(f"{what}: not within {timeout:g} virtual seconds")
            self.wait(STEP)

    def ask(self, method: str, path: str, body: Any = None, media: str = "application/json", **query: str) -> Any:
        """One request; the answer, parsed. Raises Refused."""
        sent = b"" if body is None else json.dumps(body).encode()
        headers = (("user-agent", "kubectl/v1.36.2"), ("accept", "application/json"), ("content-type", media))
        request = Request(method, path, tuple(query.items()), headers, sent)
        self.requests.append(request)
        answer = self._cluster.handle(request, self._cluster.kernel.clockwork.now)
        assert isinstance(answer, Response)
        if answer.status >= 400:
            raise Refused(answer)
        return json.loads(answer.body)


class _Command:
    def __init__(self, kubectl: Standin, namespace: str, words: list[str], options: dict[str, str]) -> None:
        self._ask = kubectl.ask
        self._until = kubectl.until
        self._namespace = namespace
        self._words = words
        self._options = options

    def run(self, timeout: float) -> str:
        name, *rest = self._words
        match name, rest:
            case "apply", []:
                return self._apply()
            case "create", []:
                thing = self._placed(json.loads(self._options["input"]))
                return _shown(
                    self._ask("POST", self._path(thing["kind"].lower()), thing, **_by("kubectl-create", strict=True))
                )
            case "create", [kind, thing]:
                body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": thing}}
                return _shown(self._ask("POST", self._path(kind), body, **_by("kubectl-create", strict=True)))
            case "get", [ref]:
                return self._get(ref)
            case "set", ["image", ref, *pairs]:
                return self._set_image(ref, dict(pair.split("=", 1) for pair in pairs))
            case "scale", [ref]:
                replicas = {"spec": {"replicas": int(self._options["--replicas"])}}
                self._ask("GET", self._path(ref))
                return _shown(self._ask("PATCH", f"{self._path(ref)}/scale", replicas, MERGE))
            case (("annotate" | "label"), [ref, *pairs]):
                return self._note(ref, f"{name}s" if name == "label" else "annotations", pairs)
            case "patch", [ref]:
                how = _by("kubectl-patch") | ({"dryRun": "All"} if "--dry-run" in self._options else {})
                return _shown(self._ask("PATCH", self._path(ref), json.loads(self._options["-p"]), JSON_PATCH, **how))
            case "delete", [ref]:
                return self._delete(ref, timeout)
            case "rollout", ["status", ref]:
                return self._wait([ref], timeout)
            case "rollout", [("pause" | "resume") as verb, ref]:
                self._ask("GET", self._path(ref))
                paused = {"spec": {"paused": True if verb == "pause" else None}}
                return _shown(self._ask("PATCH", self._path(ref), paused, STRATEGIC, **_by("kubectl-rollout")))
            case "rollout", ["undo", ref]:
                return self._undo(ref)
            case "wait", [kind]:
                names = [thing["metadata"]["name"] for thing in self._ask("GET", self._path(kind))["items"]]
                return self._wait([f"{kind}/{name}" for name in names], timeout)
        raise NotImplementedError(f"the scenarios do not use: kubectl {' '.join(self._words)}")

    def _path(self, ref: str, *, namespace: str = "") -> str:
        kind, _, name = ref.partition("/")
        version, resource, namespaced = KINDS[kind]
        place = f"namespaces/{namespace or self._namespace}/" if namespaced else ""
        return f"/{version}/{place}{resource}" + (f"/{quote(name)}" if name else "")

    def _get(self, ref: str) -> str:
        query = {"labelSelector": self._options["-l"]} if "-l" in self._options else {}
        found = self._ask("GET", self._path(ref), **query)
        if "--show-managed-fields" not in self._options:
            for thing in found.get("items", [found]):
                thing["metadata"].pop("managedFields", None)
        return json.dumps(found)

    def _apply(self) -> str:
        document = json.loads(self._options["input"])
        things = document["items"] if document["kind"] == "List" else [document]
        for thing in things:
            placed = self._placed(thing)
            ref = f"{thing['kind'].lower()}/{thing['metadata']['name']}"
            if "--server-side" in self._options:
                self._apply_server_side(ref, placed)
            else:
                self._apply_client_side(ref, placed)
        return ""

    def _placed(self, thing: Object) -> Object:
        if not KINDS[thing["kind"].lower()][2]:
            return thing
        return {**thing, "metadata": {"namespace": self._namespace, **thing["metadata"]}}

    def _apply_server_side(self, ref: str, thing: Object) -> None:
        """kubectl/pkg/cmd/apply/apply.go: apply, and take over what a client-side apply had."""
        path, how = self._path(ref), {**_by("kubectl", strict=True), "force": "false"}
        live = self._ask("PATCH", path, thing, APPLY, **how)
        managed = live["metadata"]["managedFields"]
        noted = live["metadata"].get("annotations", {}).get(LAST_APPLIED)
        owners = [m for m in managed if m["operation"] == "Update" and _has_annotation(m, LAST_APPLIED)]
        if noted is not None and owners:
            head = {"apiVersion": thing["apiVersion"], "kind": thing["kind"]}
            named = {name: thing["metadata"][name] for name in ("name", "namespace") if name in thing["metadata"]}
            only = {**head, "metadata": {**named, "annotations": {LAST_APPLIED: noted}}}
            live = self._ask("PATCH", path, only, APPLY, **_by("kubectl-last-applied", strict=True))
        moved = merging.migrated(live["metadata"]["managedFields"], "kubectl-client-side-apply", "kubectl")
        if moved is not None:
            version = live["metadata"]["resourceVersion"]
            taking = [
                {"op": "replace", "path": "/metadata/managedFields", "value": moved},
                {"op": "replace", "path": "/metadata/resourceVersion", "value": version},
            ]
            self._ask("PATCH", path, taking, JSON_PATCH, **_by("kubectl", strict=True))
            self._ask("PATCH", path, thing, APPLY, **how)

    def _apply_client_side(self, ref: str, thing: Object) -> None:
        """Three-way: what was applied last time, what is to be applied, what is there."""
        path, how = self._path(ref), _by("kubectl-client-side-apply", strict=True)
        annotations = thing["metadata"].get("annotations", {})
        bare = {**thing, "metadata": {**thing["metadata"], "annotations": annotations}}
        noted = json.dumps(bare, sort_keys=True, separators=(",", ":")) + "\n"
        modified = {**thing, "metadata": {**bare["metadata"], "annotations": {**annotations, LAST_APPLIED: noted}}}
        try:
            live = self._ask("GET", path)
        except Refused as refused:
            if refused.status["code"] != 404:
                raise
            self._ask("POST", path.rpartition("/")[0], modified, **how)
            return
        last = live["metadata"].get("annotations", {}).get(LAST_APPLIED)
        patch = merging.three_way(json.loads(last) if last else {}, modified, live)
        if patch:
            self._ask("PATCH", path, patch, STRATEGIC, **how)

    def _set_image(self, ref: str, images: dict[str, str]) -> str:
        live = self._ask("GET", self._path(ref))
        pod = live["spec"]["template"]["spec"]
        changed = {
            part: [{**c, "image": images.get(c["name"], c["image"])} for c in pod[part]]
            for part in ("initContainers", "containers")
            if part in pod
        }
        template = {**live["spec"]["template"], "spec": {**pod, **changed}}
        patch = merging.two_way(live, {**live, "spec": {**live["spec"], "template": template}})
        if not patch:
            return ""
        return _shown(self._ask("PATCH", self._path(ref), patch, STRATEGIC, **_by("kubectl-set")))

    def _note(self, ref: str, part: str, pairs: list[str]) -> str:
        self._ask("GET", self._path(ref))
        added = dict(pair.split("=", 1) for pair in pairs if "=" in pair)
        wanted = {**added, **{pair.removesuffix("-"): None for pair in pairs if "=" not in pair}}
        patch = {"metadata": {part: wanted}}
        manager = "kubectl-label" if part == "labels" else "kubectl-annotate"
        return _shown(self._ask("PATCH", self._path(ref), patch, MERGE, **_by(manager)))

    def _delete(self, ref: str, timeout: float) -> str:
        path = self._path(ref)
        self._ask("DELETE", path, {"propagationPolicy": "Background"})

        def gone() -> bool:
            try:
                self._ask("GET", path)
            except Refused as refused:
                return bool(refused.status["code"] == 404)
            return False

        if self._options.get("--wait") != "false":
            self._until(gone, f"{ref} is gone", timeout)
        return ""

    def _wait(self, refs: list[str], timeout: float) -> str:
        for ref in refs:
            self._until(lambda ref=ref: _complete(self._ask("GET", self._path(ref))), f"{ref} is complete", timeout)  # type: ignore[misc]
        return ""

    def _undo(self, ref: str) -> str:
        live = self._ask("GET", self._path(ref))
        selector = ",".join(f"{k}={v}" for k, v in live["spec"]["selector"]["matchLabels"].items())
        found = self._ask("GET", self._path("rs"), labelSelector=selector)["items"]
        newest = sorted(found, key=lambda rs: int(rs["metadata"]["annotations"]["deployment.kubernetes.io/revision"]))
        old = newest[-2]
        kept = {k: v for k, v in live["metadata"].get("annotations", {}).items() if k in NOT_UNDONE}
        notes = kept | {k: v for k, v in old["metadata"]["annotations"].items() if k not in NOT_UNDONE}
        labels = {k: v for k, v in old["spec"]["template"]["metadata"]["labels"].items() if k != "pod-template-hash"}
        template = old["spec"]["template"]
        template = {**template, "metadata": {**template["metadata"], "labels": labels}}
        patch = [
            {"op": "replace", "path": "/spec/template", "value": template},
            {"op": "replace", "path": "/metadata/annotations", "value": notes},
        ]
        return _shown(self._ask("PATCH", self._path(ref), patch, JSON_PATCH))


def _split(args: tuple[str, ...]) -> tuple[list[str], dict[str, str]]:
    words, options, rest = [], {}, iter(args)
    for arg in rest:
        if arg in _TAKES_VALUE:
            options[arg] = next(rest)
        elif arg.startswith("--"):
            name, _, value = arg.partition("=")
            options[name] = value
        else:
            words.append(arg)
    return words, options


def _by(manager: str, *, strict: bool = False) -> dict[str, str]:
    return {"fieldManager": manager} | ({"fieldValidation": "Strict"} if strict else {})


def _shown(thing: Object) -> str:
    return json.dumps(thing)


def _has_annotation(managed: Object, name: str) -> bool:
    return f"f:{name}" in managed["fieldsV1"].get("f:metadata", {}).get("f:annotations", {})


def _complete(thing: Object) -> bool:
    """As `kubectl rollout status` (polymorphichelpers/rollout_status.go)."""
    spec, status = thing["spec"], thing.get("status", {})
    if status.get("observedGeneration", 0) < thing["metadata"]["generation"]:
        return False
    if thing["kind"] == "DaemonSet":
        wanted = status.get("desiredNumberScheduled", 0)
        return bool(status.get("updatedNumberScheduled", 0) == status.get("numberAvailable", 0) == wanted)
    wanted = spec.get("replicas", 1)
    if thing["kind"] == "StatefulSet":
        rolled = status.get("updateRevision") == status.get("currentRevision")
        return bool(status.get("readyReplicas", 0) >= wanted and rolled)
    updated, present = status.get("updatedReplicas", 0), status.get("replicas", 0)
    return bool(present <= updated and updated >= wanted and status.get("availableReplicas", 0) >= updated)
