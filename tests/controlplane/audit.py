"""Reads the API server's audit log: who asked what, and which answer came."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.controlplane import api
from tests.controlplane.description import ControlPlane
from tests.controlplane.waiting import until


@dataclass(frozen=True, slots=True)
class Entry:
    """One request. Bodies are there for writes to workloads only, see audit-policy.yaml.

    `stage` is `ResponseComplete`, or `ResponseStarted` for a watch that may still run (it gets a second entry at its
    end). `code` is the HTTP status. `at` is when the request came, RFC 3339 with microseconds.
    """

    user: str
    user_agent: str
    verb: str
    uri: str
    group: str
    resource: str
    subresource: str
    namespace: str
    name: str
    code: int
    stage: str
    at: str
    request: Any
    response: Any
    raw: dict[str, Any]

    @classmethod
    def parse(cls, line: bytes) -> Entry:
        """From one line of the log."""
        raw = json.loads(line)
        target = raw.get("objectRef", {})
        return cls(
            user=raw["user"].get("username", ""),
            user_agent=raw.get("userAgent", ""),
            verb=raw["verb"],
            uri=raw["requestURI"],
            group=target.get("apiGroup", ""),
            resource=target.get("resource", ""),
            subresource=target.get("subresource", ""),
            namespace=target.get("namespace", ""),
            name=target.get("name", ""),
            code=raw.get("responseStatus", {}).get("code", 0),
            stage=raw["stage"],
            at=raw["requestReceivedTimestamp"],
            request=raw.get("requestObject"),
            response=raw.get("responseObject"),
            raw=raw,
        )


@dataclass(frozen=True, slots=True)
class Audit:
    """The log of one control plane; other workers of the test run write into it too, so filter by namespace."""

    plane: ControlPlane
    log: Path

    def mark(self) -> int:
        """The place in the log after everything that was answered before this call."""
        return self._passed_sentinel(0)

    def since(
        self,
        mark: int,
        *,
        user: str | None = None,
        user_agent: str | None = None,
        namespace: str | None = None,
        verb: str | None = None,
        resource: str | None = None,
    ) -> list[Entry]:
        """Every request after `mark` that was answered before this call, in the order of the log.

        `user_agent` is a prefix (`kubectl/`), the others are equal to the field.
        """
        end = self._passed_sentinel(mark)
        with self.log.open("rb") as file:
            file.seek(mark)
            entries = [Entry.parse(line) for line in file.read(end - mark).splitlines()]
        return [
            entry
            for entry in entries
            if _SENTINEL not in entry.uri
            and user in (None, entry.user)
            and (user_agent is None or entry.user_agent.startswith(user_agent))
            and namespace in (None, entry.namespace)
            and verb in (None, entry.verb)
            and resource in (None, entry.resource)
        ]

    def _passed_sentinel(self, start: int) -> int:
        """Sends a request of its own and returns the offset after its entry.

        The log is written before a response ends, so what was answered before stands before it.
        """
        name = f"{_SENTINEL}{uuid.uuid4().hex}"
        start = max(start, self.log.stat().st_size)
        api.request(self.plane, "GET", f"/version?{name}", user="admin")

        def offset() -> int:
            with self.log.open("rb") as file:
                file.seek(start)
                tail = file.read()
            found = tail.find(name.encode())
            end = tail.find(b"\n", found) + 1 if found >= 0 else 0
            return start + end if end else 0

        return until(offset, "the audit log shows a request")


_SENTINEL = "rollonce-sentinel-"
