"""References to workloads, in the grammar of kubectl: `deployment/x`, `deploy x y`, `deploy,sts` with a selector."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rollonce.errors import MalformedReference, MalformedSelector, MissingArguments, UnknownKind
from rollonce.model.kind import Kind
from rollonce.model.nearest import nearest

# https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-subdomain-names
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_LONGEST_NAME = 253
_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")  # a DNS label

_NOT_A_WORKLOAD = {
    "po": "a pod",
    "pod": "a pod",
    "pods": "a pod",
    "rs": "a ReplicaSet",
    "replicaset": "a ReplicaSet",
    "replicasets": "a ReplicaSet",
    "rc": "a ReplicationController",
    "replicationcontroller": "a ReplicationController",
    "replicationcontrollers": "a ReplicationController",
    "job": "a Job",
    "jobs": "a Job",
}


@dataclass(frozen=True, slots=True, order=True)
class Named:
    """One workload by kind and name."""

    kind_name: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind_name}/{self.name}"


@dataclass(frozen=True, slots=True, order=True)
class Every:
    """All workloads of a kind, or those that the run's selector takes."""

    kind_name: str

    def __str__(self) -> str:
        return f"all {self.kind_name}s"


Target = Named | Every


@dataclass(frozen=True, slots=True)
class Selection:
    """Which workloads a run is about. `namespace` None means all; `selector` is a label selector."""

    targets: tuple[Target, ...]
    namespace: str | None
    selector: str = ""

    def __str__(self) -> str:
        place = "all namespaces" if self.namespace is None else f"namespace {self.namespace}"
        chosen = f" with labels {self.selector}" if self.selector else ""
        return f"{', '.join(str(t) for t in self.targets[:4])}{_more(len(self.targets) - 4)}{chosen} in {place}"


def _more(n: int) -> str:
    return f" and {n} more" if n > 0 else ""


def kind(word: str, *, act: str) -> Kind:
    """The kind that a word stands for: singular, plural, short, with version and group or without, in any case.

    Raises UnknownKind, which says why a pod is none, or what was probably meant.
    """
    lowered = word.lower()
    for candidate in Kind:
        if lowered in _spellings(candidate):
            return candidate
    known = ", ".join(k.singular for k in Kind)
    if lowered in _NOT_A_WORKLOAD:
        raise UnknownKind(
            f"{word!r} is {_NOT_A_WORKLOAD[lowered]}, which has no template that rolls",
            act=act,
            hint=f"name the workload that owns it; kinds are: {known}",
        )
    names = [spelling for k in Kind for spelling in (k.singular, k.resource.plural, k.short)]
    close = nearest(lowered, names)
    guess = f'did you mean "{close}"? ' if close else ""
    raise UnknownKind(f"there is no kind of workload {word!r}", act=act, hint=f"{guess}kinds are: {known}")


def _spellings(kind: Kind) -> frozenset[str]:
    group, version = kind.resource.group, kind.resource.version
    words = (kind.singular, kind.resource.plural, kind.short)
    suffixes = ("", f".{group}", f".{version}.{group}")
    return frozenset(word + suffix for word in words for suffix in suffixes)


def named(text: str, *, act: str) -> Named:
    """A reference of the form `kind/name`. Raises MalformedReference or UnknownKind."""
    head, slash, tail = text.partition("/")
    if not slash or not head or not tail or "/" in tail:
        raise MalformedReference(
            f"{text!r} is not of the form kind/name", act=act, hint="for example deployment/agent-ceo"
        )
    return Named(kind(head, act=act).singular, _checked_name(tail, act))


def select(words: Sequence[str], *, namespace: str | None, selector: str, everything: bool, act: str) -> Selection:
    """The selection that references, `-l`, `--all` and `-A` (namespace None) express together.

    Raises MissingArguments, MalformedReference, MalformedSelector or UnknownKind.
    """
    if namespace:
        check_namespace(namespace, act=act)
    if any("\ud800" <= letter <= "\udfff" for letter in selector):
        raise MalformedSelector(f"the selector {selector!r} is not text", act=act, hint="write it in UTF-8")
    if selector and everything:
        raise MissingArguments("-l and --all exclude each other", act=act, hint="give one of them")
    if not words:
        raise MissingArguments(
            "no workload is named",
            act=act,
            hint="give references such as deployment/agent-ceo, or a kind with -l or --all",
        )
    if any("/" in word for word in words):
        targets: tuple[Target, ...] = tuple(_slashed(word, act) for word in words)
    else:
        kinds = [kind(word, act=act).singular for word in words[0].split(",")]
        names = [_checked_name(word, act) for word in words[1:]]
        targets = tuple(Named(k, name) for k in kinds for name in names) or tuple(Every(k) for k in kinds)
    _check_together(targets, namespace, chosen=bool(selector) or everything, act=act)
    return Selection(tuple(dict.fromkeys(targets)), namespace, selector)


def check_namespace(text: str, *, act: str) -> str:
    """The name of a namespace itself where it can be one; raises MalformedReference."""
    if not _NAMESPACE.fullmatch(text):
        raise MalformedReference(
            f"{text!r} is not a namespace that Kubernetes allows",
            act=act,
            hint="namespaces are up to 63 lower-case letters, digits and '-'; fix -n, or the namespace of the context",
        )
    return text


def _slashed(word: str, act: str) -> Named:
    if "/" not in word:
        raise MalformedReference(
            f"{word!r} has no kind, and the other references have theirs",
            act=act,
            hint="write every reference as kind/name, or the kind once and then names",
        )
    return named(word, act=act)


def _check_together(targets: tuple[Target, ...], namespace: str | None, *, chosen: bool, act: str) -> None:
    has_names = isinstance(targets[0], Named)
    if has_names and chosen:
        raise MissingArguments("names exclude -l and --all", act=act, hint="give names, or a kind with -l or --all")
    if has_names and namespace is None:
        raise MissingArguments(
            "names exclude -A: a name belongs to one namespace",
            act=act,
            hint="give -n, or a kind with -l or --all",
        )
    if not has_names and not chosen:
        raise MissingArguments(
            f"the kind {targets[0].kind_name} is named, and neither names nor -l nor --all",
            act=act,
            hint="give names after it, or -l LABELS, or --all",
        )


def _checked_name(text: str, act: str) -> str:
    if len(text) > _LONGEST_NAME or not _NAME.fullmatch(text):
        raise MalformedReference(
            f"{text!r} is not a name that Kubernetes allows",
            act=act,
            hint="names are lower-case letters, digits, '-' and '.'",
        )
    return text
