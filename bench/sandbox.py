"""kubectl against a sandbox and against the real control plane: the same commands, on the same Deployments."""

from __future__ import annotations

import itertools
import json
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.lab import Lab
from bench.process import Command, Sample
from bench.result import Bound, Figure, Goal, Result, Row
from bench.rounds import Side, ratio, take
from tests.controlplane.kubectl import Kubectl
from tests.gateway.sandbox import running

NAME = "sandbox"
REAL, SIMULATED = "real", "sandbox"
# Of the control plane: exempt from its flow control, so that it is as fast as it can be.
USER = "admin"
# That many objects are applied.
APPLIED = 100
KINDS = "deployments,replicasets"


class _Acts:
    """What kubectl is told. Each call changes something that the one before has not."""

    def __init__(self, lab: Lab, namespace: str, pairs: Callable[[str], list[str]]) -> None:
        self._lab = lab
        self._namespace = namespace
        self._pairs = pairs
        self._numbers: Iterator[int] = itertools.count(1)
        self._live: list[Any] = []

    def know(self, live: list[Any]) -> None:
        """The Deployments, as manifests are made of them."""
        self._live = live

    def all(self) -> Mapping[str, Callable[[], Sequence[str | Path]]]:
        """Arguments of kubectl by what they do; those that are the same for both sides are made once a side."""
        one = f"deployment/{self._live[0]['metadata']['name']}"
        return {
            "get deployments": lambda: ("get", "deployments"),
            "get deployments -o json": lambda: ("get", "deployments", "-o", "json"),
            "describe": lambda: ("describe", one),
            "rollout history": lambda: ("rollout", "history", one),
            "api-resources, nothing cached": lambda: ("api-resources", "--cached=false"),
            "explain": lambda: ("explain", "deployment.spec.strategy"),
            "set image, all": lambda: ("set", "image", "deployment", "--all", *self._next_pairs()),
            f"apply, {APPLIED}": lambda: ("apply", "-f", self._manifests()),
            f"apply --server-side, {APPLIED}": lambda: (
                "apply", "--server-side", "--force-conflicts", "-f", self._manifests(),
            ),
            "annotate, all": lambda: ("annotate", "deployment", "--all", "--overwrite", f"n={next(self._numbers)}"),
        }  # fmt: skip

    def _next_pairs(self) -> list[str]:
        return self._pairs(f"tag-{next(self._numbers)}")

    def _manifests(self) -> Path:
        number = str(next(self._numbers))
        things = []
        for thing in self._live[:APPLIED]:
            metadata = {"name": thing["metadata"]["name"], "annotations": {"applied": number}}
            things.append({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": thing["spec"]})
        path = self._lab.home / "applied.json"
        path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": things}))
        return path


def measure(lab: Lab) -> Result:
    """Raises SideFailed."""
    fleet = lab.fleet(lab.sizes.deployments, 0)
    acts = _Acts(lab, fleet.namespace, fleet.pairs)
    real = Kubectl(lab.plane, lab.home).environment(USER)
    kubectl: list[str | Path] = [lab.plane.kubectl, "-n", fleet.namespace]
    dump = lab.home / "live.json"
    with dump.open("w") as file:
        subprocess.run(
            [*kubectl, "get", KINDS, "-o", "json", "--show-managed-fields"], stdout=file, env=real, check=True
        )
    acts.know([item for item in json.loads(dump.read_text())["items"] if item["kind"] == "Deployment"])
    with running(["--from", str(dump)]) as opened:
        simulated = {**real, "KUBECONFIG": str(opened.kubeconfig)}
        sides: list[Side] = []
        warm_up: list[Command] = []
        for act, arguments in acts.all().items():
            for name, environment in ((REAL, real), (SIMULATED, simulated)):
                sides.append(Side(f"{act}: {name}", _run(kubectl, arguments, environment)))
        warm_up = [Command([*kubectl, "get", "deployments"], environment) for environment in (real, simulated)]
        samples = take(NAME, sides, lab.sizes.rounds, warm_up)
    return Result(
        NAME,
        f"{lab.sizes.deployments} Deployments, read from the control plane and put into a sandbox; "
        f"{lab.sizes.rounds} rounds",
        [Row.of(side, found) for side, found in samples.items()],
        [
            Figure(
                f"{act}: {SIMULATED} / {REAL}",
                ratio(samples, f"{act}: {SIMULATED}", f"{act}: {REAL}"),
                "",
                Goal(Bound.AT_MOST, 1),
            )
            for act in acts.all()
        ],
    )


def _run(
    kubectl: Sequence[str | Path], arguments: Callable[[], Sequence[str | Path]], environment: Mapping[str, str]
) -> Callable[[], Sample]:
    return lambda: Command([*kubectl, *arguments()], environment).run()
