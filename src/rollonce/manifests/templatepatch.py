"""A file of `--patch`: a part of a pod template, as YAML or JSON -> an edit."""

from __future__ import annotations

import msgspec

from rollonce.errors import MalformedEdit, RollonceError
from rollonce.manifests.manifest import Place
from rollonce.model import reference
from rollonce.model.edit import PatchEdit
from rollonce.model.reference import Named
from rollonce.text import document
from rollonce.text.document import Malformed

_HINT = "the file has what stands below spec.template: metadata, spec, or both"


def target(text: str, *, act: str) -> tuple[Named | None, str]:
    """Workload and file of `[kind/name:]FILE`. A file whose name has a colon is written as ./FILE."""
    head, colon, file = text.partition(":")
    if not colon or head.startswith((".", "/")):
        return None, text
    try:
        return reference.named(head, act=f"{act}: --patch {text!r}"), file
    except RollonceError as error:
        error.hint = f"{error.hint}; write a file whose name has a colon as ./{text}"
        raise


def read(content: bytes, text: str, *, act: str) -> PatchEdit:
    """The edit that the content of the file of `--patch TEXT` expresses.

    Raises MalformedEdit, or what `target` raises.
    """
    workload, file = target(text, act=act)
    try:
        node = _only(list(document.documents(content)))
        part = document.plain(node)
        _check(part, node)
    except Malformed as error:
        place = Place(file, error.line, error.column)
        raise MalformedEdit(f"{place}: {error.reason}", act=f"{act}: --patch {text!r}", hint=_HINT) from None
    return PatchEdit(msgspec.json.encode(part), workload, f"--patch {text!r}")


def _only(nodes: list[document.Node]) -> document.Node:
    nodes = [node for node in nodes if not (isinstance(node, document.Scalar) and node.null)]
    if len(nodes) != 1:
        raise Malformed(f"it has {len(nodes)} documents, and one is wanted")
    return nodes[0]


def _check(part: object, node: document.Node) -> None:
    if not isinstance(part, dict) or not part:
        raise Malformed("a part of a pod template is a mapping, and this is none", node.line, node.column)
    strange = sorted(set(part) - {"metadata", "spec"})
    if strange:
        raise Malformed(f"a pod template has no {', '.join(strange)}", node.line, node.column)
    spec = part.get("spec")
    if isinstance(spec, dict) and ("template" in spec or "jobTemplate" in spec):
        raise Malformed("this is a part of a workload, not of its pod template", node.line, node.column)
