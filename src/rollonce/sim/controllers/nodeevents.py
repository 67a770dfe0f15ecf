"""What a kubelet says of the containers that it runs (pkg/kubelet/kuberuntime, pkg/kubelet/images/image_manager.go)."""

from __future__ import annotations

from collections.abc import Iterable

from rollonce.sim import pods
from rollonce.sim.controllers.work import Work
from rollonce.sim.events import Source
from rollonce.sim.store import Object

KUBELET = "kubelet"


class NodeEvents:
    """The Events of all kubelets."""

    def __init__(self, work: Work) -> None:
        self._events = work.kernel.events

    def pulling(self, pod: Object, containers: Iterable[Object]) -> None:
        """Their images are not on the node."""
        for container in containers:
            self._say(pod, container, "Pulling", f'Pulling image "{container["image"]}"')

    def pulled(self, pod: Object, containers: Iterable[Object], seconds: float) -> None:
        """Their images are there after so long; they have no size here."""
        took = duration(seconds)
        for container in containers:
            said = f'Successfully pulled image "{container["image"]}" in {took} ({took} including waiting). '
            self._say(pod, container, "Pulled", f"{said}Image size: 0 bytes.")

    def started(self, pod: Object, containers: Iterable[Object], fetched: frozenset[str] = frozenset()) -> None:
        """Containers run; the images of those that are not `fetched` (names) were on the node before."""
        for container in containers:
            if container["name"] not in fetched:
                said = f'Container image "{container["image"]}" already present on machine'
                self._say(pod, container, "Pulled", f"{said} and can be accessed by the pod")
            self._say(pod, container, "Created", "Container created")
            self._say(pod, container, "Started", "Container started")

    def unpullable(self, pod: Object, containers: Iterable[Object]) -> None:
        """There are no such images; in the words of containerd."""
        for container in containers:
            image = container["image"]
            self.pulling(pod, [container])
            why = (
                f'rpc error: code = NotFound desc = failed to pull and unpack image "{image}": failed to resolve '
                f'reference "{image}": {image}: not found'
            )
            self._say(pod, container, "Failed", f'Failed to pull image "{image}": {why}', warning=True)
            self._say(pod, container, "Failed", "Error: ErrImagePull", warning=True)
            self._say(pod, container, "BackOff", f'Back-off pulling image "{image}"')
            self._say(pod, container, "Failed", "Error: ImagePullBackOff", warning=True)

    def crashed(self, pod: Object, containers: Iterable[Object]) -> None:
        """They have ended, and are started again later."""
        metadata = pod["metadata"]
        named = f"{metadata['name']}_{metadata['namespace']}({metadata['uid']})"
        for container in containers:
            said = f"Back-off restarting failed container {container['name']} in pod {named}"
            self._say(pod, container, "BackOff", said, warning=True)

    def changed(self, pod: Object, containers: Iterable[Object]) -> None:
        """Their images were changed in place."""
        for container in containers:
            said = f"Container {container['name']} definition changed, will be restarted"
            self._say(pod, container, "Killing", said)

    def stopping(self, pod: Object) -> None:
        """The pod is to go: all that runs in it is stopped."""
        status = pod.get("status", {})
        lists = ("containerStatuses", "initContainerStatuses")
        running = {c["name"] for part in lists for c in status.get(part) or [] if "running" in c.get("state", {})}
        for container in every(pod):
            if container["name"] in running:
                self._say(pod, container, "Killing", f"Stopping container {container['name']}")

    def _say(self, pod: Object, container: Object, reason: str, said: str, *, warning: bool = False) -> None:
        name = container["name"]
        main = any(each["name"] == name for each in pod["spec"]["containers"])
        part = f"spec.{'containers' if main else 'initContainers'}{{{name}}}"
        source = Source(KUBELET, KUBELET, pod["spec"].get("nodeName", ""))
        self._events.say(source, pod, reason, said, warning=warning, part=part)


def every(pod: Object) -> list[Object]:
    """All containers, main ones first."""
    return [*pod["spec"].get("containers", []), *(pod["spec"].get("initContainers") or [])]


def in_order(pod: Object) -> list[Object]:
    """All containers as they are started."""
    return [*(pod["spec"].get("initContainers") or []), *pod["spec"].get("containers", [])]


def failing(pod: Object, how: pods.Failure) -> list[Object]:
    """The containers that were asked to fail so; all main ones where the whole pod was."""
    return [c for c in in_order(pod) if pods.container_failure(c) == how] or list(pod["spec"]["containers"])


def duration(seconds: float) -> str:
    """As Go prints a duration, in whole milliseconds."""
    millis = round(seconds * 1000)
    if millis < 1000:
        return f"{millis}ms" if millis else "0s"
    minutes, rest = divmod(millis, 60_000)
    hours, minutes = divmod(minutes, 60)
    shown = f"{rest / 1000:.3f}".rstrip("0").rstrip(".") + "s"
    shown = f"{minutes}m{shown}" if hours or minutes else shown
    return f"{hours}h{shown}" if hours else shown
