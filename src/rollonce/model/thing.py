"""Objects of any kind, as far as applying them needs it."""

from __future__ import annotations

from dataclasses import dataclass

from rollonce.model.kind import Resource


@dataclass(frozen=True, slots=True, order=True)
class ObjectKey:
    """Which object; `namespace` is empty for one that is in none, `group` for the core one."""

    namespace: str
    kind: str
    name: str
    group: str = ""

    def __str__(self) -> str:
        """As kubectl names it."""
        return f"{self.kind.lower()}/{self.name}"


@dataclass(frozen=True, slots=True)
class Served:
    """A kind as discovery tells of it: where it is served, and whether its objects lie in namespaces.

    `new` where it is not served yet, and the run itself defines it.
    """

    api_version: str
    kind: str
    resource: Resource
    namespaced: bool
    new: bool = False
