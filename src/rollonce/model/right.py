"""The rights that each command needs, as rules of a Role."""

from __future__ import annotations

from dataclasses import dataclass

_ROLLING = ("deployments", "statefulsets", "daemonsets")
CORE, APPS, BATCH = "", "apps", "batch"


@dataclass(frozen=True, slots=True)
class Rule:
    """Verbs on resources of one API group, and what they serve. What is not `needed` only serves to say more."""

    group: str
    resources: tuple[str, ...]
    verbs: tuple[str, ...]
    why: str
    needed: bool = True


_CLAIMS = Rule(
    CORE, ("persistentvolumeclaims",), ("list",), "names volumes that one node can mount at a time", needed=False
)
_PODS = Rule(CORE, ("pods", "events"), ("list", "watch"), "says why a rollout does not get on", needed=False)


def _workloads(*verbs: str, cron_jobs: bool = True) -> tuple[Rule, ...]:
    why = "the workloads"
    rules = (Rule(APPS, _ROLLING, verbs, why),)
    return (*rules, Rule(BATCH, ("cronjobs",), verbs, why)) if cron_jobs else rules


_CONVERGE = (*_workloads("get", "list", "watch", "patch"), _CLAIMS, _PODS)
_EVIDENCE = (
    *_workloads("list", cron_jobs=False),
    Rule(APPS, ("replicasets", "controllerrevisions"), ("list",), "the revisions"),
    Rule(CORE, ("pods", "events"), ("list",), "what rolls took, and when", needed=False),
    Rule(CORE, ("secrets",), ("list",), "the releases of helm, of which only metadata is asked for", needed=False),
)

# By the name of the command; `manifests` is converge with -f or -k, of the kinds that manifests mostly have.
COMMANDS: dict[str, tuple[Rule, ...]] = {
    "converge": _CONVERGE,
    "manifests": (
        *_workloads("get", "list", "watch", "patch", "create"),
        Rule(
            CORE,
            ("configmaps", "secrets", "services", "serviceaccounts"),
            ("get", "patch", "create"),
            "objects beside workloads; leave out kinds that your manifests do not have",
        ),
        Rule(
            "autoscaling",
            ("horizontalpodautoscalers",),
            ("get", "list", "patch", "create"),
            "leaves replicas to whom an autoscaler serves",
        ),
        Rule("policy", ("poddisruptionbudgets",), ("get", "patch", "create"), "budgets among the manifests"),
        _CLAIMS,
        _PODS,
    ),
    "undo": (
        *_workloads("get", "list", "watch", "patch", cron_jobs=False),
        Rule(APPS, ("replicasets", "controllerrevisions"), ("list",), "what it was before"),
        Rule(
            CORE,
            ("pods",),
            ("list", "watch", "delete"),
            "frees StatefulSets that a broken pod holds back",
            needed=False,
        ),
        Rule(CORE, ("events",), ("list", "watch"), "says why a rollout does not get on", needed=False),
        _CLAIMS,
    ),
    "plan": (*_workloads("get", "list"), _CLAIMS),
    "init": _workloads("list"),
    "audit": _EVIDENCE,
    "explain": _EVIDENCE,
}
