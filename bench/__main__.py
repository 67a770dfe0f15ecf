"""`python -m bench`: all benchmarks; `python -m bench NAME`: one of them."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from bench import audit, nothing, report, rolling, sandbox, set_image, simulated, version
from bench.lab import FULL, QUICK, Lab
from bench.machine import Machine
from bench.process import SideFailed
from bench.result import Result
from bench.rounds import say
from tests.controlplane import build
from tests.controlplane.audit import Audit
from tests.controlplane.starting import Running
from tests.controlplane.supervisor import StartFailed

ALL = {module.NAME: module.measure for module in (version, set_image, nothing, rolling, audit, simulated, sandbox)}


def main() -> int:
    """Returns the exit code: 0, or 1 where a goal is not held or something could not be measured."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("name", nargs="?", choices=list(ALL), help="the only benchmark to run")
    parser.add_argument("--quick", action="store_true", help="small fleets and few rounds: shows that everything runs")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the results there, as JSON")
    parser.add_argument("--write-docs", action="store_true", help="also write the results into docs/benchmarks.md")
    asked = parser.parse_args()
    if asked.write_docs and (asked.quick or asked.name):
        parser.error("--write-docs is for a whole run, without NAME and without --quick")
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGHUP, _interrupt)
    try:
        machine, results = _run([asked.name] if asked.name else list(ALL), quick=asked.quick)
    except (build.BuildFailed, StartFailed, SideFailed, TimeoutError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    print("\n".join(["summary", *report.summary(results, judged=not asked.quick)]))
    if asked.json:
        asked.json.write_text(report.document(machine, results, quick=asked.quick))
    if asked.write_docs:
        report.write_docs(machine, results)
    goals = [figure.goal.held(figure.measured) for result in results for figure in result.figures if figure.goal]
    # Ratios of a small fleet are those of the start of processes.
    return 0 if asked.quick or all(goals) else 1


def _run(names: Sequence[str], *, quick: bool) -> tuple[Machine, list[Result]]:
    results = []
    with Running(build.ensure()) as running, tempfile.TemporaryDirectory(prefix="rollonce-bench-") as home:
        plane = running.plane
        assert plane.audit_log is not None
        lab = Lab(plane, Audit(plane, plane.audit_log), Path(home), QUICK if quick else FULL)
        machine = Machine.of(plane)
        say(str(machine))
        for name in names:
            results.append(ALL[name](lab))
            print("\n".join([*report.lines(results[-1], judged=not quick), ""]), flush=True)
    return machine, results


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
