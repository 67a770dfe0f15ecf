"""Carries one workload's write, or the reading of it, to the cluster, and tells what came of it as an event."""

from __future__ import annotations

from collections.abc import Callable

from rollonce.app import merging
from rollonce.app.applier import Applier
from rollonce.app.fleet import NOT_FOUND
from rollonce.app.ports import Ports
from rollonce.errors import (
    AccessError,
    ApiRefusal,
    ConnectionLost,
    PatchRefused,
    Redirected,
    RefusedManifest,
    ServerFault,
    UnreadableAnswer,
)
from rollonce.model import credential, decode
from rollonce.model.workload import Workload, WorkloadKey
from rollonce.plan.decide import Wish
from rollonce.plan.operation import Apply, Create, Patch, Write
from rollonce.rollout import events

CONFLICT = 409
INVALID = 422


class Carrier:
    """Used by many threads at once; it has no state.

    `applier` where manifests are applied; `remerge` where a template of its own is wanted of a workload that has moved.
    """

    def __init__(
        self,
        ports: Ports,
        wish: Wish,
        applier: Applier | None = None,
        remerge: Callable[[Workload], merging.Read] | None = None,
    ) -> None:
        self._ports = ports
        self._applier = applier
        self._secrets = wish.desired.secrets
        self._remerge = remerge or (lambda workload: merging.of(ports, workload, wish.desired))

    def send(self, write: Write) -> events.Event:
        """Accepted, Rejected, Lost or Missing."""
        key, sent = write.key, write
        try:
            if isinstance(write, Patch):
                raw = self._ports.client.patch(key.kind.resource, key.namespace, key.name, write.operations)
            else:
                raw, sent = self._apply(write)
            return events.Accepted(decode.workload(key.kind, raw), None if sent is write else sent)
        except (ConnectionLost, ServerFault, UnreadableAnswer, Redirected) as error:
            # After any of these the patch may be in the object all the same.
            return events.Lost(error.fact)
        except ApiRefusal as refusal:
            if refusal.status == NOT_FOUND:
                return events.Missing()
            if refusal.status == CONFLICT:
                # The API server applies a patch anew when somebody writes meanwhile; it gave up doing so.
                return events.Lost(refusal.fact)
            # A validation error, or a policy's message, may quote what was sent.
            words = credential.without(refusal.fact, self._secrets_of(write))
            return events.Rejected(words, conflict=refusal.status == INVALID and isinstance(write, Patch))
        except RefusedManifest as refusal:
            return events.Rejected(refusal.fact, conflict=False)
        except AccessError as error:
            return events.Rejected(error.fact, conflict=False)

    def _secrets_of(self, write: Write) -> frozenset[str]:
        if isinstance(write, Patch) or self._applier is None:
            return self._secrets
        return frozenset(self._applier.secrets(self._applier.thing(write.key)))

    def _apply(self, write: Apply | Create) -> tuple[bytes, Write]:
        if self._applier is None:
            raise AssertionError(f"nothing to apply {write.key} with")
        return self._applier.send(write)

    def _read_applied(self, applier: Applier, key: WorkloadKey) -> events.Event:
        found = applier.read(key)
        return events.Missing() if found is None else events.Found(found[0], again=found[1])

    def read(self, key: WorkloadKey) -> events.Event:
        """Found, Missing or Unreadable."""
        try:
            if self._applier is not None:
                return self._read_applied(self._applier, key)
            raw = self._ports.client.get(key.kind.resource, key.namespace, key.name)
            found = decode.workload(key.kind, raw)
            merged = self._remerge(found)
            return events.Found(merged.workload, merged.merged)
        except ApiRefusal as refusal:
            return events.Missing() if refusal.status == NOT_FOUND else events.Unreadable(refusal.fact)
        except (AccessError, PatchRefused, RefusedManifest) as error:
            return events.Unreadable(error.fact)
