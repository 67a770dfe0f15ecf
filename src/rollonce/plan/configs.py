"""What pods take from ConfigMaps and Secrets, and when a change of it is to roll them (`--roll-on-config`).

A workload's template carries a digest of each such object as an annotation, from its first roll for it on. The object
that changes is marked in the very apply that changes it: where the run ends between that and the workload's, the next
run sees the mark, misses the digest, and rolls what the first one had to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import msgspec

KINDS = ("ConfigMap", "Secret")
PREFIX = "config.rollonce.dev/"
_SHOWN = 16
_LONGEST = 63
_encode = msgspec.json.Encoder(order="sorted").encode

# Which object of a namespace: kind and name.
Reference = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Config:
    """An object of the run: `due` where it changes in it, or has changed in one that might not have come to its end."""

    digest: str
    due: bool


def digest(body: Any) -> str:
    """Of the data that an object is to have."""
    return sha256(_encode([body.get("data") or {}, body.get("binaryData") or {}])).hexdigest()[:_SHOWN]


def annotation(reference: Reference) -> str:
    """The name of the annotation that has the digest."""
    kind, name = reference
    words = f"{kind.lower()}.{name}"
    if len(words) > _LONGEST:
        words = f"{kind.lower()}.{sha256(name.encode()).hexdigest()[:_SHOWN]}"
    return f"{PREFIX}{words}"


def references(template: Any) -> frozenset[Reference]:
    """What the pods of a template mount, or take variables from."""
    return frozenset((kind, name) for kind, name in _references(template.get("spec") or {}) if isinstance(name, str))


def _references(pod: Any) -> Iterator[tuple[str, Any]]:
    for volume in pod.get("volumes") or ():
        yield "ConfigMap", (volume.get("configMap") or {}).get("name")
        yield "Secret", (volume.get("secret") or {}).get("secretName")
        for source in (volume.get("projected") or {}).get("sources") or ():
            yield "ConfigMap", (source.get("configMap") or {}).get("name")
            yield "Secret", (source.get("secret") or {}).get("name")
    for container in (*(pod.get("initContainers") or ()), *(pod.get("containers") or ())):
        for source in container.get("envFrom") or ():
            yield "ConfigMap", (source.get("configMapRef") or {}).get("name")
            yield "Secret", (source.get("secretRef") or {}).get("name")
        for variable in container.get("env") or ():
            source = variable.get("valueFrom") or {}
            yield "ConfigMap", (source.get("configMapKeyRef") or {}).get("name")
            yield "Secret", (source.get("secretKeyRef") or {}).get("name")


def carried(template: Any, live: Mapping[str, str], known: Mapping[Reference, Config]) -> dict[str, str]:
    """The digests that a template is to carry; `live` has the annotations of the one that is there.

    What was once written stays for as long as the pods use the object, for to drop it would be a roll.
    """
    found = {}
    for reference in sorted(references(template)):
        name, config = annotation(reference), known.get(reference)
        if config is not None and (config.due or name in live):
            found[name] = config.digest
        elif name in live:
            found[name] = live[name]
    return found
