"""Identifiers that are the same in every run."""

from __future__ import annotations

import hashlib


def uid(seed: str) -> str:
    """The same for the same seed, in the form of a UUID."""
    digest = hashlib.sha256(seed.encode()).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:32]}"
