"""Images in a table: what both sides share is said once, so that it does not drown the tag."""

from __future__ import annotations

from functools import lru_cache

from rollonce.model import image

_DIGEST_SHOWN = 12


def change(old: str, new: str) -> tuple[str, str, str]:
    """What is common, the old rest and the new rest of two image references.

    Where the repositories differ nothing is common, and both are shown whole.
    """
    before, after = _split(old), _split(new)
    if before is None or after is None or before.repository != after.repository:
        return "", old or "(none)", new
    return before.repository, _version(before), _version(after)


# A fleet repeats a handful of images hundreds of times.
_split = lru_cache(maxsize=1024)(image.split)


def _version(parts: image.ImageParts) -> str:
    if not parts.digest:
        return parts.tag or "(no tag)"
    algorithm, _, value = parts.digest.partition(":")
    digest = f"{algorithm}:{value[:_DIGEST_SHOWN]}"
    return f"{parts.tag}@{digest}" if parts.tag else digest
