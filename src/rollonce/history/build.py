"""Builds, as image tags tell them: a commit, a run's number, shared by the images of one build."""

from __future__ import annotations

import re
from functools import lru_cache

from msgspec import Struct

from rollonce.model import image

_SEPARATORS = re.compile(r"[-_+]")
_VERSION = re.compile(r"[vV]?\d{1,5}(\.\d{1,6}){0,3}")
_DIGITS = re.compile(r"\d+")
_DATE = re.compile(r"20\d{6}(\d{4}|\d{6})?")
_HEX = re.compile(r"[0-9a-f]+")
_SHORTEST_COMMIT = 7
_SHORTEST_RUN = 3
# A number of fewer digits is shared by chance too easily to connect two different tags.
_TELLING_RUN = 4


class Build(Struct, frozen=True, cache_hash=True):
    """The tag, its words that name a build (commits, run numbers), and the forms of all its words."""

    tag: str
    words: frozenset[str]
    scheme: tuple[str, ...]


@lru_cache(maxsize=65536)
def of_image(reference: str) -> Build | None:
    """The build that an image's tag names; None for no tag, a moving tag (`latest`) or a plain version (`1.29.3`)."""
    parts = image.split(reference)
    return of_tag(parts.tag) if parts is not None and parts.tag else None


def of_tag(tag: str) -> Build | None:
    """As `of_image`, for the tag alone."""
    forms = [(word, _form(word)) for word in _words(tag)]
    scheme = tuple(form for _, form in forms)
    if not {"commit", "run", "short"} & set(scheme):
        return None
    telling = {word for word, form in forms if form == "commit" or (form == "run" and len(word) >= _TELLING_RUN)}
    return Build(tag, frozenset(telling), scheme)


def _words(tag: str) -> list[str]:
    words: list[str] = []
    for word in _SEPARATORS.split(tag):
        words += [word] if _VERSION.fullmatch(word) else word.split(".")
    return [_bare(word) for word in words if word]


def _bare(word: str) -> str:
    """`git describe` writes a g before the commit."""
    rest = word.removeprefix("g")
    return rest if len(rest) >= _SHORTEST_COMMIT and _HEX.fullmatch(rest) else word


def _form(word: str) -> str:
    if _DATE.fullmatch(word):
        return "date"
    if _DIGITS.fullmatch(word):
        return "run" if len(word) >= _SHORTEST_RUN else "number"
    if _VERSION.fullmatch(word):
        return "version"
    mixed = any(c.isdigit() for c in word) and any(c.isalpha() for c in word)
    if _HEX.fullmatch(word) and mixed:
        return "commit" if len(word) >= _SHORTEST_COMMIT else "short" if len(word) >= 4 else "word"
    if word[:1] in ("g", "r", "b") and _DIGITS.fullmatch(word[1:]) and len(word) > _SHORTEST_RUN:
        return "run"
    return "word"


@lru_cache(maxsize=4096)
def same(one: Build, other: Build) -> bool:
    """Whether two tags name one build."""
    if one.tag == other.tag:
        return True
    return any(_equal(a, b) for a in one.words for b in other.words)


def _equal(one: str, other: str) -> bool:
    """Equal words; a commit may be cut to different lengths."""
    if one == other:
        return True
    short, long = sorted((one, other), key=len)
    return len(short) >= _SHORTEST_COMMIT and long.startswith(short) and not short.isdecimal()


def comparable(one: Build, other: Build) -> bool:
    """Whether the tags are made alike, so that different words mean different builds."""
    return one.scheme == other.scheme
