"""The row of a pod (pkg/printers/internalversion/printers.go, printPod)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rollonce.sim.store import Object

_NONE = "<none>"
Told = Mapping[str, Any]


def row(pod: Object, since: Callable[[Any], str]) -> list[Any]:
    """The cells; `since` says how long ago a time is."""
    spec, status = pod["spec"], pod.get("status") or {}
    native = {each["name"] for each in spec.get("initContainers") or () if each.get("restartPolicy") == "Always"}
    conditions = {each["type"]: each for each in status.get("conditions") or ()}
    reason = status.get("reason") or status.get("phase", "")
    if (conditions.get("PodScheduled") or {}).get("reason") == "SchedulingGated":
        reason = "SchedulingGated"
    ready, counted, waiting = 0, [], None
    for index, each in enumerate(status.get("initContainerStatuses") or ()):
        counted.append(each)
        if each.get("name") in native and each.get("started") and not _ended(each, 0):
            ready += bool(each.get("ready"))
            continue
        if _ended(each, 0):
            continue
        waiting = _initializing(each, index, len(spec.get("initContainers") or ()))
        break
    if waiting is not None:
        reason = waiting
    if waiting is None or (conditions.get("Initialized") or {}).get("status") == "True":
        counted = [each for each in counted if each.get("name") in native]
        counted += status.get("containerStatuses") or ()
        reason, more = _running(status.get("containerStatuses") or (), conditions, reason)
        ready += more
    if "deletionTimestamp" in pod["metadata"]:
        if status.get("reason") == "NodeLost":
            reason = "Unknown"
        elif status.get("phase") not in ("Succeeded", "Failed"):
            reason = "Terminating"
    gates = spec.get("readinessGates") or ()
    passed = sum((conditions.get(gate["conditionType"]) or {}).get("status") == "True" for gate in gates)
    return [
        pod["metadata"]["name"], f"{ready}/{len(spec.get('containers') or ()) + len(native)}", reason,
        _restarts(counted, since), since(pod["metadata"].get("creationTimestamp")),
        ((status.get("podIPs") or [{}])[0]).get("ip") or _NONE, spec.get("nodeName") or _NONE,
        status.get("nominatedNodeName") or _NONE, f"{passed}/{len(gates)}" if gates else _NONE,
    ]  # fmt: skip


def _state(container: Told, name: str) -> Told | None:
    found: Told | None = (container.get("state") or {}).get(name)
    return found


def _ended(container: Told, code: int) -> bool:
    terminated = _state(container, "terminated")
    return terminated is not None and terminated.get("exitCode", 0) == code


def _initializing(container: Told, index: int, count: int) -> str:
    terminated, waiting = _state(container, "terminated"), _state(container, "waiting")
    if terminated is not None:
        return "Init:" + _end(terminated)
    if waiting is not None and waiting.get("reason", "PodInitializing") not in ("", "PodInitializing"):
        return f"Init:{waiting['reason']}"
    return f"Init:{index}/{count}"


def _end(terminated: Told) -> str:
    if terminated.get("reason"):
        return str(terminated["reason"])
    if terminated.get("signal"):
        return f"Signal:{terminated['signal']}"
    return f"ExitCode:{terminated.get('exitCode', 0)}"


def _running(containers: Any, conditions: Mapping[str, Told], reason: str) -> tuple[str, int]:
    """What the main containers make of it, and how many are ready."""
    ready, running, failed = 0, False, ""
    for each in reversed(containers):
        waiting, terminated = _state(each, "waiting"), _state(each, "terminated")
        if waiting is not None and waiting.get("reason"):
            reason = waiting["reason"]
        elif terminated is not None:
            reason = _end(terminated)
            failed = reason if terminated.get("exitCode") else failed
        elif each.get("ready") and _state(each, "running") is not None:
            running = True
            ready += 1
    if reason == "Completed":
        if running and (conditions.get("Ready") or {}).get("status") == "True":
            reason = "Running"
        elif failed:
            reason = failed
        elif running:
            reason = "NotReady"
    return reason, ready


def _restarts(counted: list[Told], since: Callable[[Any], str]) -> str:
    count = sum(each.get("restartCount", 0) for each in counted)
    ends = [((each.get("lastState") or {}).get("terminated") or {}).get("finishedAt") or "" for each in counted]
    last = max(ends, default="")
    return f"{count} ({since(last)} ago)" if count and last else str(count)
