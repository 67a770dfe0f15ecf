"""What client-side apply left behind, where kubectl comes back with server-side apply
(apimachinery/pkg/util/managedfields/internal, lastappliedmanager.go and lastappliedupdater.go)."""

from __future__ import annotations

import msgspec

from rollonce.sim.api import fieldsets
from rollonce.sim.api.fieldsets import Path
from rollonce.sim.store import Object

KUBECTL = "kubectl"
ANNOTATION = "kubectl.kubernetes.io/last-applied-configuration"
# metav1, TotalAnnotationSizeLimitB
_MOST = 256 * 1024
# encoding/json escapes these, as if the text went into a page.
_ESCAPED = {b"<": b"\\u003c", b">": b"\\u003e", b"&": b"\\u0026"}


def yielded(live: Object, type_: str) -> set[Path]:
    """The fields that kubectl may take over without a conflict: they are still as client-side apply left them."""
    try:
        before = msgspec.json.decode(_noted(live))
    except msgspec.MsgspecError:
        return set()
    if not isinstance(before, dict) or before.get("apiVersion") != live.get("apiVersion"):
        return set()
    difference = fieldsets.compare(before, live, type_)
    return set(fieldsets.collect(before, type_)) - difference.modified - difference.added - difference.removed


def renewed(merged: Object, sent: Object) -> Object:
    """The object with what was sent as its annotation, where it has that annotation."""
    if not _noted(merged):
        return merged
    metadata = {name: value for name, value in sent["metadata"].items() if name != "managedFields"}
    if isinstance(metadata.get("annotations"), dict):
        metadata["annotations"] = {k: v for k, v in metadata["annotations"].items() if k != ANNOTATION}
    text = msgspec.json.encode({**sent, "metadata": metadata}, order="sorted")
    for letter, escaped in _ESCAPED.items():
        text = text.replace(letter, escaped)
    annotations = {**merged["metadata"]["annotations"], ANNOTATION: text.decode() + "\n"}
    if sum(len(k) + len(v) for k, v in annotations.items()) > _MOST:
        del annotations[ANNOTATION]
    return {**merged, "metadata": {**merged["metadata"], "annotations": annotations}}


def _noted(thing: Object) -> str:
    return str((thing["metadata"].get("annotations") or {}).get(ANNOTATION) or "")
