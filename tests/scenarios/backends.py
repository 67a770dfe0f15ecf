"""The two clusters that a scenario runs on: the real control plane, and the simulated one in this process.

What the simulated one cannot express runs on the real one only, see `real_only`.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar
from unittest import mock

import pytest

from rollonce.app import simulated
from rollonce.app.ports import Ports
from rollonce.app.simulated import SimWire
from rollonce.cli import connect
from rollonce.cluster import authorized
from rollonce.sim.cluster import SimCluster
from rollonce.sim.pods import FAIL_ANNOTATION, Profile
from rollonce.wire import Request
from tests.controlplane import waiting
from tests.controlplane.audit import Audit
from tests.controlplane.kubectl import Kubectl, Output
from tests.scenarios.interposer import Interposer, method
from tests.scenarios.standin import Standin

T = TypeVar("T")
Object = dict[str, Any]

REAL = pytest.param("real", marks=pytest.mark.cluster)
SIMULATED = "simulated"


def real_only(why: str) -> pytest.MarkDecorator:
    """Runs a test, or those of a module, on the real control plane alone.

    `why` is what the simulated cluster has not: there are no users and no rights in it, no admission policies and
    quotas, no processes that could be killed, no audit log.
    """
    assert why
    return pytest.mark.parametrize("world", [REAL], indirect=True)


class Commands(Protocol):
    """kubectl, or what stands in for it."""

    def __call__(
        self,
        *args: str,
        user: str = "admin",
        namespace: str | None = None,
        input: str | Mapping[str, Any] | None = None,  # noqa: A002
        check: bool = True,
        timeout: float = 60.0,
    ) -> Output:
        """Runs one command."""
        ...


class Backend(Protocol):
    """What a scenario needs of its cluster."""

    @property
    def kubectl(self) -> Commands:
        """kubectl as somebody else has it."""
        ...

    @property
    def namespace(self) -> str:
        """The test's own."""
        ...

    def prepared(self, thing: Object) -> Object:
        """An object of tests.controlplane.manifests, with the wishes of its annotations in this cluster's words."""
        ...

    def until(self, probe: Callable[[], T | None], what: str) -> T:
        """The first answer that is true."""
        ...

    def clock(self) -> Callable[[], float]:
        """Its seconds."""
        ...

    def connected(self, user: str, interposer: Interposer | None) -> AbstractContextManager[None]:
        """Within it our command finds the cluster, through the interposer."""
        ...

    def other_run(self, *arguments: str) -> None:
        """Somebody else's converge, from its beginning to its end."""
        ...

    def somebody(self, name: str) -> str:
        """An ordinary user that no other test uses, with the rights that a converge of Deployments needs."""
        ...

    def counting(self, user: str) -> Callable[[], Counter[str]]:
        """From now on; what is returned tells the requests of our client since, as `patch deployments`."""
        ...


class Real:
    """The real control plane, kubectl, and our command as a user without any special rights."""

    def __init__(self, kubectl: Kubectl, namespace: str, audit: Callable[[], Audit]) -> None:
        self.kubectl = kubectl
        self.namespace = namespace
        self.audit = audit

    def prepared(self, thing: Object) -> Object:
        """As it is: stages.yaml understands the annotations."""
        return thing

    def until(self, probe: Callable[[], T | None], what: str) -> T:
        """In real seconds."""
        return waiting.until(probe, what)

    def clock(self) -> Callable[[], float]:
        """Real ones."""
        return time.monotonic

    def environment(self, user: str) -> dict[str, str]:
        """The environment of a user, less what a CI that runs this test may have set."""
        own = self.kubectl.environment(user)
        return {name: own[name] for name in ("PATH", "HOME", "KUBECONFIG")}

    @contextlib.contextmanager
    def connected(self, user: str, interposer: Interposer | None) -> Iterator[None]:
        """By the user's kubeconfig."""
        real = authorized.open_wire
        around = interposer.around if interposer is not None else lambda wire: wire
        with (
            mock.patch.dict(os.environ, self.environment(user), clear=True),
            mock.patch.object(authorized, "open_wire", lambda *a, **k: around(real(*a, **k))),
        ):
            yield

    def process(self, *arguments: str, user: str = "deployer") -> subprocess.Popen[str]:
        """A converge in a process of its own."""
        command = [sys.executable, "-m", "rollonce", "converge", *arguments, "-n", self.namespace]
        return subprocess.Popen(
            command, env=self.environment(user), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def other_run(self, *arguments: str) -> None:
        """In a process of its own."""
        self.process(*arguments).communicate(timeout=60)

    def somebody(self, name: str) -> str:
        """Rights in the test's namespace."""
        self.kubectl("create", "role", name, "--verb=get,list,watch,patch", "--resource=deployments.apps")
        self.kubectl("create", "role", f"{name}-claims", "--verb=list", "--resource=persistentvolumeclaims")
        for role in (name, f"{name}-claims"):
            self.kubectl("create", "rolebinding", role, f"--role={role}", f"--user={name}")
        return name

    def counting(self, user: str) -> Callable[[], Counter[str]]:
        """From the API server's audit log; `user` is one that nobody else uses: access reviews have no namespace."""
        audit = self.audit()
        mark = audit.mark()

        def counted() -> Counter[str]:
            entries = audit.since(mark, user_agent="rollonce/", user=user)
            begun = [e for e in entries if e.verb == "watch" and e.stage == "ResponseStarted"]
            done = [e for e in entries if e.verb != "watch"]
            return Counter(f"{e.verb} {e.resource}" for e in (*begun, *done))

        return counted


# Pods take their time as the stages of the real control plane have it (stages.yaml).
KWOK = Profile("kwok", schedule=0.1, attach=0.0, detach=0.0, pull=0.0, init=0.1, start=0.3, terminate=0.3)
_FAILURES = {"never": "never-ready", "crash": "crash", "missing": "image-pull"}


class Simulated:
    """The simulated cluster, one thread, virtual time; other writers send what kubectl would send."""

    def __init__(self, namespace: str = "scenario", cluster: SimCluster | None = None) -> None:
        self.cluster = cluster or SimCluster(profile=KWOK)
        self.namespace = namespace
        self.standin = Standin(self.cluster, self.namespace)
        self._wires: list[SimWire] = []
        made = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
        self.standin.ask("POST", "/api/v1/namespaces", made)
        self.standin.requests.clear()

    @property
    def kubectl(self) -> Commands:
        """Its stand-in."""
        return self.standin

    def prepared(self, thing: Object) -> Object:
        """Failures by the simulated cluster's own annotation, a delay of readiness by a probe."""
        if "template" not in thing.get("spec", {}):
            return thing
        template = thing["spec"]["template"]
        wishes = dict(template["metadata"].get("annotations", {}))
        if "rollonce.test/ready" in wishes:
            wishes[FAIL_ANNOTATION] = _FAILURES[wishes.pop("rollonce.test/ready")]
        delay = wishes.pop("rollonce.test/ready-delay", "0s")
        metadata = {k: v for k, v in template["metadata"].items() if k != "annotations"}
        if wishes:
            metadata["annotations"] = wishes
        pod = template["spec"]
        if seconds := int(delay.removesuffix("s")):
            probe = {"exec": {"command": ["true"]}, "initialDelaySeconds": seconds}
            pod = {**pod, "containers": [{**c, "readinessProbe": probe} for c in pod["containers"]]}
        return {**thing, "spec": {**thing["spec"], "template": {**template, "metadata": metadata, "spec": pod}}}

    def until(self, probe: Callable[[], T | None], what: str) -> T:
        """In virtual seconds."""
        found: list[T] = []

        def done() -> bool:
            answer = probe()
            if answer:
                found.append(answer)
            return bool(answer)

        self.standin.until(done, what, timeout=30.0)
        return found[0]

    def clock(self) -> Callable[[], float]:
        """Virtual ones."""
        return lambda: self.cluster.kernel.clockwork.now

    @contextlib.contextmanager
    def connected(self, user: str, interposer: Interposer | None) -> Iterator[None]:
        """Directly: no kubeconfig, no connection, no user."""

        def opened(place: connect.Place) -> tuple[Ports, str]:
            around = interposer.around if interposer is not None else lambda wire: wire
            ports, wire = simulated.ports(self.cluster, around=around)
            self._wires.append(wire)
            return ports, place.namespace or self.namespace

        bare = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        with mock.patch.dict(os.environ, bare, clear=True), mock.patch.object(connect, "connect", opened):
            yield

    def other_run(self, *arguments: str) -> None:
        """In the middle of ours."""
        from tests.scenarios.world import World

        World(self).converge(*arguments)

    def somebody(self, name: str) -> str:
        """Everybody may do everything."""
        return name

    def counting(self, user: str) -> Callable[[], Counter[str]]:
        """From what the wires have carried."""
        before = len(self._wires)
        return lambda: Counter(_asked(request) for wire in self._wires[before:] for request in wire.requests)


def _asked(request: Request) -> str:
    """`/apis/apps/v1/namespaces/NAMESPACE/deployments/NAME` -> `get deployments`."""
    parts = request.path.strip("/").split("/")
    parts = parts[2:] if parts[0] == "api" else parts[3:]
    resource, *names = parts[2:] if parts[0] == "namespaces" and len(parts) > 2 else parts
    verb = method(request).lower()
    if verb == "get" and not names:
        verb = "list"
    return f"{'create' if verb == 'post' else verb} {resource}"
