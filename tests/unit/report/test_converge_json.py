"""The document of `-o json`: versioned, and the same bytes for the same run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from rollonce.app.news import Result
from rollonce.errors import ExitCode
from rollonce.model.workload import WorkloadKey
from rollonce.plan import decide
from rollonce.plan.operation import Plan
from rollonce.report import converge_json
from rollonce.rollout.outcome import Outcome, Verdict
from tests.unit.builders import key, wish, workload
from tests.unit.report import story

ROLLED = {key("deployment/agent-ceo"): Outcome(Verdict.ROLLED, "1 of 1 pod updated and ready", sent=True)}

GOLDEN = """{
  "version": "rollonce.converge/v1",
  "deploy": {
    "id": "github-27036846962.1",
    "source": "ci",
    "system": "github",
    "commit": "4f2c0d9e8b7a6f5e4d3c2b1a0f9e8d7c6b5a4f3e"
  },
  "dryRun": false,
  "workloads": [
    {
      "kind": "Deployment",
      "namespace": "agents",
      "name": "agent-ceo",
      "uid": "u1",
      "operation": "patch",
      "reason": null,
      "detail": null,
      "hint": null,
      "changes": [
        {
          "field": "image",
          "name": null,
          "container": "agent",
          "role": "container",
          "old": "registry.example/agent:0a1b-1142",
          "new": "registry.example/agent:4f2c-1187"
        },
        {
          "field": "image",
          "name": null,
          "container": "git-sync",
          "role": "container",
          "old": "registry.example/git-sync:0a1b-1142",
          "new": "registry.example/git-sync:4f2c-1187"
        }
      ],
      "cost": {
        "disruption": "outage",
        "why": "Recreate: 1 pod down before a new one starts",
        "risks": [
          "ReadWriteOnce volume ceo-work is detached and attached"
        ]
      },
      "remarks": [
        {
          "reason": "absent-container",
          "detail": "no container \\"cai-runtime\\", skipped"
        }
      ],
      "wave": null,
      "outcome": {
        "verdict": "rolled",
        "detail": "1 of 1 pod updated and ready",
        "sent": true
      },
      "troubles": []
    }
  ],
  "objects": [],
  "warnings": [],
  "patchesSent": 1,
  "exitCode": 0
}
"""


def rendered(
    plan: Plan, outcomes: Mapping[WorkloadKey, Outcome], *, dry_run: bool = False, code: ExitCode = ExitCode.OK
) -> bytes:
    document = converge_json.document(plan, story.DEPLOY, Result(outcomes), dry_run=dry_run, exit_code=code)
    return converge_json.render(document)


def render(*, dry_run: bool = False) -> bytes:
    return rendered(story.PLAN, {}, dry_run=dry_run)


def test_the_document_byte_by_byte() -> None:
    plan = story.plan_of("agent-ceo")
    document = rendered(plan, ROLLED)
    assert document.decode() == GOLDEN


def test_every_kind_of_operation_has_the_same_members() -> None:
    refused = decide.decide([workload(owner="Fleet/agents")], {}, wish("agent=a2"))
    rest = rendered(refused, {}, dry_run=True, code=ExitCode.CONFLICT)
    parts: list[dict[str, Any]] = json.loads(render())["workloads"] + json.loads(rest)["workloads"]
    assert [(p["name"], p["operation"], p["reason"]) for p in parts] == [
        ("agent-ceo", "patch", None),
        ("agent-cfo", "skip", "absent"),
        ("agent-cso", "patch", None),
        ("agent-done", "skip", "converged"),
        ("ceo", "refuse", "managed"),
    ]
    assert len({tuple(part) for part in parts}) == 1
    assert parts[-1]["hint"] == "change it where it is managed, or pass --force-managed"
    assert parts[1]["uid"] is None


def test_a_dry_run_says_so() -> None:
    document = json.loads(render(dry_run=True))
    assert (document["version"], document["dryRun"], document["patchesSent"]) == ("rollonce.converge/v1", True, 0)


def test_equal_runs_give_equal_bytes() -> None:
    again = decide.decide(tuple(reversed(story.FLEET)), story.ABSENT, story.WISH)
    assert rendered(again, {}) == render()
