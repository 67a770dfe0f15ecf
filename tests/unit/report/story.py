"""The fleet of the story: long-lived agents, one Deployment each, changed by one CI run."""

from __future__ import annotations

from rollonce.model.deploy import Deploy, Source
from rollonce.model.workload import Claim, Recreate
from rollonce.plan import decide
from rollonce.plan.decide import Wish
from rollonce.plan.operation import Plan
from tests.unit.builders import deployment, key, wants, workload

DEPLOY = Deploy("github-27036846962.1", Source.CI, "github", "4f2c0d9e8b7a6f5e4d3c2b1a0f9e8d7c6b5a4f3e")
HOST = "registry.example"


def images(build: str, *, cai: bool = False) -> str:
    names = ["agent", "git-sync", *(["cai-runtime"] if cai else [])]
    return " ".join(f"{name}={HOST}/{name}:{build}" for name in names)


FLEET = (
    workload(
        "deployment/agent-ceo",
        images("0a1b-1142"),
        deployment(strategy=Recreate()),
        claims=(Claim("ceo-work", ("ReadWriteOnce",)),),
    ),
    workload(
        "deployment/agent-cso",
        f"{images('0a1b-1142', cai=True)} init:setup=busybox",
        deployment(strategy=Recreate()),
        claims=(Claim("cso-work"),),
    ),
    workload("deployment/agent-done", images("4f2c-1187")),
)
ABSENT = {
    key("deployment/agent-cfo"): 'there is no deployment/agent-cfo in namespace agents; the nearest name is "agent-cso"'
}
WISH = Wish(wants(*images("4f2c-1187", cai=True).split(), f"deployment/agent-cso:setup={HOST}/setup:4f2c-1187"), DEPLOY)
PLAN = decide.decide(FLEET, ABSENT, WISH)


def plan_of(*operations: str) -> Plan:
    """Those operations of the story that are named."""
    return Plan(tuple(o for o in PLAN.operations if o.key.name in operations))
