"""One test's corner of the cluster: a namespace, kubectl, our command, and what came of them."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from unittest import mock

from rollonce.cli.program import run
from rollonce.model.deploy import DEPLOY_ID
from tests.controlplane import manifests
from tests.controlplane.kubectl import Output
from tests.scenarios.backends import Backend
from tests.scenarios.interposer import Interposer

REGISTRY = "registry.test"


def image(name: str, build: str) -> str:
    """`registry.test/agent:4f2c-1187`."""
    return f"{REGISTRY}/{name}:{build}"


@dataclass(frozen=True, slots=True)
class Run:
    """What a run of ours printed, and its exit code."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """The document of `-o json`."""
        return json.loads(self.out)

    def outcome(self, name: str) -> str:
        """A workload's verdict in the document."""
        return str(next(w for w in self.json()["workloads"] if w["name"] == name)["outcome"]["verdict"])


class World:
    """`world.has(...)`, `world.converge("deploy/ceo", "agent=...")`, `world.revisions(...)`, on either cluster."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.kubectl = backend.kubectl
        self.namespace = backend.namespace
        self.until = backend.until

    # --- what is there

    def has(self, *objects: Mapping[str, Any], server_side: bool = True, ready: bool = True) -> None:
        """Apply objects and wait until every Deployment, StatefulSet and DaemonSet among them is ready."""
        self.apply(*objects, server_side=server_side)
        if ready:
            for thing in objects:
                if thing["kind"] in ("Deployment", "StatefulSet", "DaemonSet"):
                    self.settled(f"{thing['kind'].lower()}/{thing['metadata']['name']}")

    def apply(self, *objects: Mapping[str, Any], server_side: bool = True, check: bool = True) -> Output:
        """`kubectl apply`, server-side or client-side."""
        mode = ["--server-side"] if server_side else []
        document = manifests.as_list(*(self.backend.prepared(dict(thing)) for thing in objects))
        return self.kubectl("apply", *mode, "-f", "-", input=document, check=check)

    def get(self, ref: str) -> Any:
        """A live object."""
        return self.kubectl("get", ref, "-o", "json").json()

    def images(self, ref: str) -> dict[str, str]:
        """Container name -> image, of all lists of the template."""
        thing = self.get(ref)
        spec = thing["spec"].get("jobTemplate", thing)["spec"]["template"]["spec"]
        return {c["name"]: c["image"] for c in (*spec.get("initContainers", ()), *spec["containers"])}

    def generation(self, ref: str) -> int:
        """The object's generation."""
        return int(self.get(ref)["metadata"]["generation"])

    def deploy_id(self, ref: str) -> str | None:
        """The deploy id that the workload carries."""
        annotations: dict[str, str] = self.get(ref)["metadata"].get("annotations", {})
        return annotations.get(DEPLOY_ID)

    def revision(self, ref: str) -> int:
        """The Deployment's newest revision, from its ReplicaSets, once its controller has seen the last change."""

        def newest() -> int:
            thing = self.get(ref)
            if thing["status"].get("observedGeneration", 0) < thing["metadata"]["generation"]:
                return 0
            return max(self.revisions(ref), default=0)

        return self.until(newest, f"the controller has seen {ref}")

    def revisions(self, ref: str) -> dict[int, dict[str, str]]:
        """Revision -> images of its ReplicaSet."""
        name = ref.partition("/")[2]
        found = {}
        for rs in self.kubectl("get", "rs", "-l", f"app={name}", "-o", "json").json()["items"]:
            number = int(rs["metadata"]["annotations"]["deployment.kubernetes.io/revision"])
            spec = rs["spec"]["template"]["spec"]
            found[number] = {c["name"]: c["image"] for c in spec["containers"]}
        return found

    def pods(self, name: str) -> dict[str, str]:
        """Name -> uid of the pods of a workload that are not being deleted."""
        items = self.kubectl("get", "pods", "-l", f"app={name}", "-o", "json").json()["items"]
        return {p["metadata"]["name"]: p["metadata"]["uid"] for p in items if "deletionTimestamp" not in p["metadata"]}

    def settled(self, ref: str) -> None:
        """Wait as a user would."""
        self.kubectl("rollout", "status", ref, "--timeout=60s", timeout=90)

    # --- what is done

    def converge(
        self,
        *arguments: str,
        user: str = "deployer",
        interposer: Interposer | None = None,
        environment: Mapping[str, str] | None = None,
        namespace: str | None = None,
    ) -> Run:
        """`rollonce converge` in this process, in the test's namespace, as an ordinary user."""
        where = [] if "-A" in arguments or "-n" in arguments else ["-n", namespace or self.namespace]
        return self.rollonce("converge", *arguments, *where, user=user, interposer=interposer, environment=environment)

    def rollonce(
        self,
        *arguments: str,
        user: str = "deployer",
        interposer: Interposer | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Run:
        """Any command of ours, in this process."""
        out, err = io.StringIO(), io.StringIO()
        with (
            self.backend.connected(user, interposer),
            mock.patch.dict(os.environ, environment or {}),
            _handlers_kept(),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            code = run(arguments)
        return Run(code, out.getvalue(), err.getvalue())


@contextlib.contextmanager
def _handlers_kept() -> Iterator[None]:
    kept = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, kept)
