"""A Role with the rights of a command, and who has it, as YAML that kubectl applies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rollonce.model.right import Rule

_GROUP = "rbac.authorization.k8s.io"


@dataclass(frozen=True, slots=True)
class Subject:
    """Who has the role: kind User, Group or ServiceAccount, the last one with its namespace."""

    kind: str
    name: str
    namespace: str = ""


def lines(name: str, namespace: str, rules: Sequence[Rule], subjects: Sequence[Subject]) -> Iterator[str]:
    """The Role, or without a namespace the ClusterRole, and its binding where there are subjects."""
    cluster = "" if namespace else "Cluster"
    where = f", namespace: {namespace}" if namespace else ""
    yield f"apiVersion: {_GROUP}/v1"
    yield f"kind: {cluster}Role"
    yield f"metadata: {{name: {_quoted(name)}{where}}}"
    yield "rules:"
    for rule in rules:
        yield f"  # {rule.why}{'' if rule.needed else '; without it everything else works'}"
        yield f"  - apiGroups: [{_quoted(rule.group)}]"
        yield f"    resources: [{', '.join(rule.resources)}]"
        yield f"    verbs: [{', '.join(rule.verbs)}]"
    if not subjects:
        return
    yield "---"
    yield f"apiVersion: {_GROUP}/v1"
    yield f"kind: {cluster}RoleBinding"
    yield f"metadata: {{name: {_quoted(name)}{where}}}"
    yield f"roleRef: {{apiGroup: {_GROUP}, kind: {cluster}Role, name: {_quoted(name)}}}"
    yield "subjects:"
    for subject in subjects:
        of = f"namespace: {_quoted(subject.namespace)}" if subject.namespace else f"apiGroup: {_GROUP}"
        yield f"  - {{kind: {subject.kind}, name: {_quoted(subject.name)}, {of}}}"


def _quoted(text: str) -> str:
    """Quoted as YAML wants it, whatever is in it; JSON strings are YAML."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
