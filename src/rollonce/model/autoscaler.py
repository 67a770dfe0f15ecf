"""HorizontalPodAutoscalers, as far as it matters whose replicas are theirs."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from rollonce.model.kind import Resource

AUTOSCALERS = Resource("autoscaling", "v2", "horizontalpodautoscalers")


class _Reference(Struct, gc=False):
    kind: str = ""
    name: str = ""


class _Spec(Struct, rename="camel"):
    scale_target_ref: _Reference = msgspec.field(default_factory=_Reference)


class _Autoscaler(Struct):
    spec: _Spec = msgspec.field(default_factory=_Spec)


_DECODER = msgspec.json.Decoder(_Autoscaler)


def target(raw: bytes) -> tuple[str, str]:
    """Kind, in lower case, and name of what it scales; empty where the JSON is no such object."""
    try:
        found = _DECODER.decode(raw).spec.scale_target_ref
    except msgspec.ValidationError:
        return "", ""
    return found.kind.lower(), found.name
