"""What is compared: what a user sees, less what differs between any two clusters.

Names that a controller or the server makes up, times, uids and versions become words. White space is not compared:
columns are as wide as the made-up names in them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

# Who plays the kubelet of the real one.
_KUBELETS = {"kwok": "kubelet"}
_IP = re.compile(r"\b(10\.\d+\.\d+\.\d+|127\.0\.0\.1)\b")
_UID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_RULES = tuple(
    (re.compile(pattern, re.MULTILINE), word)
    for pattern, word in (
        (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?( ?(Z|[+-]\d{4}( [A-Z]+)?))", "TIME"),
        (r"[A-Z][a-z]{2},? \d\d? [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}", "TIME"),
        (r"[A-Z][a-z]{2} [A-Z][a-z]{2} +\d+ \d\d:\d\d:\d\d \d{4}", "TIME"),
        (_UID.pattern, "UID"),
        # The prefix of a line in the log of a client: time, thread, place in its source.
        (r"^([IWE])\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ ", r"\1 "),
        (r"https?://127\.0\.0\.1:\d+(/[\w-]{32})?", "SERVER"),
        # The server prints ages; a client that asks a clock which runs ahead has none.
        (r"(?<![\w.-])(\d+d)?(\d+h)?(\d+m)?(\d+s)?(?<=[dhms])(?![\w.-])", "AGE"),
        (r"<invalid>", "AGE"),
        # The labels of a release of helm have seconds since 1970.
        (r"modifiedAt=\d+", "modifiedAt=TIME"),
        (_IP.pattern, "IP"),
        (r'(resourceVersion\\?"?: ?)\\?"?\d+\\?"?', r"\1RV"),
    )
)
# Said by a client that has learnt from a list already what it opens a watch for, and so gives the watch up.
_GIVEN_UP = re.compile(r'^.*"Failed to watch" err=.*: context canceled".*\n?', re.MULTILINE)
# Said while a controller has not seen the change yet; a busy machine takes longer over that than kubectl does.
_BEHIND = re.compile(r"^Waiting for [a-z ]+ spec update to be observed\.\.\.\n", re.MULTILINE)
# Of an object: what the server alone gives, and no two clusters alike.
_GIVEN = frozenset(
    {
        "uid", "resourceVersion", "creationTimestamp", "deletionTimestamp", "time", "lastTransitionTime",
        "lastUpdateTime", "lastProbeTime", "lastSuccessfulTime",
        "startTime", "startedAt", "finishedAt", "firstTimestamp", "lastTimestamp",
        "eventTime", "hostIP", "hostIPs", "podIP", "podIPs", "nodeName", "containerID", "clusterIP", "clusterIPs",
    }
)  # fmt: skip


def text(said: str, names: Mapping[str, str]) -> list[str]:
    """Lines that two clusters have in common; `names` are those of this cluster and what stands for each."""
    said = _SHOWN.sub(lambda found: _shown(found[0]), _BEHIND.sub("", _GIVEN_UP.sub("", said)))
    for name in sorted(names, key=len, reverse=True):
        said = said.replace(name, names[name])
    for pattern, word in _RULES:
        said = pattern.sub(word, said)
    return [" ".join(line.split()) for line in said.splitlines()]


def thing(value: Any, names: Mapping[str, str]) -> Any:
    """An object, or a part of one, that two clusters have in common."""
    match value:
        case dict():
            seen = {_named(key, names): thing(inner, names) for key, inner in value.items() if key not in _GIVEN}
            if "managedFields" in seen:
                seen["managedFields"] = owners(value["managedFields"], seen["managedFields"])
            return _without_steps(seen) if seen.get("kind") == "ReplicaSet" and "status" in seen else seen
        case list():
            return [thing(inner, names) for inner in value]
        case str():
            return _named(value, names)
    return value


def owners(raw: list[dict[str, Any]], seen: list[Any]) -> list[Any]:
    """Entries of managedFields, `seen` as two clusters have them in common, in an order that both agree on.

    Servers sort by second and then by manager: who comes before whom depends on where a second ends. So each side has
    to have sorted by its own times (managedfields.go, sortEncodedManagedFields).
    """
    if raw != sorted(raw, key=lambda entry: (entry["operation"], entry.get("time", ""), *_manager(entry))):
        seen = [*seen, "not in the order of the server"]
    return sorted(seen, key=lambda entry: (entry["operation"], *_manager(entry)) if isinstance(entry, dict) else ())


def _manager(entry: dict[str, Any]) -> tuple[str, str, str]:
    return entry["manager"], entry["apiVersion"], entry.get("subresource", "")


# An object in an error, quoted by Go.
_SHOWN = re.compile(r'"\{(?:[^"\\]|\\.)*\}"')


def _shown(quoted: str) -> str:
    """The same object with its managedFields in an order that both sides agree on; all else as it is."""
    try:
        value = json.loads(json.loads(quoted))
    except ValueError:
        return quoted
    metadata = value.get("metadata", {})
    if "managedFields" in metadata:
        metadata["managedFields"] = owners(metadata["managedFields"], metadata["managedFields"])
    return json.dumps(json.dumps(value, separators=(",", ":")))


def _without_steps(replicaset: dict[str, Any]) -> dict[str, Any]:
    """A ReplicaSet less what tells in how many steps it was scaled: pods that get ready together make one."""
    metadata = {key: value for key, value in replicaset["metadata"].items() if key != "generation"}
    status = {key: value for key, value in replicaset["status"].items() if key != "observedGeneration"}
    return {**replicaset, "metadata": metadata, "status": status}


def _named(value: str, names: Mapping[str, str]) -> str:
    for name in sorted(names, key=len, reverse=True):
        value = value.replace(name, names[name])
    return _IP.sub("IP", _UID.sub("UID", _KUBELETS.get(value, value)))
