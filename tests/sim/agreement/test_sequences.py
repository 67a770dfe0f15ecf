# ruff: noqa: E501
"""Random sequences of writes by several managers: after each one, both servers answer the same.

ROLLONCE_SEED draws other sequences; ROLLONCE_SEQUENCES says how many.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from typing import Any

import pytest

from tests.controlplane.description import ControlPlane
from tests.sim.agreement.pair import Pair, Side, drop_namespace, fresh_namespace
from tests.sim.agreement.things import CONFIGMAPS, DEPLOYMENTS, SERVICES, STATEFULSETS, stored

pytestmark = pytest.mark.cluster
SEED = int(os.environ.get("ROLLONCE_SEED") or 1)
COUNT = int(os.environ.get("ROLLONCE_SEQUENCES") or 24)
MANAGERS = ("one", "two", "kubectl-set", "kubectl", "helm")
NAMES = ("main", "side", "git-sync")
Json = dict[str, Any]


@pytest.mark.parametrize("number", range(COUNT))
def test_a_random_sequence_of_writes(control_plane: ControlPlane, number: int) -> None:
    space = fresh_namespace(control_plane)
    pair = Pair(control_plane, space)
    try:
        Sequence(random.Random(SEED * 10_000 + number), pair).run()
    finally:
        pair.close()
        drop_namespace(control_plane, space)


class Sequence:
    """One object and what happens to it."""

    def __init__(self, dice: random.Random, pair: Pair) -> None:
        self.dice = dice
        self.pair = pair
        self.kind, self.path = dice.choice(
            [("Deployment", DEPLOYMENTS)] * 4
            + [("StatefulSet", STATEFULSETS)] * 2
            + [("ConfigMap", CONFIGMAPS), ("Service", SERVICES)]
        )
        self.version = "apps/v1" if self.kind in ("Deployment", "StatefulSet") else "v1"

    def run(self) -> None:
        for _ in range(10):
            act = self.dice.choice(
                [self.apply, self.apply, self.apply, self.strategic, self.merge, self.json, self.put, self.create]
            )
            act()
            if self.dice.random() < 0.05:
                self.pair.ask("DELETE", f"{self.path}/it", see=lambda thing: thing.get("status"))
        self.pair.ask("GET", f"{self.path}/it", see=stored)

    def maybe(self, chance: float = 0.5) -> bool:
        return self.dice.random() < chance

    def query(self, **more: str) -> dict[str, str]:
        told = {"fieldManager": self.dice.choice(MANAGERS), **more}
        if self.maybe(0.2):
            told["dryRun"] = "All"
        if self.maybe(0.3):
            told["fieldValidation"] = self.dice.choice(["Strict", "Ignore"])
        return told

    def create(self) -> None:
        self.pair.ask("POST", self.path, self.whole(), query=self.query(), see=stored)

    def apply(self) -> None:
        thing = self.whole() if self.maybe(0.7) else self.part()
        force = self.dice.choice(["true", "false"])
        self.pair.ask("PATCH", f"{self.path}/it", thing, media="apply", query=self.query(force=force), see=stored)

    def strategic(self) -> None:
        self.pair.ask("PATCH", f"{self.path}/it", self.patch(), media="strategic", query=self.query(), see=stored)

    def merge(self) -> None:
        self.pair.ask("PATCH", f"{self.path}/it", self.patch(), media="merge", query=self.query(), see=stored)

    def put(self) -> None:
        self.pair.ask("PUT", f"{self.path}/it", self.whole(), query=self.query(), see=stored)

    def json(self) -> None:
        dice = self.dice
        image = "/spec/template/spec/containers/0/image"
        choices: list[Json] = [
            {"op": "add", "path": "/metadata/labels", "value": self.labels()},
            {"op": "add", "path": "/metadata/labels/a", "value": dice.choice("xyz")},
            {"op": "remove", "path": "/metadata/labels/a"},
            {"op": "replace", "path": image, "value": self.image()},
            {"op": "test", "path": image, "value": self.image()},
            {"op": "add", "path": "/spec/template/spec/containers/-", "value": self.container("extra")},
            {"op": "remove", "path": "/spec/template/spec/containers/1"},
            {"op": "add", "path": "/data", "value": self.data()},
            {"op": "add", "path": "/data/a", "value": dice.choice("xyz")},
            {"op": "move", "from": "/metadata/labels/a", "path": "/metadata/labels/b"},
        ]
        patch = dice.sample(choices, dice.randint(1, 3))
        self.pair.ask("PATCH", f"{self.path}/it", patch, media="json", query=self.query(), see=stored)

    # What the objects are made of.

    def metadata(self) -> Json:
        found: Json = {"name": "it"}
        if self.maybe():
            found["labels"] = self.labels()
        if self.maybe():
            found["annotations"] = {f"x/{key}": self.dice.choice("12") for key in self.some("abc")}
        if self.maybe(0.1):
            found["finalizers"] = ["x.example/wait"] if self.maybe(0) else []
        return found

    def labels(self) -> Json:
        return {key: self.dice.choice("xy") for key in self.some("abc")}

    def some(self, among: Any) -> list[Any]:
        return self.dice.sample(list(among), self.dice.randint(0, len(among)))

    def data(self) -> Json:
        return {key: self.dice.choice("123") for key in self.some("abcd")}

    def whole(self) -> Json:
        head = {"apiVersion": self.version, "kind": self.kind, "metadata": self.metadata()}
        if self.kind == "ConfigMap":
            return {**head, "data": self.data()}
        if self.kind == "Service":
            return {**head, "spec": self.service()}
        spec: Json = {
            "replicas": 0,
            "selector": {"matchLabels": {"app": "it"}},
            "template": {"metadata": {"labels": {"app": "it"}}, "spec": self.pod()},
        }
        if self.maybe():
            spec["template"]["metadata"]["annotations"] = {"r": self.dice.choice("12")}
        if self.kind == "Deployment":
            spec |= {"paused": True, "strategy": self.strategy()} if self.maybe(0.4) else {"paused": True}
        else:
            spec["serviceName"] = "it"
            if self.maybe(0.3):
                spec["updateStrategy"] = self.dice.choice(
                    [{"type": "OnDelete"}, {"type": "RollingUpdate"}, {"rollingUpdate": {"partition": 2}}]
                )
        if self.maybe(0.3):
            spec["minReadySeconds"] = self.dice.randint(0, 3)
        if self.maybe(0.3):
            spec["revisionHistoryLimit"] = self.dice.randint(0, 3)
        return {**head, "spec": spec}

    def strategy(self) -> Json:
        return self.dice.choice([
            {"type": "Recreate"},
            {"type": "RollingUpdate"},
            {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": "10%"}},
            {"rollingUpdate": {"maxSurge": "30%"}},
        ])  # fmt: skip

    def part(self) -> Json:
        head = {"apiVersion": self.version, "kind": self.kind, "metadata": self.metadata()}
        if self.kind == "ConfigMap":
            return {**head, "data": self.data()}
        if self.kind == "Service":
            return head
        containers = [self.container(name) for name in self.some(NAMES)]
        return {**head, "spec": {"template": {"spec": {"containers": containers}}}} if self.maybe(0.7) else head

    def patch(self) -> Json:
        found: Json = {}
        if self.maybe():
            labels = {key: self.dice.choice(["x", "y", None]) for key in self.some("abc")}
            found["metadata"] = {"labels": labels if self.maybe(0.9) else None}
        if self.kind == "ConfigMap":
            return {**found, "data": {key: self.dice.choice(["1", "2", None]) for key in self.some("abcd")}}
        if self.kind == "Service":
            return {**found, "spec": self.service()}
        pod: Json = {"containers": [self.container(name) for name in self.some(NAMES)]}
        if self.maybe(0.3):
            pod = self.pod()
        if self.maybe(0.2):
            pod["terminationGracePeriodSeconds"] = self.dice.choice([5, None])
        return {**found, "spec": {"template": {"spec": pod}}}

    def service(self) -> Json:
        dice = self.dice
        ports = [
            {"name": name, "port": number, **({"targetPort": dice.choice([8080, "http"])} if self.maybe() else {})}
            for name, number in self.some([("a", 80), ("b", 81), ("c", 82)])
        ] or [{"name": "a", "port": 80}]
        return {"ports": ports, **({"selector": self.labels()} if self.maybe() else {})}

    def image(self) -> str:
        return f"registry.example/{self.dice.choice('ab')}:{self.dice.choice(['1', '2', 'latest'])}"

    def container(self, name: str) -> Json:
        found: Json = {"name": name, "image": self.image()}
        for field, make in (
            ("env", self.env), ("ports", self.ports), ("resources", self.resources), ("command", lambda: self.some("xy")),
            ("args", lambda: self.some("pq")), ("readinessProbe", self.probe), ("livenessProbe", self.probe),
            ("securityContext", self.security), ("lifecycle", self.lifecycle), ("workingDir", lambda: "/w"),
            ("envFrom", lambda: [{"configMapRef": {"name": "c"}}]), ("tty", lambda: True),
            ("imagePullPolicy", lambda: self.dice.choice(["Always", "Never"])),
        ):  # fmt: skip
            if self.maybe(0.2):
                found[field] = make()
        return found

    def env(self) -> list[Json]:
        sources: list[Json] = [
            {"value": "1"}, {"value": ""}, {}, {"valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
            {"valueFrom": {"secretKeyRef": {"name": "s", "key": "k", "optional": True}}},
            {"valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}},
        ]  # fmt: skip
        return [{"name": name, **self.dice.choice(sources)} for name in self.some("ABC")]

    def ports(self) -> list[Json]:
        found = self.some([8080, 8081])
        return [{"containerPort": each, **({"protocol": "UDP"} if self.maybe(0.2) else {})} for each in found]

    def resources(self) -> Json:
        return self.dice.choice([
            {}, {"limits": {"cpu": "1000m", "memory": "1024Mi"}}, {"requests": {"cpu": 0.5, "memory": "1e3"}},
            {"limits": {"memory": "0.5Gi"}, "requests": {"memory": "100M"}},
        ])  # fmt: skip

    def probe(self) -> Json:
        found: Json = self.dice.choice([
            {"httpGet": {"port": 80}}, {"httpGet": {"port": "http", "path": "/x", "scheme": "HTTPS"}},
            {"tcpSocket": {"port": 1}}, {"exec": {"command": ["true"]}}, {"grpc": {"port": 9}},
        ])  # fmt: skip
        return {**found, **({"periodSeconds": self.dice.randint(0, 3)} if self.maybe() else {})}

    def security(self) -> Json:
        return self.dice.choice(
            [{}, {"runAsUser": 0}, {"privileged": False}, {"capabilities": {"add": ["X"], "drop": []}}]
        )

    def lifecycle(self) -> Json:
        return {
            "preStop": self.dice.choice(
                [{"exec": {"command": ["x"]}}, {"httpGet": {"port": 1}}, {"sleep": {"seconds": 1}}]
            )
        }

    def volumes(self) -> list[Json]:
        sources: list[Json] = [
            {"emptyDir": {}}, {}, {"configMap": {"name": "c"}}, {"secret": {"secretName": "s", "optional": False}},
            {"hostPath": {"path": "/x"}}, {"persistentVolumeClaim": {"claimName": "p"}},
            {"downwardAPI": {"items": [{"path": "l", "fieldRef": {"fieldPath": "metadata.labels"}}]}},
            {"projected": {"sources": [{"configMap": {"name": "c"}}, {"serviceAccountToken": {"path": "t"}}]}},
            {"emptyDir": {"medium": "Memory", "sizeLimit": "1024Mi"}}, {"nfs": {"server": "s", "path": "/"}},
        ]  # fmt: skip
        return [{"name": name, **self.dice.choice(sources)} for name in self.some(["v1", "v2", "v3"])]

    def pod(self) -> Json:
        names = self.dice.sample(NAMES, self.dice.randint(1, 3))
        found: Json = {"containers": [self.container(name) for name in names]}
        parts: list[tuple[str, Callable[[], Any]]] = [
            ("initContainers", lambda: [{"name": "init", "image": self.image()}]), ("volumes", self.volumes),
            ("tolerations", lambda: [{"key": "k", "operator": "Exists"}]), ("nodeSelector", self.labels),
            ("terminationGracePeriodSeconds", lambda: self.dice.randint(0, 40)), ("hostNetwork", lambda: False),
            ("serviceAccountName", lambda: "default"), ("imagePullSecrets", lambda: [{"name": n} for n in self.some("xy")]),
            ("securityContext", lambda: self.dice.choice([{}, {"fsGroup": 1}, {"runAsNonRoot": True}])),
            ("affinity", self.affinity), ("dnsPolicy", lambda: "Default"), ("automountServiceAccountToken", lambda: True),
            ("hostAliases", lambda: [{"ip": "10.0.0.1", "hostnames": ["h"]}]), ("enableServiceLinks", lambda: False),
            ("topologySpreadConstraints", lambda: [
                {"maxSkew": 1, "topologyKey": "z", "whenUnsatisfiable": "DoNotSchedule"},
            ]),
        ]  # fmt: skip
        for field, make in parts:
            if self.maybe(0.15):
                found[field] = make()
        return found

    def affinity(self) -> Json:
        term = {"topologyKey": "z", "labelSelector": {"matchLabels": {"app": "it"}}}
        return self.dice.choice([
            {}, {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}},
            {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [
                {"weight": 1, "podAffinityTerm": term},
            ]}},
        ])  # fmt: skip


def test_a_stale_version_is_a_conflict(control_plane: ControlPlane) -> None:
    space = fresh_namespace(control_plane)
    pair = Pair(control_plane, space)
    thing = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "it"}, "data": {"a": "b"}}
    pair.ask("POST", CONFIGMAPS, thing)

    def stale(side: Side) -> Json:
        live: Json = pair.live(side, f"{CONFIGMAPS}/it")
        number = str(int(live["metadata"]["resourceVersion"]) - 1)
        return {**live, "metadata": {**live["metadata"], "resourceVersion": number}}

    pair.ask("PUT", f"{CONFIGMAPS}/it", stale)
    pair.ask("PATCH", f"{CONFIGMAPS}/it", stale, media="merge")
    pair.close()
    drop_namespace(control_plane, space)
