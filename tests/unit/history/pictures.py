"""Small pictures of histories: what the API would show of a workload, as JSON, and the review of it.

Times are seconds after noon. Images are words: `agent=4f2c-1187 git-sync=4f2b-1186`; a tag stands for the image
`registry.example/<container>:<tag>`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from rollonce.history.collect import Collected
from rollonce.history.nouns import Finding
from rollonce.history.review import Question, Review, review

Json = dict[str, Any]
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
NOW = NOON + timedelta(days=1)
NAMESPACE = "agents"


def stamp(seconds: float) -> str:
    """A timestamp of the API: whole seconds."""
    return f"{NOON + timedelta(seconds=int(seconds)):%Y-%m-%dT%H:%M:%SZ}"


def template(images: str, *, restarted: str = "", env: Mapping[str, str] | None = None, hash_: str = "") -> Json:
    """A pod template."""
    containers = []
    for word in images.split():
        name, _, tag = word.partition("=")
        containers.append({"name": name, "image": f"registry.example/{name}:{tag}"})
    if env:
        containers[0]["env"] = [{"name": name, "value": value} for name, value in env.items()]  # type: ignore[assignment]
    metadata: Json = {"labels": {"app": "x"} | ({"pod-template-hash": hash_} if hash_ else {})}
    if restarted:
        metadata["annotations"] = {"kubectl.kubernetes.io/restartedAt": restarted}
    return {"metadata": metadata, "spec": {"containers": containers}}


class Picture:
    """One workload; its revisions are added in the order of their numbers."""

    def __init__(
        self, name: str = "ceo", *, kind: str = "Deployment", replicas: int = 1, strategy: Json | None = None
    ) -> None:
        self.name, self.kind, self.replicas = name, kind, replicas
        self.strategy = strategy or ({"type": "Recreate"} if kind == "Deployment" else {"type": "RollingUpdate"})
        self.snapshots: list[Json] = []
        self.others: list[Json] = []
        self.lines: list[bytes] = []
        self.managed: list[Json] = []
        self.volumes: list[Json] = []
        self.conditions: list[Json] = []
        self.current: Json = template("agent=0")
        self.number = 0

    def revision(
        self,
        number: int,
        at: float | None,
        images: str,
        *,
        former: str = "",
        deploy: str = "",
        retired: float | None = None,
        replicas: int | None = None,
        **more: Any,
    ) -> Picture:
        """A ReplicaSet (`<name>-<number>`) or ControllerRevision; `former` are earlier numbers, as `1,3`."""
        held = template(images, **more)
        name = f"{self.name}-{former.split(',')[0] or number}"
        metadata: Json = {
            "name": name,
            "namespace": NAMESPACE,
            "uid": f"uid-of-{name}",
            "creationTimestamp": None if at is None else stamp(at),
            "ownerReferences": [{"kind": self.kind, "name": self.name, "uid": f"uid-{self.name}", "controller": True}],
            "annotations": {"rollonce.dev/deploy-id": deploy} if deploy else {},
        }
        if self.kind == "Deployment":
            desired = self.replicas if replicas is None else replicas
            metadata["annotations"] |= {
                "deployment.kubernetes.io/revision": str(number),
                "deployment.kubernetes.io/desired-replicas": str(desired),
            }
            if former:
                metadata["annotations"]["deployment.kubernetes.io/revision-history"] = former
            if retired is not None:
                metadata["managedFields"] = [
                    {"manager": "kube-controller-manager", "operation": "Update", "time": stamp(retired)}
                ]
            self.snapshots.append({"kind": "ReplicaSet", "metadata": metadata, "spec": {"template": held}})
        else:
            metadata["labels"] = {"controller-revision-hash": name}
            data = {"spec": {"template": held | {"$patch": "replace"}}}
            self.snapshots.append(
                {"kind": "ControllerRevision", "metadata": metadata, "revision": number, "data": data}
            )
        if number > self.number:
            self.current, self.number = held, number
        return self

    def wrote(self, manager: str, at: float, *containers: str, operation: str = "Update") -> Picture:
        """An entry of managedFields that owns the images of these containers."""
        owned: Json = {f'k:{{"name":"{name}"}}': {"f:image": {}} for name in containers}
        fields = {"f:spec": {"f:template": {"f:spec": {"f:containers": owned}}}}
        self.managed.append({"manager": manager, "operation": operation, "time": stamp(at), "fieldsV1": fields})
        return self

    def logged(
        self,
        at: float,
        user: str,
        images: str,
        *,
        manager: str = "m",
        bodies: bool = True,
        undo: bool = False,
        **more: Any,
    ) -> Picture:
        """A line of an API audit log: a patch of the workload after which the template was this one."""
        request = [{"op": "replace", "path": path} for path in ("/spec/template", "/metadata/annotations")]
        line: Json = {
            "stage": "ResponseComplete",
            "verb": "patch",
            "requestURI": f"/apis/apps/v1/x?fieldManager={manager}",
            "user": {"username": user},
            "userAgent": "kubectl/v1.36.2 (linux/amd64)",
            "objectRef": {
                "resource": f"{self.kind.lower()}s",
                "apiGroup": "apps",
                "namespace": NAMESPACE,
                "name": self.name,
            },
            "responseStatus": {"code": 200},
            "requestReceivedTimestamp": (NOON + timedelta(seconds=at)).isoformat(),
        }
        if bodies:
            line["responseObject"] = {"metadata": {}, "spec": {"template": template(images, **more)}}
            line["requestObject"] = request if undo else {}
        self.lines.append(msgspec.json.encode(line))
        return self

    def pod(
        self, number: int, created: float, ready: float | None = None, *, waits: str = "", name: str = "p"
    ) -> Picture:
        """A pod of the revision's snapshot."""
        snapshot = f"{self.name}-{number}"
        owner = (
            {"kind": "ReplicaSet", "name": snapshot}
            if self.kind == "Deployment"
            else {"kind": self.kind, "name": self.name}
        )
        conditions = (
            [{"type": "Ready", "status": "True", "lastTransitionTime": stamp(ready)}] if ready is not None else []
        )
        metadata = {
            "name": f"{snapshot}-{name}",
            "namespace": NAMESPACE,
            "creationTimestamp": stamp(created),
            "ownerReferences": [owner | {"uid": "u", "controller": True}],
            "labels": {} if self.kind == "Deployment" else {"controller-revision-hash": snapshot},
        }
        states = [{"state": {"waiting": {"reason": waits}}}] if waits else []
        status = {"conditions": conditions, "containerStatuses": states}
        self.others.append({"kind": "Pod", "metadata": metadata, "status": status})
        return self

    def items(self) -> list[Json]:
        """Everything that the API shows."""
        live = {
            "kind": self.kind,
            "metadata": {
                "name": self.name,
                "namespace": NAMESPACE,
                "uid": f"uid-{self.name}",
                "creationTimestamp": stamp(0),
                "annotations": {"deployment.kubernetes.io/revision": str(self.number)}
                if self.kind == "Deployment"
                else {},
                "managedFields": self.managed,
            },
            "spec": {
                "replicas": self.replicas,
                ("strategy" if self.kind == "Deployment" else "updateStrategy"): self.strategy,
                "template": self.current | {"spec": self.current["spec"] | {"volumes": self.volumes}},
            },
            "status": {
                "conditions": self.conditions,
                "desiredNumberScheduled": self.replicas,
            },
        }
        return [live, *self.snapshots, *self.others]

    def review(self, **question: Any) -> Review:
        """What audit says of it."""
        return judged(self.items(), self.lines, **question)

    def only(self, **question: Any) -> Finding:
        """The one redundant roll that there is."""
        found = self.review(**question)
        assert len(found.findings) == 1, [finding.why for finding in found.findings]
        return found.findings[0]


def collected(items: Iterable[Json], lines: Iterable[bytes] = ()) -> Collected:
    """Evidence of objects and lines of an audit log."""
    into = Collected()
    for item in items:
        into.add(msgspec.json.encode(item))
    for number, line in enumerate(lines):
        into.add_log_line(line, f"line {number}")
    return into


def judged(items: Iterable[Json], lines: Iterable[bytes] = (), **question: Any) -> Review:
    """The review of them, a day later."""
    return review(collected(items, lines).evidence(), Question(NOW, **question))


def told(found: Review) -> list[tuple[int, str, str]]:
    """The redundant rolls as (revision, kind, certainty)."""
    return [(f.roll.after.number, f.kind.value, f.certainty.value) for f in found.findings]


def opened(found: Review) -> list[int]:
    """Revisions of the rolls that may be redundant, and are not counted."""
    return [finding.roll.after.number for finding in found.open]
