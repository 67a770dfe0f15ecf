"""A whole cluster's history: 100,000 ReplicaSets from a server that replays pages, and from a dump."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench import replay
from bench.lab import ROLLONCE, Lab
from bench.process import Command, SideFailed
from bench.result import Bound, Figure, Goal, Result, Row
from bench.rounds import Side, Spread, ratio, take

NAME = "audit"
LIVE = "rollonce audit -A"
DUMP = "rollonce audit --from"
PART = "rollonce audit -A, a tenth"
KUBECTL = "kubectl get rs -A -o json, a tenth"
ROUNDS = 3
# kubectl holds everything as values: of 100,000 ReplicaSets more than most machines have.
TENTH = 10


def measure(lab: Lab) -> Result:
    """Raises SideFailed. kubectl only reads and prints; rollonce reads, judges and prints."""
    count = lab.sizes.replica_sets
    dump = lab.home / "dump.json"
    _write(dump, count)
    with _served(lab, count) as whole, _served(lab, count // TENTH) as part:
        commands = {
            LIVE: Command([ROLLONCE, "audit", "-A", "--since", "0"], whole),
            DUMP: Command([ROLLONCE, "audit", "--from", dump, "--since", "0"], whole),
            PART: Command([ROLLONCE, "audit", "-A", "--since", "0"], part),
            KUBECTL: Command([lab.plane.kubectl, "get", "rs", "-A", "-o", "json"], part),
        }
        sides = [Side(name, command.run) for name, command in commands.items()]
        samples = take(NAME, sides, ROUNDS, [Command([ROLLONCE, "--version"], whole)])
    return Result(
        NAME,
        f"{count} ReplicaSets of 7 KB and their Deployments, in {count // replay.DEPLOYMENTS // replay.REVISIONS} "
        f"namespaces; {ROUNDS} rounds",
        [Row.of(side, found) for side, found in samples.items()],
        [
            Figure(f"{PART} / {KUBECTL}", ratio(samples, PART, KUBECTL), "", Goal(Bound.AT_MOST, 1)),
            # As much for an object of many as for one of few: 1 where it is linear.
            Figure(
                f"{LIVE} / ten times {PART}", ratio(samples, LIVE, PART, scale=1 / TENTH), "", Goal(Bound.AT_MOST, 1.2)
            ),
            *(
                Figure(side, Spread.of(s.seconds for s in samples[side]), "s", Goal(Bound.AT_MOST, 10))
                for side in (LIVE, DUMP)
            ),
            *(
                Figure(f"{side}: memory", Spread.of(s.memory for s in found), "MiB", _memory(side))
                for side, found in samples.items()
            ),
        ],
    )


def _memory(side: str) -> Goal | None:
    return None if side == KUBECTL else Goal(Bound.AT_MOST, 500)


def _write(dump: Path, count: int) -> None:
    with dump.open("w") as file:
        file.write('{"apiVersion":"v1","kind":"List","items":[')
        lists = {"Deployment": replay.deployments(count), "ReplicaSet": replay.replica_sets(count)}
        for number, (kind, thing) in enumerate((kind, thing) for kind, things in lists.items() for thing in things):
            file.write("," if number else "")
            json.dump({"apiVersion": "apps/v1", "kind": kind, **thing}, file, separators=(",", ":"))
        file.write("]}\n")


@contextmanager
def _served(lab: Lab, count: int) -> Iterator[dict[str, str]]:
    """An environment with a kubeconfig for the replaying server, which is a process of its own."""
    server = subprocess.Popen([sys.executable, "-m", "bench.replay", str(count)], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        address = server.stdout.readline().strip()
        if not address:
            raise SideFailed("the replaying server did not start")
        config = lab.home / f"replay-{count}.yaml"
        parts = {
            "clusters": [{"name": "replay", "cluster": {"server": address}}],
            "contexts": [{"name": "replay", "context": {"cluster": "replay"}}],
            "current-context": "replay",
        }
        config.write_text(json.dumps({"apiVersion": "v1", "kind": "Config", **parts}))
        yield {"HOME": str(lab.home), "PATH": "/usr/bin:/bin", "KUBECONFIG": str(config)}
    finally:
        server.terminate()
        server.wait()
