"""Plays one history on a simulated cluster of its own, and has audit judged by it: some hundredths of a second."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rollonce.app import audit
from rollonce.app.audit import Cluster, Gathering, Sources
from rollonce.errors import ExitCode
from rollonce.history.review import Question
from rollonce.model.kind import Kind
from rollonce.model.reference import Every, Selection
from rollonce.report import audit_json
from tests.truth import ledger, plan, suite
from tests.truth.plan import WINDOW
from tests.truth.play import NotPlayed, play
from tests.truth.simulated import Simulated
from tests.truth.suite import Judged

_KINDS = (Kind.DEPLOYMENT, Kind.STATEFUL_SET, Kind.DAEMON_SET)


def judge(seed: int, folder: Path) -> Judged:
    """The truth goes to a file in `folder` first."""
    stage = Simulated()
    try:
        record = play(stage, plan.generate(seed), f"truth-{seed}")
        truth = ledger.of(record)
    except NotPlayed as reason:
        return Judged(seed, unplayed=str(reason))
    truth.write(folder, record)
    return suite.one(truth, document(stage, stage.log), document(stage, []))


def document(stage: Simulated, log: list[bytes], window: float = WINDOW) -> Any:
    """What `audit -A -o json` says of the stage; `window` in seconds."""
    selection = Selection(tuple(Every(kind.singular) for kind in _KINDS), None, "")
    gathering = Gathering()
    with closing(stage.ports("admin")) as ports:
        audit.gather(Sources((Cluster("", ports, None),)), selection, gathering)
    lines = gathering.part("")
    for number, line in enumerate(log, 1):
        lines.add_log_line(line, f"line {number}")
    now = datetime.fromtimestamp(stage.now(), UTC)
    question = Question(now, None, timedelta(seconds=window))
    review = audit.judge(gathering.evidence(selection), question, selection)
    return json.loads(audit_json.render(review, exit_code=ExitCode.OK, interrupted=False))
