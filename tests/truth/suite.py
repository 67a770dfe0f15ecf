"""Plays many histories side by side on the real control plane, writes the truth down, and has audit judged by it."""

from __future__ import annotations

import contextlib
import io
import json
import os
import uuid
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from unittest import mock

from rollonce.cli.program import run
from tests.controlplane.description import ControlPlane
from tests.truth import check, ledger, plan
from tests.truth.ledger import Truth
from tests.truth.plan import WINDOW, History
from tests.truth.play import NotPlayed, play, shown
from tests.truth.real import Real
from tests.truth.writes import Ask

_TRIES = 5


@dataclass(slots=True)
class Judged:
    """What came of one history: what audit said wrongly, with the log and without it; `unplayed` says why it is not."""

    seed: int
    unplayed: str = ""
    logged: list[str] = field(default_factory=list)
    withheld: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    unsure: int = 0

    @property
    def wrong(self) -> list[str]:
        """All of it."""
        return [f"with the log: {line}" for line in self.logged] + [f"without it: {line}" for line in self.withheld]


def judge(plane: ControlPlane, seeds: Sequence[int], folder: Path, at_once: int = 48, deploys: int = 4) -> list[Judged]:
    """Plays the histories of the seeds, and audits them all together. The truth goes to files in `folder` first."""
    prefix = f"truth-{uuid.uuid4().hex[:6]}"
    stage = Real(plane, folder, prefix)
    try:
        with ThreadPoolExecutor(at_once) as players:
            played = list(players.map(lambda seed: _played(stage, plan.generate(seed, deploys), prefix, folder), seeds))
        results = _audited(stage, folder, played)
        for truth in played:
            if isinstance(truth, Truth):
                stage.ask("admin", Ask("DELETE", f"/api/v1/namespaces/{truth.namespace}"))
    finally:
        stage.close()
    return results


def _played(stage: Real, history: History, prefix: str, folder: Path) -> Truth | Judged:
    namespace = f"{prefix}-{history.seed}"
    try:
        record = play(stage, history, namespace)
        truth = ledger.of(record)
    except NotPlayed as reason:
        return Judged(history.seed, unplayed=str(reason))
    truth.write(folder, record)
    return truth


def _audited(stage: Real, folder: Path, played: Sequence[Truth | Judged]) -> list[Judged]:
    truths = [each for each in played if isinstance(each, Truth)]
    for _ in range(_TRIES):
        before = {each.namespace: tuple(shown(stage, each.namespace)) for each in truths}
        with_log = audit(stage.plane, folder, "--api-audit-log", str(stage.plane.audit_log))
        without = audit(stage.plane, folder)
        # A controller that has much to do may take away old revisions long after the rollout.
        if before == {each.namespace: tuple(shown(stage, each.namespace)) for each in truths}:
            break
    else:
        raise AssertionError(f"revisions still go after {_TRIES} audits")
    (folder / "audit-logged.json").write_text(json.dumps(with_log))
    (folder / "audit-withheld.json").write_text(json.dumps(without))
    (folder / "shown.json").write_text(json.dumps(before))
    return [
        each if isinstance(each, Judged) else one(replace(each, shown=before[each.namespace]), with_log, without)
        for each in played
    ]


def one(truth: Truth, with_log: Any, without: Any) -> Judged:
    """The judgement of one history."""
    logged = check.judge(truth, with_log, logged=True)
    withheld = check.judge(truth, without, logged=False)
    counts = Counter({f"with the log, {k}": n for k, n in logged.counts.items()})
    counts.update({f"without it, {k}": n for k, n in withheld.counts.items()})
    unsure = sum(not roll.sure for roll in truth.rolls)
    return Judged(truth.seed, "", logged.wrong, withheld.wrong, dict(counts), unsure)


def audit(plane: ControlPlane, home: Path, *options: str) -> Any:
    """The document of our command over all namespaces."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "KUBECONFIG": str(plane.kubeconfig("admin"))}
    words = ("audit", "-A", "--since", "0", "--window", f"{WINDOW:g}s", "-o", "json", *options)
    out, err = io.StringIO(), io.StringIO()
    with (
        mock.patch.dict(os.environ, environment, clear=True),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        code = run(words)
    if code != 0:
        raise AssertionError(f"audit ended with {code}: {err.getvalue()}")
    return json.loads(out.getvalue())
