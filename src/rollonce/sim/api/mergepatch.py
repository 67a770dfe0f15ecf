"""JSON merge patch, RFC 7386."""

from __future__ import annotations

from typing import Any


def apply(patch: Any, document: Any) -> Any:
    """The document after the patch, which it does not change."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(document) if isinstance(document, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = apply(value, merged.get(name))
    return merged
