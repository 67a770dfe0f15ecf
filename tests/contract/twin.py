"""Two clusters, one real and one simulated, that are told the same things."""

from __future__ import annotations

import difflib
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.contract import plain, rest
from tests.contract.reader import Reader

PATIENCE = 60.0
# Kinds whose names controllers make up, in an order that both sides agree on: by owner and revision.
_MADE_UP = ("replicasets", "controllerrevisions", "pods", "jobs")
ZONE = "topology.kubernetes.io/zone"
_REVISION = "deployment.kubernetes.io/revision"


@dataclass(frozen=True, slots=True)
class Said:
    """What one command said on one side."""

    code: int
    stdout: str
    stderr: str


@dataclass(slots=True)
class Side:
    """One cluster, and the namespace of the test in it."""

    name: str
    environment: Mapping[str, str]
    reader: Reader
    namespace: str
    folder: Path
    names: dict[str, str] = field(default_factory=dict)

    def run(self, command: Sequence[str], given: str | None) -> Said:
        """Runs a command to its end."""
        ended = subprocess.run(
            command,
            input=given if given is not None else "",
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            env=dict(self.environment),
            cwd=self.folder,
            check=False,
        )
        return Said(ended.returncode, ended.stdout, ended.stderr)


class Twin:
    """`twin.kubectl("get", "deploy")` asks both, and fails where what a user sees is not equal."""

    def __init__(self, real: Side, simulated: Side, kubectl: Path) -> None:
        self.real = real
        self.simulated = simulated
        self.program = kubectl
        self.differences: list[str] = []
        self._pool = ThreadPoolExecutor(2)

    def close(self) -> None:
        """Gives the threads back; fails with every difference that was seen."""
        self._pool.shutdown()
        if self.differences:
            pytest.fail("\n\n".join(["the simulated cluster differs", *self.differences]), pytrace=False)

    def kubectl(
        self, *arguments: str, given: str | Mapping[str, Any] | None = None, code: int = 0, unordered: bool = False
    ) -> Said:
        """What kubectl says on the real one, after it has said the same on the simulated one.

        `code` is the exit code that both have; `unordered` compares lines as a set.
        """
        text = given if isinstance(given, str) or given is None else json.dumps(given)
        return self.command([str(self.program), *arguments], text, code=code, unordered=unordered)

    def documents(self, *arguments: str) -> None:
        """As `kubectl`, for a command that prints YAML: the order of managedFields depends on where seconds end."""
        said = self.ask([str(self.program), *arguments])
        real, simulated = (
            list(_flat("", plain.thing(yaml.safe_load(each.stdout), side.names)))
            for side, each in zip(self._sides, said, strict=True)
        )
        assert [each.code for each in said] == [0, 0], said
        self.compare(f"kubectl {' '.join(arguments)}", real, simulated)

    def command(
        self, command: Sequence[str], given: str | None = None, *, code: int = 0, unordered: bool = False
    ) -> Said:
        """As `kubectl`, for any command."""
        said = self.ask(command, given)
        seen = [self.seen(side, each) for side, each in zip(self._sides, said, strict=True)]
        if unordered:
            seen = [(number, sorted(out), sorted(err)) for number, out, err in seen]
        real, simulated = seen
        shown = " ".join([Path(command[0]).name, *command[1:]])
        self.compare(shown, _transcript(real), _transcript(simulated))
        assert said[0].code == code, f"{shown}: {said[0]}"
        return said[0]

    def compare(self, about: str, real: list[str], simulated: list[str]) -> None:
        """Notes a difference; the test fails with all of them when it is over."""
        if real != simulated:
            shown = difflib.unified_diff(real, simulated, "real", "simulated", lineterm="", n=2)
            self.differences.append("\n".join([f"{about}:", *shown]))

    def ask(self, command: Sequence[str], given: str | None = None) -> tuple[Said, Said]:
        """What both say, not compared: the real one first."""
        real, simulated = self._both(lambda side: side.run(command, given))
        return real, simulated

    def seen(self, side: Side, said: Said) -> tuple[int, list[str], list[str]]:
        """Exit code, and the lines of both outputs as far as two clusters have them in common."""
        return said.code, plain.text(said.stdout, side.names), plain.text(said.stderr, side.names)

    def objects(self, *kinds: str) -> list[Any]:
        """The objects of these kinds, equal on both sides."""
        self.learn()
        found = self._both(lambda side: self._listed(side, ",".join(kinds)))
        real, simulated = (
            sorted((plain.thing(item, side.names) for item in items), key=_identity)
            for side, items in zip(self._sides, found, strict=True)
        )
        self.compare(f"the {', '.join(kinds)}", _document(real), _document(simulated))
        return real

    def settled(self, *workloads: str) -> None:
        """Waits on both sides until these are rolled out and no pod is going away, then learns made-up names."""

        def settle(side: Side) -> None:
            self._until(
                side, "pods,deployments,replicasets,statefulsets,daemonsets", lambda found: rest.at(found, workloads)
            )

        self._both(settle)
        self.learn()

    def until(self, kinds: str, is_so: Callable[[list[Any]], bool]) -> None:
        """Waits on both sides for something about the objects of some kinds."""
        self._both(lambda side: self._until(side, kinds, is_so))

    def learn(self) -> None:
        """Takes notice of names that controllers have made up: they differ, and stand for the same."""
        for side, names in zip(self._sides, self._both(self._names), strict=True):
            side.names.update(names)

    def _names(self, side: Side) -> dict[str, str]:
        names: dict[str, str] = {}
        counted: dict[str, int] = {}
        found = {kind: self._listed(side, kind) for kind in _MADE_UP}
        for kind, items in found.items():
            for item in sorted(items, key=_order):
                metadata = item["metadata"]
                owner = next(iter(metadata.get("ownerReferences", [])), None)
                if owner is None:
                    continue
                stem = f"{names.get(owner['name'], owner['name'])}-{kind[:3]}"
                if kind == "pods" and owner["kind"] in ("StatefulSet",):
                    continue
                counted[stem] = counted.get(stem, 0) + 1
                names[metadata["name"]] = f"<{stem}-{counted[stem]}>"
                for label in ("pod-template-hash", "controller-revision-hash"):
                    if value := metadata.get("labels", {}).get(label):
                        names.setdefault(value.removeprefix(f"{owner['name']}-"), "<hash>")
        for node in self._listed(side, "nodes"):
            names[node["metadata"]["name"]] = "<node>"
            names[node["metadata"]["labels"][ZONE]] = "<zone>"
        return names

    def _listed(self, side: Side, kinds: str) -> list[Any]:
        return side.reader.list(kinds, side.namespace)

    def _until(self, side: Side, kinds: str, is_so: Callable[[list[Any]], bool]) -> None:
        end = time.monotonic() + PATIENCE
        while not is_so(found := self._listed(side, kinds)):
            assert time.monotonic() < end, f"{side.name}: {[item['metadata']['name'] for item in found]}"
            time.sleep(0.05)

    def _both(self, ask: Callable[[Side], Any]) -> list[Any]:
        return list(self._pool.map(ask, self._sides))

    @property
    def _sides(self) -> tuple[Side, Side]:
        return self.real, self.simulated


def _transcript(seen: tuple[int, list[str], list[str]]) -> list[str]:
    code, stdout, stderr = seen
    return [f"exit code {code}", *stdout, *(f"stderr: {line}" for line in stderr)]


def _identity(item: Any) -> tuple[str, str, str]:
    return item["kind"], item["metadata"]["name"], json.dumps(item, sort_keys=True)


def _document(items: list[Any]) -> list[str]:
    """One line a field, with the whole path in it: what a unified diff can show."""
    return [line for item in items for line in _flat(f"{item['kind']}/{item['metadata']['name']}", item)]


def _flat(path: str, value: Any) -> Iterator[str]:
    match value:
        case dict() if value:
            for key in sorted(value):
                yield from _flat(f"{path}.{key}", value[key])
        case list() if value:
            for index, inner in enumerate(value):
                yield from _flat(f"{path}[{index}]", inner)
        case _:
            yield f"{path} = {json.dumps(value)}"


def _order(item: Any) -> tuple[int, int, str]:
    metadata = item["metadata"]
    revision = int(metadata.get("annotations", {}).get(_REVISION, item.get("revision", 0)))
    return revision, 0, metadata["name"]


def environment(kubeconfig: Path, home: Path) -> dict[str, str]:
    """The caller's, less what clients would read of it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("KUBE", "HELM"))}
    return kept | {"KUBECONFIG": str(kubeconfig), "HOME": str(home), "KUBECACHEDIR": str(home / "cache")}
