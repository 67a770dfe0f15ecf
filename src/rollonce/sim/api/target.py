"""What a path and a query ask for."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote

from rollonce.sim.api import status
from rollonce.sim.api.kinds import Kind, Kinds
from rollonce.sim.store import Key
from rollonce.wire import Request

NAMESPACE_PARTS = ("status", "finalize")


@dataclass(frozen=True, slots=True)
class Target:
    """A collection, an object (`name`), or a part of one (`subresource`). `namespace` is None for all namespaces."""

    kind: Kind
    namespace: str | None
    name: str = ""
    subresource: str = ""

    @property
    def key(self) -> Key:
        """The object's place in the store."""
        return Key(*self.kind.collection, self.namespace or "", self.name)


def parse(path: str, kinds: Kinds) -> Target:
    """Reads a path below /api or /apis; a 404 where nothing is served there."""
    parts = [unquote(part) for part in path.strip("/").split("/")]
    if parts[0] == "api" and len(parts) >= 3:
        group, version, rest = "", parts[1], parts[2:]
    elif parts[0] == "apis" and len(parts) >= 4:
        group, version, rest = parts[1], parts[2], parts[3:]
    elif parts[0] in ("api", "apis"):
        raise status.no_such_path()
    else:
        raise status.NoPage
    namespace: str | None = None
    if rest[0] == "namespaces" and len(rest) >= 3 and not (len(rest) == 3 and rest[2] in NAMESPACE_PARTS):
        namespace, rest = rest[1], rest[2:]
    if group and not kinds.has(group):
        raise status.NoPage
    kind = kinds.find(group, version, rest[0])
    if kind is None or len(rest) > 3 or (namespace is not None and not kind.namespaced):
        raise status.no_such_path()
    name = rest[1] if len(rest) > 1 else ""
    subresource = rest[2] if len(rest) > 2 else ""
    if subresource and subresource not in kind.subresources:
        raise status.no_such_path()
    if kind.namespaced and name and namespace is None:
        raise status.no_such_path()
    return Target(kind, namespace, name, subresource)


class Query:
    """A request's query, first value first."""

    def __init__(self, request: Request) -> None:
        self._values = request.query

    def get(self, name: str) -> str:
        """The first value, empty where there is none."""
        return next((value for key, value in self._values if key == name), "")

    def all(self, name: str) -> list[str]:
        """All values of that name."""
        return [value for key, value in self._values if key == name]

    def true(self, name: str) -> bool:
        """Whether a switch is on."""
        return self.get(name) in ("true", "1", "True", "t", "T", "TRUE")

    def number(self, name: str) -> int | None:
        """A number; a 400 where it is none."""
        text = self.get(name)
        if not text:
            return None
        try:
            return int(text)
        except ValueError:
            raise status.bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax') from None


def header(request: Request, name: str) -> str:
    """A header's first value, empty where there is none."""
    return next((value for key, value in request.headers if key == name), "")
