"""Is what audit says true?

`python -m tests.truth [--first SEED] [--count N]` plays so many histories on the real control plane; it is resumable.
`python -m tests.truth simulated [--first SEED] [--count N]` plays them on the simulated cluster.
`python -m tests.truth grouping [--first SEED] [--count N]` measures how well rolls are grouped into deploys.
With `--write` the figures go into docs/how-it-works/audit-truth.md, with seeds and commit.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict
from pathlib import Path

from tests.controlplane import build
from tests.controlplane.starting import ROOT, Running
from tests.truth import grouping, ledger, plan, simulation, suite
from tests.truth.suite import Judged
from tools import docs

CHUNK = 60
PAGE = ROOT / "docs" / "how-it-works" / "audit-truth.md"


def main(arguments: list[str]) -> int:
    """1 where audit said something that is not true, or a history could not be played."""
    parser = argparse.ArgumentParser(prog="python -m tests.truth", description=__doc__)
    parser.add_argument("where", nargs="?", choices=["real", "simulated", "grouping"], default="real")
    parser.add_argument("--count", type=int, default=300, help="how many seeds")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--write", action="store_true", help="write the figures into the documentation")
    options = parser.parse_args(arguments)
    seeds = range(options.first, options.first + options.count)
    commit = _commit()
    if options.where == "grouping":
        lines, good = grouping.table(seeds)
        code = int(not good)
    else:
        judged = _simulated(seeds) if options.where == "simulated" else _real(seeds, commit)
        lines = figures(judged)
        code = int(any(each.wrong or each.unplayed for each in judged))
    print(*lines, sep="\n")
    if options.write:
        about = f"Seeds {seeds.start} to {seeds.stop - 1}, commit `{commit[:12]}{'-changed' if '-' in commit else ''}`."
        PAGE.write_text(docs.replaced(PAGE.read_text(), options.where, "\n".join((about, "", *lines))))
    return code


def _simulated(seeds: range) -> list[Judged]:
    with tempfile.TemporaryDirectory() as folder:
        judged = []
        for seed in seeds:
            judged.append(simulation.judge(seed, Path(folder)))
            _tell(judged[-1])
    return judged


def _real(seeds: range, commit: str) -> list[Judged]:
    folder = build.cache().parent / "stress" / "truth" / commit
    judged = _known(folder / "results.jsonl")
    left = [seed for seed in seeds if seed not in judged]
    print(f"commit {commit}: {len(seeds)} seeds from {seeds.start}, {len(left)} left; results in {folder}", flush=True)
    if left:
        with Running(build.ensure()) as running:
            for start in range(0, len(left), CHUNK):
                began = time.monotonic()
                chunk = left[start : start + CHUNK]
                for each in suite.judge(running.plane, chunk, folder / f"seeds-{chunk[0]}", CHUNK):
                    judged[each.seed] = each
                    _note(folder / "results.jsonl", each)
                    _tell(each)
                took = time.monotonic() - began
                print(f"{start + len(chunk)} of {len(left)}; {len(chunk)} took {took:.0f} s", flush=True)
    return [judged[seed] for seed in seeds]


def figures(judged: list[Judged]) -> list[str]:
    """What was compared, and how often audit was wrong."""
    counts: Counter[str] = Counter()
    for each in judged:
        counts.update(each.counts)
    wrong = [each.seed for each in judged if each.wrong]
    names = sorted({what.partition(", ")[2] for what in counts})
    return [
        "| | |",
        "| --- | --- |",
        f"| histories | {len(judged)} |",
        f"| with something untrue | {len(wrong)}{f' {wrong}' if wrong else ''} |",
        f"| that could not be played | {sum(bool(each.unplayed) for each in judged)} |",
        f"| rolls that are undecidable, for a step came late | {sum(each.unsure for each in judged)} |",
        "",
        "| rolls | with the log | without it |",
        "| --- | --- | --- |",
        *(f"| {name} | {counts[f'with the log, {name}']} | {counts[f'without it, {name}']} |" for name in names),
    ]


def _tell(each: Judged) -> None:
    if each.wrong or each.unplayed:
        print(f"seed {each.seed}: {each.unplayed}", *each.wrong, sep="\n  ")
        print(ledger.describe(plan.generate(each.seed)), flush=True)


def _known(file: Path) -> dict[int, Judged]:
    if not file.exists():
        return {}
    found = (Judged(**json.loads(line)) for line in file.read_text().splitlines())
    return {each.seed: each for each in found if not each.unplayed}


def _note(file: Path, each: Judged) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as out:
        out.write(json.dumps(asdict(each)) + "\n")


def _commit() -> str:
    """The commit, marked where the checkout differs from it."""

    def git(*arguments: str) -> str:
        return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()

    return git("rev-parse", "HEAD") + ("-changed" if git("status", "--porcelain", "src", "tests") else "")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
