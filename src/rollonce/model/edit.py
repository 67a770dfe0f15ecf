"""Edits: what is wanted of one field of a pod template, and who said so."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rollonce.errors import MalformedPair, MalformedReference
from rollonce.model import image, reference
from rollonce.model.reference import Named

EVERY_CONTAINER = "*"
_CONTAINER_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")  # a DNS label


@dataclass(frozen=True, slots=True)
class ImageEdit:
    """A wanted image for the containers of that name (`*`: for all), in one workload or, with None, in every one.

    `origin` says where the edit comes from, in words that an error can quote. That no workload takes an `optional`
    edit is no typo.
    """

    container: str
    image: str
    workload: Named | None
    origin: str
    optional: bool = False

    @property
    def target(self) -> str:
        """The left side of the pair."""
        return f"{self.workload}:{self.container}" if self.workload else self.container


def split_arguments(arguments: Sequence[str], *, act: str) -> tuple[list[str], list[str]]:
    """References first, then pairs, told apart by `=`, as `kubectl set image` does it.

    Raises MalformedReference where a reference follows a pair.
    """
    references: list[str] = []
    pairs: list[str] = []
    for argument in arguments:
        if "=" in argument:
            pairs.append(argument)
        elif pairs:
            raise MalformedReference(
                f"{argument!r} comes after the pair {pairs[-1]!r}",
                act=act,
                hint="references first, then container=image pairs",
            )
        else:
            references.append(argument)
    return references, pairs


def pair(text: str, *, act: str) -> ImageEdit:
    """The edit that `[kind/name:]container=image` expresses.

    Raises MalformedPair, MalformedImage, MalformedReference or UnknownKind.
    """
    left, _, right = text.partition("=")
    act = f"{act}: the pair {text!r}"
    scope, colon, container = left.rpartition(":")
    workload = reference.named(scope, act=act) if colon else None
    if container != EVERY_CONTAINER and not _CONTAINER_NAME.fullmatch(container):
        what = f"{container!r} is not a container's name" if container else "it names no container"
        raise MalformedPair(
            what,
            act=act,
            hint="write container=image, *=image, or kind/name:container=image",
        )
    return ImageEdit(container, image.check(right, act=act), workload, f"argument {text!r}")
