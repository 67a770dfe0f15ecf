"""The name that was most likely meant."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(wanted: str, names: Iterable[str]) -> str | None:
    """The closest of `names`, None where none is close (two thirds alike)."""
    from difflib import get_close_matches  # slow to import, and rarely needed

    found = get_close_matches(wanted, sorted(set(names)), n=1, cutoff=0.66)
    return found[0] if found else None
