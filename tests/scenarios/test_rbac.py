"""`rollonce rbac`: with exactly that role everything works, and what is missing of it is named."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from rollonce.model.right import COMMANDS, Rule
from rollonce.report import rbac_yaml
from rollonce.report.rbac_yaml import Subject
from tests.controlplane import manifests
from tests.scenarios import fleet
from tests.scenarios.backends import real_only
from tests.scenarios.manifest_folder import Folder, autoscaler, config, secret
from tests.scenarios.world import Run, World, image

pytestmark = real_only("users and their rights")

A1, A2 = image("agent", "b1"), image("agent", "b2")
KINDS = ("deployment", "statefulset", "daemonset")


def give(world: World, user: str, name: str, rules: tuple[Rule, ...]) -> None:
    """Exactly these rights, in the test's namespace."""
    role = f"rollonce-{name}"
    text = "\n".join(rbac_yaml.lines(role, world.namespace, rules, [Subject("User", user)]))
    world.kubectl("apply", "-f", "-", input=text)


def has(world: World) -> None:
    """One of each kind."""
    things = [getattr(manifests, kind)(f"x-{kind}", {"agent": A1}) for kind in KINDS]
    world.has(*things, manifests.cronjob("x-cronjob", {"agent": A1}), fleet.ceo("b1"))


def converge(world: World, user: str, _folder: Folder) -> Run:
    """Every kind, by a list and by name; one rollout takes its time, so that somebody asks why."""
    never = image("agent", "never-b2")
    kinds = world.converge("deploy,sts,ds,cj", "--all", f"agent={A2}", f"deploy/agent-ceo:agent={never}", "--timeout",
                           "5s", user=user)  # fmt: skip
    assert kinds.code == 1, kinds.err
    return world.converge("deploy/x-deployment", f"agent={A1}", user=user)


def undo(world: World, user: str, _folder: Folder) -> Run:
    never = image("agent", "never-b2")
    world.converge("deploy,sts,ds", "--all", f"agent={never}", "--deploy-id", "d1", "--timeout", "3s", user="deployer")
    return world.rollonce("undo", "d1", "-n", world.namespace, user=user)


def applied(world: World, user: str, folder: Folder) -> Run:
    budget = {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": "x"},
        "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "new"}}},
    }
    others = (config("settings", A="1"), secret("keys", A="1"), autoscaler("new", 1, 2), budget)
    folder.has(*others, manifests.deployment("new", {"agent": A1}), manifests.statefulset("new", {"agent": A1}))
    return folder.converge(user=user)


def planned(world: World, user: str, _folder: Folder) -> Run:
    return world.rollonce("plan", "deploy,sts,ds,cj", "--all", f"agent={A2}", "-n", world.namespace, user=user)


def audited(world: World, user: str, _folder: Folder) -> Run:
    return world.rollonce("audit", "-n", world.namespace, user=user)


def explained(world: World, user: str, _folder: Folder) -> Run:
    return world.rollonce("explain", "deployment/x-deployment", "-n", world.namespace, user=user)


def drafted(world: World, user: str, _folder: Folder) -> Run:
    return world.rollonce("init", "--fleet", "-", "-n", world.namespace, user=user)


RUNS: dict[str, Callable[[World, str, Folder], Run]] = {
    "converge": converge,
    "undo": undo,
    "manifests": applied,
    "plan": planned,
    "audit": audited,
    "explain": explained,
    "init": drafted,
}


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_with_exactly_its_role_everything_works(world: World, folder: Folder, name: str) -> None:
    has(world)
    give(world, "spare-7", name, COMMANDS[name])
    run = RUNS[name](world, "spare-7", folder)
    assert run.code == 0, run.out + run.err
    for words in ("forbidden", "not known", "right", "not looked into", "missing"):
        assert words not in (run.out + run.err).lower(), run.out + run.err


def _less(rules: tuple[Rule, ...]) -> Iterator[tuple[str, str, tuple[Rule, ...]]]:
    """Each verb on each resource, and the rules without it."""
    for n, rule in enumerate(rules):
        for resource in rule.resources:
            for verb in rule.verbs:
                rest = tuple(r for r in rule.resources if r != resource)
                parts = (
                    replace(rule, resources=rest),
                    replace(rule, resources=(resource,), verbs=tuple(v for v in rule.verbs if v != verb)),
                )
                kept = tuple(part for part in parts if part.resources and part.verbs)
                yield verb, resource, (*rules[:n], *kept, *rules[n + 1 :])


def listed(world: World, user: str, _folder: Folder) -> Run:
    """All of each kind."""
    return world.converge("deploy,sts,ds,cj", "--all", f"agent={A2}", "--timeout", "20s", user=user)


def named(world: World, user: str, _folder: Folder) -> Run:
    """One of each kind."""
    names = [f"{kind}/x-{kind}" for kind in (*KINDS, "cronjob")]
    return world.converge(*names, f"agent={A2}", "--timeout", "20s", user=user)


def slow(world: World, user: str, _folder: Folder) -> Run:
    """A rollout that somebody asks about."""
    never = image("agent", "never-b2")
    return world.converge("deploy/x-deployment", f"agent={never}", "--timeout", "5s", user=user)


# Which verbs are missed in which run: what is only used where few are named is not missed where many are listed.
MISSED = (
    ("converge", listed, ("list", "watch", "patch"), {("watch", "cronjobs"), ("list", "pods"), ("list", "events")}),
    ("converge", named, ("get",), set[tuple[str, str]]()),
    ("undo", undo, ("list",), {("list", "pods"), ("list", "events"), ("list", "persistentvolumeclaims")}),
    ("plan", planned, ("list",), set[tuple[str, str]]()),
    ("audit", audited, ("list",), set[tuple[str, str]]()),
    ("init", drafted, ("list",), set[tuple[str, str]]()),
)
PODS = {("watch", "pods"), ("watch", "events")}


@pytest.mark.parametrize(
    ("name", "run_of", "verb", "resource", "rules"),
    [
        pytest.param(
            name, slow if (verb, resource) in PODS else run_of, verb, resource, rules, id=f"{name}-{verb}-{resource}"
        )
        for name, run_of, verbs, otherwise in MISSED
        for verb, resource, rules in _less(COMMANDS[name])
        if verb in verbs and (verb, resource) not in otherwise
    ],
)
def test_a_right_that_is_missing_is_named(
    world: World,
    folder: Folder,
    name: str,
    run_of: Callable[[World, str, Folder], Run],
    verb: str,
    resource: str,
    rules: tuple[Rule, ...],
) -> None:
    world.has(*(getattr(manifests, kind)(f"x-{kind}", {"agent": A1}) for kind in KINDS))
    world.has(manifests.cronjob("x-cronjob", {"agent": A1}))
    world.has(manifests.deployment("with-a-volume", {"agent": A1}, claims=["work"], replicas=0), ready=False)
    give(world, "spare-8", name, rules)
    run = run_of(world, "spare-8", folder)
    said = run.out + run.err
    assert resource in said, said
    assert verb in said or "forbidden" in said, said
