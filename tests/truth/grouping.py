"""How well audit groups rolls into deploys: cases of everyday life on the simulated cluster, with known deploys.

What is counted are pairs of rolls: precision is the share of the pairs that audit takes to be of one deploy and that
are; recall is the share of the pairs of one deploy that audit takes to be so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations
from random import Random
from typing import Any

from rollonce.model.deploy import DEPLOY_ID
from tests.controlplane import manifests
from tests.truth import simulation
from tests.truth.simulated import Simulated
from tests.truth.writes import STRATEGIC, Ask

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
WINDOW = 10 * MINUTE
LEAST = 0.95
# Two deploys that change different images of the same workloads within the window look like two steps of one, also
# where each image has builds of its own: without ids no reader can part them.
UNDECIDABLE = "other images within a minute"


@dataclass(frozen=True, slots=True)
class Write:
    """One step on one workload, in seconds after the beginning; `deploy` is what it truly belongs to.

    `part` is the container that it changes. Only the `first` step of a deploy brings an id, where any does. A step that
    is made by `hand` brings none, and `bare` says that its tag names no build either.
    """

    at: float
    team: str
    workload: str
    part: str
    deploy: str
    first: bool = True
    hand: bool = False
    bare: bool = False


@dataclass(frozen=True, slots=True)
class Mode:
    """What deploys leave behind: ids, and tags that name a build."""

    ids: bool
    builds: bool

    def __str__(self) -> str:
        return f"{'ids' if self.ids else 'no ids'}, {'builds' if self.builds else 'no builds'}"


MODES = tuple(Mode(ids, builds) for ids in (True, False) for builds in (True, False))


@dataclass(frozen=True, slots=True)
class Score:
    """Pairs of rolls: taken to be of one deploy, truly of one, and both."""

    taken: int
    true: int
    both: int

    @property
    def precision(self) -> float:
        """1 where nothing was taken."""
        return self.both / self.taken if self.taken else 1.0

    @property
    def recall(self) -> float:
        """1 where there was nothing to take."""
        return self.both / self.true if self.true else 1.0

    def __add__(self, other: Score) -> Score:
        return Score(self.taken + other.taken, self.true + other.true, self.both + other.both)


def _pipeline(random: Random, start: float, team: str, names: list[str], deploy: str, pace: float) -> Iterator[Write]:
    """The story's pipeline: the agent of each workload, and about a minute later its sidecar."""
    for index, name in enumerate(names):
        at = start + index * pace
        yield Write(at, team, name, "agent", deploy)
        yield Write(at + random.uniform(30, 90), team, name, "git-sync", deploy, first=False)


def _names(count: int) -> list[str]:
    return [f"agent-{index}" for index in range(count)]


def teams(random: Random) -> Iterator[Write]:
    """Four teams deploy when they like during a week."""
    for team in ("blue", "green", "red", "white"):
        for day in range(5):
            at = day * DAY + random.uniform(9, 17) * HOUR
            yield from _pipeline(random, at, team, _names(3), f"{team}-{day}", random.uniform(5, 40))


def nights(random: Random) -> Iterator[Write]:
    """Every night all teams are built and deployed, one shortly after the other."""
    for night in range(5):
        for index, team in enumerate(("blue", "green", "red", "white")):
            at = night * DAY + 2 * HOUR + index * random.uniform(60, 120)
            yield from _pipeline(random, at, team, _names(3), f"{team}-{night}", 20)


def minute(random: Random) -> Iterator[Write]:
    """A commit follows upon another one, and both are deployed within a minute or so, in one step or in two."""
    for day in range(6):
        at = day * DAY + random.uniform(9, 17) * HOUR
        steps = random.choice((1, 2))
        for turn in (1, 2):
            begin = at + (turn - 1) * random.uniform(30, 60)
            for name in _names(random.randint(2, 4)):
                start = begin + random.uniform(0, 5)
                yield Write(start, "blue", name, "agent", f"{day}-{turn}")
                if steps == 2:
                    yield Write(start + random.uniform(5, 15), "blue", name, "git-sync", f"{day}-{turn}", first=False)


def others(random: Random) -> Iterator[Write]:
    """The same, and each commit changes one image only: the first one the agent, the second one its sidecar."""
    for day in range(5):
        at = day * DAY + random.uniform(9, 17) * HOUR
        for turn, part in enumerate(("agent", "git-sync"), 1):
            begin = at + (turn - 1) * random.uniform(30, 60)
            for name in _names(2):
                yield Write(begin + random.uniform(0, 5), "blue", name, part, f"{day}-{turn}")


def overlap(random: Random) -> Iterator[Write]:
    """A fleet of 8 is deployed one by one, and the next deploy begins while the first one is under way."""
    for day in range(4):
        at = day * DAY + random.uniform(9, 17) * HOUR
        for turn in (1, 2):
            begin = at + (turn - 1) * random.uniform(40, 80)
            for index, name in enumerate(_names(8)):
                yield Write(begin + index * 15 + random.uniform(0, 5), "blue", name, "agent", f"{day}-{turn}")


def hour(random: Random) -> Iterator[Write]:
    """A fleet of 16 is deployed workload by workload, which takes an hour."""
    for day in range(3):
        yield from _pipeline(random, day * DAY + 10 * HOUR, "blue", _names(16), f"{day}", random.uniform(210, 240))


def hotfixes(random: Random) -> Iterator[Write]:
    """Between deploys somebody changes one workload by hand, and it keeps the id of the deploy before."""
    for day in range(6):
        at = day * DAY + random.uniform(9, 11) * HOUR
        yield from _pipeline(random, at, "blue", _names(3), f"{day}", 20)
        hot = at + random.uniform(0.5, 4) * HOUR
        yield Write(hot, "blue", random.choice(_names(3)), "agent", f"hotfix-{day}", hand=True, bare=True)


def at_once(random: Random) -> Iterator[Write]:
    """Minutes after a deploy somebody puts a fixed image into one workload by hand."""
    for day in range(6):
        at = day * DAY + random.uniform(9, 11) * HOUR
        yield from _pipeline(random, at, "blue", _names(3), f"{day}", 20)
        hot = at + random.uniform(140, 400)
        yield Write(hot, "blue", random.choice(_names(3)), "agent", f"hotfix-{day}", hand=True)


CASES: dict[str, Callable[[Random], Iterator[Write]]] = {
    "several teams": teams,
    "night builds": nights,
    "two within a minute": minute,
    "other images within a minute": others,
    "two that overlap": overlap,
    "an hour long": hour,
    "a hotfix between": hotfixes,
    "a hotfix at once": at_once,
}


def measure(case: str, mode: Mode, seed: int) -> Score:
    """Plays a case, and counts pairs."""
    random = Random(f"{case} {seed}")
    stage = Simulated()
    start = stage.now() + HOUR
    writes = sorted(CASES[case](random), key=lambda each: each.at)
    _create(stage, writes)
    deploys = {deploy: n for n, deploy in enumerate(_deploys(writes))}
    builds = {deploy: f"{random.getrandbits(28):07x}a-{1000 + n}" for deploy, n in deploys.items()}
    # One repository for all workloads, so that a deploy has one version of an image; or a version for each workload.
    shared = case == "two that overlap" or random.random() < 0.5
    truth: dict[tuple[str, str, int], str] = {}
    numbers: dict[tuple[str, str], int] = {}
    for turn, write in enumerate(writes):
        stage.passed(max(0.0, start + write.at - stage.now()))
        plain = f"1.{deploys[write.deploy] + 1}.0" if shared else f"v{turn + 2}"
        _send(stage, write, builds[write.deploy] if mode.builds and not write.bare else plain, mode)
        place = write.team, write.workload
        numbers[place] = numbers.get(place, 1) + 1
        truth[*place, numbers[place]] = write.deploy
    stage.passed(MINUTE)
    return _count(truth, simulation.document(stage, [], WINDOW))


def _deploys(writes: list[Write]) -> list[str]:
    return list(dict.fromkeys(write.deploy for write in writes))


def _create(stage: Simulated, writes: list[Write]) -> None:
    for team in sorted({write.team for write in writes}):
        stage.ask("admin", Ask("POST", "/api/v1/namespaces", {"metadata": {"name": team}}))
        for name in sorted({write.workload for write in writes if write.team == team}):
            images = {"agent": "registry.test/agent:v1", "git-sync": "registry.test/git-sync:v1"}
            thing = manifests.deployment(name, images, revisionHistoryLimit=50)
            stage.ask("admin", Ask("POST", f"/apis/apps/v1/namespaces/{team}/deployments", thing))


def _send(stage: Simulated, write: Write, tag: str, mode: Mode) -> None:
    image = {"name": write.part, "image": f"registry.test/{write.part}:{tag}"}
    patch: dict[str, Any] = {"spec": {"template": {"spec": {"containers": [image]}}}}
    ours = mode.ids and write.first and not write.hand
    if ours:
        patch["metadata"] = {"annotations": {DEPLOY_ID: f"run-{write.deploy}"}}
    where = f"/apis/apps/v1/namespaces/{write.team}/deployments/{write.workload}"
    manager = "rollonce" if ours else "kubectl-edit" if write.hand else "kubectl-set"
    status, answer = stage.ask("deployer", Ask("PATCH", where, patch, STRATEGIC, manager))
    assert status < 300, answer


def _count(truth: dict[tuple[str, str, int], str], document: Any) -> Score:
    said: dict[tuple[str, str, int], str] = {}
    for deploy in document["deploys"]:
        for member in deploy["members"]:
            place = member["workload"]
            said[place["namespace"], place["name"], member["revision"]] = deploy["name"]
    assert said.keys() == truth.keys()
    taken = true = both = 0
    for one, other in combinations(sorted(truth), 2):
        as_said, in_truth = said[one] == said[other], truth[one] == truth[other]
        taken, true, both = taken + as_said, true + in_truth, both + (as_said and in_truth)
    return Score(taken, true, both)


def table(seeds: range) -> tuple[list[str], bool]:
    """The lines of a table, and whether every cell of it is good enough."""
    lines = ["| case | ids | builds | precision | recall |", "| --- | --- | --- | --- | --- |"]
    good = True
    for case in CASES:
        for mode in MODES:
            score = Score(0, 0, 0)
            for seed in seeds:
                score += measure(case, mode, seed)
            decidable = case != UNDECIDABLE or mode.ids
            good = good and (not decidable or min(score.precision, score.recall) >= LEAST)
            ids, builds = ("yes" if each else "no" for each in (mode.ids, mode.builds))
            lines.append(f"| {case} | {ids} | {builds} | {score.precision:.3f} | {score.recall:.3f} |")
    return lines, good
