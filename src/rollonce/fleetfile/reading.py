"""Text to a fleet file. First its shape is checked as a whole, then what its parts say of each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NoReturn, cast

from rollonce.errors import MalformedFleetFile
from rollonce.fleetfile import form
from rollonce.fleetfile.checking import Checker, Finding
from rollonce.fleetfile.fleet import Chosen, Environment, FleetFile, Listed, Policy, Template, Workloads
from rollonce.fleetfile.mark import Mark, Said
from rollonce.fleetfile.shape import Fault
from rollonce.model import duration, reference
from rollonce.model.edit import EVERY_CONTAINER
from rollonce.model.nearest import nearest
from rollonce.model.reference import Named
from rollonce.text import document
from rollonce.text.document import Malformed, Mapping, Node, Scalar, Sequence

_SHOWN = 10


def read(content: bytes, source: str) -> FleetFile:
    """The fleet file that a text is; `source` is how places call it. Raises MalformedFleetFile with all faults."""
    try:
        documents = list(document.documents(content, keep_keys=True))
    except Malformed as error:
        _fail(source, [Finding(Mark(source, error.line, error.column), Fault(error.reason))])
    if not documents:
        _fail(source, [Finding(Mark(source), Fault("the file is empty", "rollonce init writes a first one"))])
    root = documents[0]
    checker = Checker(source)
    if len(documents) > 1:
        _fail(source, [Finding(checker.mark(documents[1]), Fault("a second document begins here", "a file has one"))])
    version = root.fields.get("version") if isinstance(root, Mapping) else None
    # What a file of another version means is not known, so nothing else is said of it.
    if version and (unread := list(checker.faults(version, form.FILE.fields["version"], "version"))):
        _fail(source, unread)
    faults = list(checker.faults(root, form.FILE, "the file"))
    if faults or not isinstance(root, Mapping):
        _fail(source, faults)
    return _Reader(checker, source).file(root)


def _fail(source: str, faults: Iterable[Finding]) -> NoReturn:
    findings = sorted(faults, key=lambda finding: (finding.at.line, finding.at.column))
    lines = [f"{f.at}: {f.fault.words}" + (f" ({f.fault.guess})" if f.fault.guess else "") for f in findings[:_SHOWN]]
    if len(findings) > _SHOWN:
        lines.append(f"and {len(findings) - _SHOWN} more")
    raise MalformedFleetFile(
        "\n".join(lines), act=f"read the fleet file {source}", hint="rollonce config schema prints the form of the file"
    )


class _Reader:
    """Takes a tree whose shape has been found right."""

    def __init__(self, checker: Checker, source: str) -> None:
        self._checker = checker
        self._source = source

    def file(self, root: Mapping) -> FleetFile:
        fields = root.fields
        workloads = self._workloads(fields["workloads"])
        environments = self._environments(_mapping(fields["environments"]))
        templates = tuple(self._templates(root))
        faults = [*self._selectors(environments, workloads), *self._overrides(root, workloads)]
        if faults:
            _fail(self._source, faults)
        named = {environment.name.value: environment for environment in environments}
        return FleetFile(self._source, named, workloads, templates, self._policy(fields.get("policy")))

    # --- what the parts are

    def _said(self, node: Node) -> Said[str]:
        return Said(cast("Scalar", node).text, self._checker.mark(node))

    def _flag(self, node: Node | None) -> Said[bool] | None:
        return Said(bool(cast("Scalar", node).boolean()), self._checker.mark(node)) if node else None

    def _optional(self, node: Node | None) -> Said[str] | None:
        return self._said(node) if node else None

    def _environments(self, table: Mapping) -> tuple[Environment, ...]:
        named = ((Said(key.name, self._checker.mark(key)), table.fields[key.name]) for key in table.all_keys())
        return tuple(self._environment(name, _mapping(node)) for name, node in named)

    def _environment(self, name: Said[str], node: Mapping) -> Environment:
        fields = node.fields
        one = [fields["namespace"]] if "namespace" in fields else []
        return Environment(
            name,
            self._optional(fields.get("context")),
            tuple(self._said(item) for item in (*one, *_items(fields.get("namespaces")))),
            self._optional(fields.get("selector")),
            self._policy(fields.get("policy")),
        )

    def _workloads(self, node: Node) -> Workloads:
        if isinstance(node, Sequence):
            return Listed(tuple(self._named(item) for item in node.items))
        fields = _mapping(node).fields
        kinds = (self._said(item) for item in _items(fields["kinds"]))
        singular = tuple(Said(reference.kind(kind.value, act="").singular, kind.at) for kind in kinds)
        return Chosen(singular, self._optional(fields.get("selector")))

    def _named(self, node: Node) -> Said[Named]:
        said = self._said(node)
        return Said(reference.named(said.value, act=""), said.at)

    def _policy(self, node: Node | None) -> Policy:
        if node is None:
            return Policy()
        fields = _mapping(node).fields
        timeout = self._optional(fields.get("timeout"))
        concurrency = self._optional(fields.get("concurrency"))
        return Policy(
            self._flag(fields.get("wait")),
            Said(duration.seconds(timeout.value) or 0.0, timeout.at) if timeout else None,
            self._flag(fields.get("strict")),
            self._texts(fields.get("mayForce")),
            self._texts(fields.get("waves")),
            Said(int(concurrency.value), concurrency.at) if concurrency else None,
        )

    def _texts(self, node: Node | None) -> Said[tuple[str, ...]] | None:
        return Said(tuple(self._said(i).value for i in _items(node)), self._checker.mark(node)) if node else None

    def _templates(self, root: Mapping) -> Iterator[Template]:
        fields = root.fields
        sidecars = _mapping(fields["sidecars"]).fields if "sidecars" in fields else {}
        # Which workloads a selector takes in an environment, the file does not know.
        unknown = not isinstance(fields["workloads"], Sequence)
        for container, node in _mapping(fields["images"]).fields.items():
            yield Template(container, self._said(node))
        for container, node in sidecars.items():
            yield Template(container, self._said(node), optional=True)
        for text, table in _mapping(fields["overrides"]).fields.items() if "overrides" in fields else ():
            workload = reference.named(text, act="")
            for container, node in _mapping(table).fields.items():
                yield Template(container, self._said(node), workload, optional=unknown or container in sidecars)

    # --- what they say of each other

    def _selectors(self, environments: Iterable[Environment], workloads: Workloads) -> Iterator[Finding]:
        for environment in environments:
            if environment.selector is not None and isinstance(workloads, Listed):
                words = f"environment {environment.name.value} has a selector, and the workloads are named"
                yield Finding(environment.selector.at, Fault(words, "names exclude selectors: give workloads kinds"))

    def _overrides(self, root: Mapping, workloads: Workloads) -> Iterator[Finding]:
        images = _mapping(root.fields["images"])
        sidecars = _mapping(root.fields["sidecars"]) if "sidecars" in root.fields else Mapping({}, 0)
        for key in sidecars.all_keys():
            if key.name in images.fields:
                yield Finding(self._checker.mark(key), Fault(f"{key.name!r} stands in images and in sidecars"))
        overrides = _mapping(root.fields["overrides"]) if "overrides" in root.fields else Mapping({}, 0)
        known = {*images.fields, *sidecars.fields, EVERY_CONTAINER}
        seen: set[Named] = set()
        for key in overrides.all_keys():
            named = reference.named(key.name, act="")
            at = self._checker.mark(key)
            if named in seen:
                yield Finding(at, Fault(f"{named} is overridden twice"))
            seen.add(named)
            if isinstance(workloads, Listed) and named not in {said.value for said in workloads.names}:
                close = nearest(str(named), [str(said.value) for said in workloads.names])
                guess = f'did you mean "{close}"?' if close else ""
                yield Finding(at, Fault(f"{named} is not among the workloads", guess))
            if EVERY_CONTAINER not in images.fields:
                yield from self._unknown_containers(_mapping(overrides.fields[key.name]), known)

    def _unknown_containers(self, table: Mapping, known: set[str]) -> Iterator[Finding]:
        for key in table.all_keys():
            if key.name not in known:
                close = nearest(key.name, known)
                guess = f'did you mean "{close}"?' if close else "put what only one workload has into sidecars"
                yield Finding(self._checker.mark(key), Fault(f"{key.name!r} is not among images and sidecars", guess))


def _mapping(node: Node) -> Mapping:
    return Mapping({}, node.line, node.column) if isinstance(node, Scalar) else cast("Mapping", node)


def _items(node: Node | None) -> list[Node]:
    return cast("Sequence", node).items if node else []
