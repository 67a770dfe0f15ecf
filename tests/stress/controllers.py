"""Random scenarios on the simulated and the real controllers, as many as are wanted, resumable.

Results are kept outside the checkout, one line a seed, under the commit; what has been judged is not played again.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.controlplane import build
from tests.controlplane.starting import ROOT, Running
from tests.differential import generator, judge, simulated
from tests.differential.judge import Judgement
from tests.differential.play import play
from tests.differential.real import Real

PAGE = ROOT / "docs" / "how-it-works" / "fidelity-controllers.md"
MARKS = ("<!-- figures -->\n", "<!-- end of figures -->")
CHUNK = 48


def main(arguments: list[str]) -> int:
    """1 where a simulated outcome was never seen on the real side."""
    parser = argparse.ArgumentParser(prog="python -m tests.stress controllers", description=__doc__)
    parser.add_argument("--count", type=int, default=1000, help="how many seeds")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--write", action="store_true", help=f"write the figures into {PAGE.relative_to(ROOT)}")
    options = parser.parse_args(arguments)
    commit = _commit()
    folder = build.cache().parent / "stress" / "controllers"
    results = Results(folder / f"{commit}.jsonl")
    seeds = range(options.first, options.first + options.count)
    left = [seed for seed in seeds if seed not in results.judged]
    print(f"commit {commit}: {len(seeds)} seeds from {seeds.start}, {len(left)} left; results in {results.file}")
    if left:
        with Running(build.ensure()) as running:
            _play(Real(running.plane), left, results, folder / "scenarios")
    figures = results.figures(seeds)
    print(figures)
    if options.write:
        _write(f"At commit `{commit[:12]}`, seeds {seeds.start} to {seeds.stop - 1}: {figures}.\n")
    return int(bool(results.different(seeds)))


class Results:
    """What was judged at one commit."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.judged: dict[int, list[dict[str, Any]]] = {}
        if file.exists():
            for line in file.read_text().splitlines():
                entry = json.loads(line)
                self.judged[entry["seed"]] = entry["workloads"]

    def note(self, seed: int, judgements: list[Judgement]) -> None:
        """Keeps the judgement of a seed."""
        self.judged[seed] = [asdict(judgement) for judgement in judgements]
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self.file.open("a") as out:
            out.write(json.dumps({"seed": seed, "workloads": self.judged[seed]}) + "\n")

    def different(self, seeds: range) -> list[int]:
        """The seeds whose simulated outcome no real run has shown."""
        return [s for s in seeds if any(w["verdict"] == "different" for w in self.judged.get(s, []))]

    def figures(self, seeds: range) -> str:
        """One sentence."""
        found = [workload for seed in seeds for workload in self.judged.get(seed, [])]
        count = Counter(workload["verdict"] for workload in found)
        played = sum(seed in self.judged for seed in seeds)
        return (
            f"{played} sequences with {len(found)} workloads; {count['equal']} were equal in the first run, "
            f"{count['seen']} in a later one of at most {judge.RUNS}, {count['different']} in none "
            f"(seeds {self.different(seeds)})"
        )


def _play(real: Real, seeds: list[int], results: Results, scenarios: Path) -> None:
    began = time.monotonic()
    for start in range(0, len(seeds), CHUNK):
        # All of a chunk is simulated before any of it is played: counting would disturb what is timed.
        chunk = [generator.generate(seed) for seed in seeds[start : start + CHUNK]]
        for scenario in chunk:
            scenario.write(scenarios)
        wanted = {scenario.seed: play(simulated.Simulated(), scenario, "s") for scenario in chunk}
        with ThreadPoolExecutor(CHUNK) as players:
            under_way = {players.submit(judge.compare, real, each, wanted[each.seed]): each.seed for each in chunk}
            for ended in as_completed(under_way):
                seed = under_way[ended]
                results.note(seed, ended.result())
                for place, judgement in enumerate(ended.result()):
                    if judgement.difference:
                        print(f"seed {seed}, workload {place}, {judgement.runs} runs:\n{judgement.difference}")
        done = min(start + CHUNK, len(seeds))
        print(f"{done} of {len(seeds)} after {time.monotonic() - began:.0f} s", flush=True)
    real.close()


def _commit() -> str:
    """The commit, marked where the checkout differs from it."""

    def git(*arguments: str) -> str:
        return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()

    return git("rev-parse", "HEAD") + ("-changed" if git("status", "--porcelain", "src", "tests") else "")


def _write(text: str) -> None:
    before = PAGE.read_text()
    head, _, rest = before.partition(MARKS[0])
    PAGE.write_text(head + MARKS[0] + text + MARKS[1] + rest.partition(MARKS[1])[2])
