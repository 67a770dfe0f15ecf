"""A seed becomes a scenario."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from tests.controlplane import manifests
from tests.differential.scenario import Gap, Object, Scenario, Step

BUILDS = ("b1", "b2", "b3")
# What a stage of the control plane and the simulated kubelet both take for a failure.
BROKEN = ("crash-1", "never-ready-1")
STOPS = (0.3, 0.8, 1.5)
SLACK = 0.6


def generate(seed: int) -> Scenario:
    """The same scenario for the same seed, whatever the version of Python."""
    dice = random.Random(seed)
    fleet = tuple(_workload(dice, place) for place in range(dice.choice((1, 1, 2, 3))))
    steps = _steps(dice, fleet)
    return Scenario(seed, fleet, tuple(steps), _calm(fleet, steps))


def _calm(fleet: tuple[Object, ...], steps: list[Step]) -> float:
    """Longer than the longest time in which nothing happens and something still will."""
    longest = 0.0
    for thing in fleet:
        notes = thing["spec"]["template"]["metadata"].get("annotations", {})
        longest = max(longest, *(float(notes.get(f"rollonce.test/{n}", "0s").removesuffix("s")) for n in _DELAYS))
        longest = max(longest, thing["spec"].get("minReadySeconds", 0))
        limit = thing["spec"].get("progressDeadlineSeconds", 600)
        longest = max(longest, limit + 2 if limit < 60 else 0)
    longest = max(longest, *(step.arguments.get("minReadySeconds", 0) for step in steps))
    return float(longest) + SLACK


_DELAYS = ("start-delay", "ready-delay", "stop-delay")


def _workload(dice: random.Random, place: int) -> Object:
    kind = dice.choice(("Deployment",) * 6 + ("StatefulSet",) * 3 + ("DaemonSet",) * 2)
    thing = {"Deployment": _deployment, "StatefulSet": _statefulset, "DaemonSet": _daemonset}[kind](dice, f"@{place}")
    if dice.random() < 0.4:
        thing["metadata"]["annotations"] = {"team": dice.choice(("blue", "red")), "note": "first"}
    if dice.random() < 0.3:
        thing["metadata"]["labels"] = {"app": f"@{place}", "tier": "back"}
    else:
        thing["metadata"]["labels"] = {"app": f"@{place}"}
    return thing


def _pods(dice: random.Random) -> Object:
    """The parts of a pod template, as keywords of the builders."""
    parts: Object = {"containers": {"agent": image("agent", "b1")}}
    if dice.random() < 0.5:
        parts["containers"]["git-sync"] = image("git-sync", "b1")
    if dice.random() < 0.2:
        parts["init"] = {"prepare": image("prepare", "b1")}
    if dice.random() < 0.2:
        parts["sidecars"] = {"proxy": image("proxy", "b1")}
    delays = {
        "rollonce.test/start-delay": f"{dice.choice((0.05, 0.1))}s",
        "rollonce.test/ready-delay": f"{dice.choice((0.1, 0.2, 0.4))}s",
        "rollonce.test/stop-delay": f"{dice.choice(STOPS)}s",
    }
    parts["annotations"] = delays
    return parts


def image(container: str, build: str) -> str:
    """`registry.example/agent:b1`."""
    return f"registry.example/{container}:{build}"


def _dress(dice: random.Random, thing: Object) -> Object:
    """Environment, volumes, ports, in their varied orders."""
    spec = thing["spec"]["template"]["spec"]
    spec["terminationGracePeriodSeconds"] = dice.choice((5, 30))
    for container in spec["containers"]:
        if dice.random() < 0.5:
            names = ["A", "B", "C"][: dice.randint(1, 3)]
            dice.shuffle(names)
            container["env"] = [{"name": name, "value": "1"} for name in names]
        if dice.random() < 0.2:
            container["ports"] = [{"containerPort": 80, "name": "web"}]
        if dice.random() < 0.2:
            container["resources"] = {"requests": {"cpu": dice.choice(("100m", "0.5", "1"))}}
    if dice.random() < 0.3:
        spec["volumes"] = [{"name": "scratch", "emptyDir": {}}]
        spec["containers"][0]["volumeMounts"] = [{"name": "scratch", "mountPath": "/scratch"}]
    return thing


def _deployment(dice: random.Random, name: str) -> Object:
    more: Object = {}
    strategy: Object = {"type": "Recreate"}
    if dice.random() < 0.6:
        strategy = {"type": "RollingUpdate"}
        if dice.random() < 0.7:
            strategy["rollingUpdate"] = dice.choice(ROLLING)
    if dice.random() < 0.3:
        more["minReadySeconds"] = 1
    if dice.random() < 0.4:
        more["revisionHistoryLimit"] = dice.choice((0, 1, 2))
    if dice.random() < 0.15:
        more["progressDeadlineSeconds"] = 2 + more.get("minReadySeconds", 0)
    thing = manifests.deployment(
        name, **_pods(dice), replicas=dice.choice((0, 1, 1, 2, 3, 4)), strategy=strategy, **more
    )
    return _dress(dice, thing)


ROLLING: tuple[Object, ...] = (
    {"maxSurge": 1, "maxUnavailable": 0},
    {"maxSurge": 0, "maxUnavailable": 1},
    {"maxSurge": "50%", "maxUnavailable": "50%"},
    {"maxSurge": 2, "maxUnavailable": 1},
    {"maxSurge": "100%", "maxUnavailable": 0},
    {"maxSurge": 0, "maxUnavailable": "100%"},
)


def _statefulset(dice: random.Random, name: str) -> Object:
    more: Object = {"updateStrategy": dice.choice(STATEFUL)}
    if dice.random() < 0.4:
        more["podManagementPolicy"] = "Parallel"
    if dice.random() < 0.2:
        more["minReadySeconds"] = 1
    if dice.random() < 0.4:
        more["revisionHistoryLimit"] = dice.choice((0, 1, 2))
    return _dress(dice, manifests.statefulset(name, **_pods(dice), replicas=dice.choice((0, 1, 2, 3)), **more))


STATEFUL: tuple[Object, ...] = (
    {"type": "RollingUpdate"},
    {"type": "RollingUpdate"},
    {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}},
    {"type": "OnDelete"},
)


def _daemonset(dice: random.Random, name: str) -> Object:
    more: Object = {"updateStrategy": dice.choice(DAEMON)}
    if dice.random() < 0.2:
        more["minReadySeconds"] = 1
    if dice.random() < 0.4:
        more["revisionHistoryLimit"] = dice.choice((0, 1, 2))
    return _dress(dice, manifests.daemonset(name, **_pods(dice), **more))


DAEMON: tuple[Object, ...] = (
    {"type": "RollingUpdate"},
    {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 2, "maxSurge": 0}},
    {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
    {"type": "OnDelete"},
)


def _steps(dice: random.Random, fleet: tuple[Object, ...]) -> list[Step]:
    steps = [_step(dice, fleet, "create", place, {"how": _how(dice)}) for place in range(len(fleet))]
    steps = [Step(s.act, s.on, s.arguments, Gap.AT_ONCE if s is not steps[-1] else Gap.SETTLED) for s in steps]
    for _ in range(dice.randint(2, 4) + len(fleet)):
        place = dice.randrange(len(fleet))
        kind = fleet[place]["kind"]
        act = dice.choice([name for name, (kinds, _) in ACTS.items() if kind in kinds for _ in range(WEIGHT[name])])
        steps.append(_step(dice, fleet, act, place, ACTS[act][1](dice, fleet[place])))
    last = steps[-1]
    return [*steps[:-1], Step(last.act, last.on, last.arguments, Gap.SETTLED)]


def _how(dice: random.Random) -> str:
    return dice.choice(("create", "create", "client-apply", "apply"))


def _step(dice: random.Random, fleet: tuple[Object, ...], act: str, place: int, arguments: Object) -> Step:
    notes = fleet[place]["spec"]["template"]["metadata"]["annotations"]
    stop = float(notes["rollonce.test/stop-delay"].removesuffix("s"))
    gap = dice.choice((Gap.SETTLED,) * 6 + (Gap.AT_ONCE, Gap.INSIDE, Gap.INSIDE, Gap.AROUND, Gap.OUTSIDE))
    seconds = {
        Gap.INSIDE: stop / 2,
        Gap.AROUND: round(stop + dice.uniform(-0.1, 0.4), 2),
        Gap.OUTSIDE: stop + 2.0,
    }.get(gap, 0.0)
    return Step(act, place, arguments, gap, seconds)


def _set_image(dice: random.Random, thing: Object) -> Object:
    spec = thing["spec"]["template"]["spec"]
    every = [(c["name"], "containers") for c in spec["containers"]]
    every += [(c["name"], "initContainers") for c in spec.get("initContainers", [])]
    chosen = dice.sample(every, dice.randint(1, len(every)))
    build = dice.choice(BROKEN) if dice.random() < 0.12 else dice.choice(BUILDS)
    return {"images": [{"list": part, "name": name, "image": image(name, build)} for name, part in chosen]}


def _two_writes(dice: random.Random, thing: Object) -> Object:
    """Two steps of one pipeline, at once: the main container, then all containers."""
    names = [c["name"] for c in thing["spec"]["template"]["spec"]["containers"]]
    build = dice.choice(BUILDS)
    first = [{"list": "containers", "name": names[0], "image": image(names[0], build)}]
    return {"first": first, "then": [{"list": "containers", "name": n, "image": image(n, build)} for n in names]}


def _set_env(dice: random.Random, thing: Object) -> Object:
    name = dice.choice(thing["spec"]["template"]["spec"]["containers"])["name"]
    return {"container": name, "env": dice.choice(("A", "B", "D")), "value": dice.choice(("1", "2"))}


def _strategy(dice: random.Random, thing: Object) -> Object:
    if thing["kind"] == "Deployment":
        if dice.random() < 0.5:
            return {"strategy": {"type": "Recreate", "rollingUpdate": None}}
        return {"strategy": {"type": "RollingUpdate", "rollingUpdate": dice.choice(ROLLING)}}
    chosen: Any = dice.choice(STATEFUL if thing["kind"] == "StatefulSet" else DAEMON)
    return {"updateStrategy": {"rollingUpdate": None, **chosen}}


def _applied(dice: random.Random, thing: Object) -> Object:
    return {
        "manager": dice.choice(("ci", "helm")),
        "force": dice.random() < 0.7,
        "build": dice.choice(BUILDS),
        "whole": dice.random() < 0.6,
    }


_LIMIT: Object = {"revisionHistoryLimit": 1}
_EVERY = frozenset({"Deployment", "StatefulSet", "DaemonSet"})
_DEPLOYMENT = frozenset({"Deployment"})
_SCALED = frozenset({"Deployment", "StatefulSet"})
_Arguments = Callable[[random.Random, Object], Object]
ACTS: dict[str, tuple[frozenset[str], _Arguments]] = {
    "set-image": (_EVERY, _set_image),
    "two-writes": (_EVERY, _two_writes),
    "set-env": (_EVERY, _set_env),
    "annotate-template": (_EVERY, lambda dice, _: {"key": "build", "value": dice.choice(("1", "2"))}),
    "restart": (_EVERY, lambda dice, _: {"at": f"2026-01-0{dice.randint(1, 3)}T00:00:00Z"}),
    "undo": (_EVERY, lambda dice, _: {"to": dice.choice((0, 0, 1, 2))}),
    "back": (_EVERY, lambda _dice, _thing: {}),
    "scale": (_SCALED, lambda dice, _: {"replicas": dice.randint(0, 4)}),
    "pause": (_DEPLOYMENT, lambda _dice, _thing: {"paused": True}),
    "resume": (_DEPLOYMENT, lambda _dice, _thing: {"paused": False}),
    "strategy": (_EVERY, _strategy),
    "tune": (_EVERY, lambda dice, _: dice.choice(({"minReadySeconds": 1}, {"minReadySeconds": 0}, _LIMIT))),
    "apply": (_EVERY, _applied),
    "put": (_EVERY, lambda dice, _: {"build": dice.choice(BUILDS)}),
    "annotate": (_EVERY, lambda dice, _: {"key": dice.choice(("team", "cause")), "value": dice.choice(("x", "y"))}),
    "unannotate": (_EVERY, lambda dice, _: {"key": dice.choice(("team", "cause")), "value": None}),
    "label": (_EVERY, lambda dice, _: {"key": "stage", "value": dice.choice(("x", "y"))}),
    "delete-pod": (_EVERY, lambda dice, _: {"rank": dice.randint(0, 2)}),
    "recreate": (_EVERY, lambda dice, _: {"how": dice.choice(("Background", "Foreground", "Orphan"))}),
    "take-name": (_DEPLOYMENT, lambda _dice, _thing: {}),
}
WEIGHT = dict.fromkeys(ACTS, 2) | {
    "set-image": 8, "two-writes": 4, "undo": 4, "restart": 3, "apply": 4, "scale": 3, "recreate": 1, "take-name": 1,
    "label": 1,
}  # fmt: skip
