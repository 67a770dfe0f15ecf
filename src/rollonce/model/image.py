"""Image references: `[host[:port]/]path[:tag][@digest]`.

The grammar is that of the distribution project
(https://github.com/distribution/reference, `reference.go`): lower-case path, tag of at most
128 characters, a digest whose length fits its algorithm, a name of at most 255 characters.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from rollonce.errors import MalformedImage

_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*|\[[0-9A-Fa-f:]+\])"
_SEGMENT = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_REFERENCE = re.compile(
    rf"(?P<repository>(?:(?P<host>{_HOST}(?::[0-9]+)?)/)?{_SEGMENT}(?:/{_SEGMENT})*)"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?"
    r"(?:@(?P<digest>[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}))?"
)
_DIGEST_LENGTHS = {"sha256": 64, "sha384": 96, "sha512": 128}
_LONGEST_REPOSITORY = 255


@dataclass(frozen=True, slots=True)
class ImageParts:
    """What an image reference consists of; `tag` and `digest` are empty where it has none."""

    repository: str
    tag: str
    digest: str


@lru_cache(maxsize=4096)
def split(image: str) -> ImageParts | None:
    """The parts of a reference, None where it is not one. Live objects may hold such values."""
    found = _REFERENCE.fullmatch(image)
    if found is None:
        return None
    return ImageParts(found["repository"], found["tag"] or "", found["digest"] or "")


def check(image: str, *, act: str) -> str:
    """The image itself where it is a valid reference.

    Raises MalformedImage, which names what is wrong with it.
    """
    fault = _fault(image)
    if fault:
        raise MalformedImage(
            fault, act=act, hint="an image is [host/]path[:tag][@digest], such as registry.example/agent:1.2"
        )
    return image


def _fault(image: str) -> str:
    if not image:
        return "the image is empty"
    if any(c.isspace() or not c.isprintable() for c in image):
        return f"the image {image!r} contains white space or unprintable characters"
    parts = split(image)
    if parts is None:
        return _grammar_fault(image)
    if len(parts.repository) > _LONGEST_REPOSITORY:
        return f"the image's name has {len(parts.repository)} characters, {_LONGEST_REPOSITORY} are allowed"
    if parts.digest:
        algorithm, _, value = parts.digest.partition(":")
        wanted = _DIGEST_LENGTHS.get(algorithm)
        if wanted is None:
            return f"the digest of {image!r} has the unknown algorithm {algorithm!r}"
        if len(value) != wanted or value != value.lower():
            return f"the digest of {image!r} is not {wanted} lower-case hexadecimal digits"
    return ""


def _grammar_fault(image: str) -> str:
    name, at, digest = image.partition("@")
    if at and _REFERENCE.fullmatch(name):
        return f"the digest {digest!r} of the image is not algorithm:hexadecimal"
    if _REFERENCE.fullmatch(name.lower()):
        return f"the repository of the image {image!r} has upper-case letters"
    return f"{image!r} is not an image reference"
