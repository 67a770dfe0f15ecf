"""The simulated cluster: requests in, answers and watches out, in virtual time."""

from __future__ import annotations

import copy

from rollonce.sim.api.sent import Yaml
from rollonce.sim.api.server import Server
from rollonce.sim.api.watch import Subscription
from rollonce.sim.clockwork import Clockwork
from rollonce.sim.controllers import PROFILES, Dispatch, Profile, add_node, install
from rollonce.sim.kernel import Kernel
from rollonce.sim.store import Key
from rollonce.wire import Request, Response

__all__ = ["SimCluster", "Subscription"]

# 2026-01-01T00:00:00Z
START = 1_767_225_600.0
NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")


class SimCluster:
    """A Kubernetes API and its controllers. Not safe to call from several threads.

    `start` and all other times are seconds since the epoch, in virtual time: nothing here reads a clock.
    `profile` is how long pods take (`rollonce.sim.controllers`); without `controllers` objects only stand there.
    `yaml` reads bodies that are YAML, into JSON values, and raises ValueError; without it they are refused.
    """

    def __init__(
        self,
        start: float = START,
        *,
        profile: Profile = PROFILES["none"],
        controllers: bool = True,
        yaml: Yaml | None = None,
    ) -> None:
        self._yaml = yaml
        self.kernel = Kernel(Clockwork(start))
        for name in NAMESPACES:
            self._namespace(name)
        self._server = Server(self.kernel, yaml)
        self._controllers: Dispatch | None = install(self.kernel, profile) if controllers else None

    def handle(self, request: Request, now: float) -> Response | Subscription:
        """Answers one request at a time; what is due before it happens first."""
        self.advance(now)
        return self._server.handle(request)

    def next_due(self) -> float | None:
        """When something happens next: a controller's timer, or the end of a watch; None where nothing will."""
        due = [self.kernel.clockwork.next_due(), self._server.watches.next_end(), self.kernel.events.next_end()]
        return min((time for time in due if time is not None), default=None)

    def advance(self, until: float) -> None:
        """Lets everything happen that is due up to `until`, which is then now; time never goes back."""
        while (end := self._server.watches.next_end()) is not None and end <= until:
            self.kernel.clockwork.advance(end)
            self._server.watches.expire(end)
        self.kernel.clockwork.advance(until)
        self.kernel.events.expire(until)

    def fork(self) -> SimCluster:
        """A cluster that goes on from here by itself, as this one would: same objects, same log, same timers.

        Objects are shared, for nobody changes one; watches stay with the original. It costs what the indexes of the
        controllers cost to copy: milliseconds for a thousand workloads.
        """
        twin = copy.copy(self)
        twin.kernel, twin._controllers = copy.deepcopy((self.kernel, self._controllers))
        twin._server = Server(twin.kernel, self._yaml)
        if twin._controllers is not None:
            twin.kernel.store.listen(twin._controllers.note)
        return twin

    def add_node(self, name: str) -> None:
        """One more node that takes pods."""
        add_node(self.kernel, name)

    def _namespace(self, name: str) -> None:
        labels = {"kubernetes.io/metadata.name": name}
        namespace = {
            "kind": "Namespace",
            "apiVersion": "v1",
            "metadata": {"labels": labels},
            "spec": {"finalizers": ["kubernetes"]},
            "status": {"phase": "Active"},
        }
        self.kernel.create(Key("", "namespaces", "", name), namespace, manager="kube-apiserver")
