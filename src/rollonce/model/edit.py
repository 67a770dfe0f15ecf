"""Edits: what is wanted of one field of a workload, mostly of its pod template, and who said so."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from rollonce.errors import MalformedPair, MalformedReference
from rollonce.model import credential, image, reference
from rollonce.model.reference import Named

EVERY_CONTAINER = "*"
# What `kubectl rollout restart` writes (kubernetes/kubectl, pkg/polymorphichelpers/objectrestarter.go).
RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"
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
        return _scoped(self.workload, self.container)


@dataclass(frozen=True, slots=True)
class EnvEdit:
    """A wanted environment variable, or with None its removal; containers and workloads as for an image."""

    container: str
    name: str
    value: str | None = field(repr=False)  # it may be a credential
    workload: Named | None
    origin: str

    @property
    def target(self) -> str:
        """What it is for, in the words of the command line."""
        return _scoped(self.workload, f"{self.container}:{self.name}")


class Amount(StrEnum):
    """What a container asks for, and what it may not exceed."""

    REQUESTS = "requests"
    LIMITS = "limits"


@dataclass(frozen=True, slots=True)
class ResourceEdit:
    """A wanted request or limit of a resource, or with None its removal; `name` is such as `cpu`."""

    container: str
    amount: Amount
    name: str
    value: str | None
    workload: Named | None
    origin: str

    @property
    def target(self) -> str:
        """What it is for, in the words of the command line."""
        return _scoped(self.workload, f"{self.container}:{self.amount}.{self.name}")


class Place(StrEnum):
    """Where a label or annotation is: on the pods, through their template, or on the workload itself."""

    LABEL = "label"
    ANNOTATION = "annotation"
    WORKLOAD_LABEL = "workload-label"
    WORKLOAD_ANNOTATION = "workload-annotation"

    @property
    def words(self) -> str:
        """As a person calls it."""
        return self.value.replace("-", " ")

    @property
    def in_template(self) -> bool:
        """Whether it is a part of the pod template, so that a change rolls."""
        return self in (Place.LABEL, Place.ANNOTATION)


@dataclass(frozen=True, slots=True)
class MetadataEdit:
    """A wanted label or annotation, or with None its removal."""

    place: Place
    name: str
    value: str | None
    workload: Named | None
    origin: str

    @property
    def target(self) -> str:
        """What it is for, in words."""
        return f"{self.place.words} {_scoped(self.workload, self.name)}"


@dataclass(frozen=True, slots=True)
class RestartEdit:
    """The pods are to be replaced though nothing else may change; `moment` is in the form of RFC 3339."""

    moment: str
    workload: Named | None
    origin: str

    @property
    def target(self) -> str:
        """What it is for, in words."""
        return f"{Place.ANNOTATION} {_scoped(self.workload, RESTARTED_AT)}"


@dataclass(frozen=True, slots=True)
class PatchEdit:
    """A part of a pod template, as JSON, that is to be merged into the live one as `kubectl patch` does it."""

    body: bytes = field(repr=False)
    workload: Named | None
    origin: str

    @property
    def target(self) -> str:
        """What it is for, in words."""
        return f"the pod template of {self.workload or 'every workload'}"


# Those of one field each.
SingleEdit = ImageEdit | EnvEdit | ResourceEdit | MetadataEdit | RestartEdit
Edit = SingleEdit | PatchEdit
ContainerEdit = ImageEdit | EnvEdit | ResourceEdit


def _scoped(workload: Named | None, what: str) -> str:
    return f"{workload}:{what}" if workload else what


def container_name(text: str) -> str | None:
    """What is wrong with the name of a container, in words; None where it is one, or `*`."""
    if text == EVERY_CONTAINER or _CONTAINER_NAME.fullmatch(text):
        return None
    return f"{text!r} is not a container's name" if text else "it names no container"


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
    # Somebody may have forgotten `--set-env` before a variable.
    shown = f"{left}={credential.shown(left.rpartition(':')[2], right)}"
    act = f"{act}: the pair {shown!r}"
    scope, colon, container = left.rpartition(":")
    workload = reference.named(scope, act=act) if colon else None
    fault = container_name(container)
    if fault:
        raise MalformedPair(fault, act=act, hint="write container=image, *=image, or kind/name:container=image")
    return ImageEdit(container, image.check(right, act=act), workload, f"argument {text!r}")
