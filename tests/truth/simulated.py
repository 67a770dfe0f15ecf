"""The simulated cluster as a stage, with an API audit log of its own; one history after the other, in virtual time."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from rollonce.app.ports import Ports
from rollonce.app.simulated import OneThread, SimWire, VirtualClock
from rollonce.cluster.client import Client
from rollonce.sim.cluster import SimCluster
from rollonce.sim.controllers import PROFILES
from rollonce.sim.store import Change
from rollonce.wire import Request, Response
from tests.truth.stage import Sightings
from tests.truth.writes import Ask

_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch"}
_LOGGED = ("deployments", "statefulsets", "daemonsets")


class Simulated:
    """`log` has a line for each write to a workload, as an API server writes it with both bodies."""

    def __init__(self, profile: str = "none") -> None:
        self.cluster = SimCluster(profile=PROFILES[profile])
        self.sightings = Sightings()
        self.log: list[bytes] = []
        self.cluster.kernel.store.listen(self._saw)

    def ask(self, user: str, ask: Ask) -> tuple[int, Any]:
        """As `Stage.ask`."""
        headers = (("content-type", ask.media), ("accept", "application/json"), ("user-agent", ask.agent))
        body = b"" if ask.body is None else json.dumps(ask.body).encode()
        answer = self.send(user, Request(ask.method, ask.path, ask.query, headers, body))
        return answer.status, json.loads(answer.body)

    def send(self, user: str, request: Request) -> Response:
        """One request as a user, noted in the log."""
        at = self.now()
        answer = self.cluster.handle(request, at)
        assert isinstance(answer, Response)
        self._note(user, request, answer, at)
        # No two requests come at one time.
        self.cluster.advance(at + 0.001)
        return answer

    def ports(self, user: str) -> Ports:
        """As `Stage.ports`."""
        wire, clock = _Logged(self, user), VirtualClock(self.cluster)
        return Ports(Client(wire, clock, jitter=lambda: 0.0), OneThread(self.cluster), clock)

    def kubectl(self, user: str, namespace: str, *words: str) -> bool:
        """As `Stage.kubectl`: there is none."""
        return False

    def now(self) -> float:
        """As `Stage.now`."""
        return self.cluster.kernel.clockwork.now

    def passed(self, seconds: float) -> None:
        """As `Stage.passed`."""
        self.cluster.advance(self.now() + seconds)

    def _saw(self, change: Change) -> None:
        if change.key.resource in ("replicasets", "controllerrevisions"):
            kind = "DELETED" if change.type == "DELETED" else "MODIFIED"
            self.sightings.note(kind, change.object, self.now())

    def _note(self, user: str, request: Request, answer: Response, at: float) -> None:
        words = request.path.split("/")
        verb = _VERBS.get(request.method)
        resource = words[6] if len(words) > 6 else ""
        if verb is None or words[1:3] != ["apis", "apps"] or resource not in _LOGGED or answer.status >= 300:
            return
        headers = dict(request.headers)
        stamp = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        target = {
            "resource": resource,
            "namespace": words[5],
            "apiGroup": "apps",
            "name": words[7] if words[7:] else "",
        }
        event = {
            "kind": "Event",
            "apiVersion": "audit.k8s.io/v1",
            "stage": "ResponseComplete",
            "verb": verb,
            "requestURI": request.target,
            "user": {"username": user},
            "userAgent": headers.get("user-agent", ""),
            "objectRef": target | ({"subresource": words[8]} if words[8:] else {}),
            "responseStatus": {"code": answer.status},
            "requestObject": json.loads(request.body),
            "responseObject": json.loads(answer.body),
            "requestReceivedTimestamp": stamp,
            "stageTimestamp": stamp,
        }
        self.log.append(json.dumps(event).encode())


class _Logged(SimWire):
    """The wire of one user."""

    def __init__(self, stage: Simulated, user: str) -> None:
        super().__init__(stage.cluster)
        self._stage = stage
        self._user = user

    def send(self, request: Request, *, timeout: float) -> Response:
        self.requests.append(request)
        return self._stage.send(self._user, request)
