"""The demonstration: a deploy of two steps rolls twice, the same deploy with converge before the second step once.

Everything runs on the simulated cluster, in virtual time; each part begins with the same state, a fork of one cluster.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from rollonce.app import audit, converge, fleet, simulated, sources
from rollonce.app.audit import Cluster, Gathering, Sources
from rollonce.app.converge import Options
from rollonce.errors import UnreadableManifest
from rollonce.history.review import Question, Review
from rollonce.manifests import images
from rollonce.manifests.manifest import Manifest
from rollonce.model import edit, image, reference
from rollonce.model.deploy import Deploy, Source
from rollonce.model.kind import Kind
from rollonce.model.workload import Role, Workload, WorkloadKey
from rollonce.plan.decide import Wish
from rollonce.plan.desired import Desired
from rollonce.sim.cluster import SimCluster
from rollonce.sim.controllers import PROFILES
from rollonce.sim.meter import Reading, Revision

STORY = Path(__file__).parent / "demo_fleet"
RELEASE = "images.txt"
PROFILE = "cloud"
DEPLOY = Deploy("demo.1", Source.GIVEN)
_KINDS = (Kind.DEPLOYMENT, Kind.STATEFUL_SET, Kind.DAEMON_SET)
# A bad day's rollout takes a quarter of an hour; more means that something is stuck.
_TIMEOUT = 7200.0


@dataclass(frozen=True, slots=True)
class Scene:
    """The state that each part begins with, and what the deploy brings: images by container, manifests with them."""

    cluster: SimCluster
    workloads: tuple[Workload, ...]
    release: tuple[str, ...]
    wanted: Mapping[WorkloadKey, Mapping[str, str]]
    manifests: tuple[Manifest, ...]
    source: str


class Part(StrEnum):
    """The parts of the story."""

    PIPELINE = "pipeline"
    CURE = "cure"
    AGAIN = "again"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a deploy: the commands as a user would type them, how many patches were sent, what each workload
    had to bear until all of them were ready again."""

    commands: tuple[str, ...]
    patches: int
    costs: Mapping[WorkloadKey, Reading]


@dataclass(frozen=True, slots=True)
class Told:
    """One part, done: its steps, and the revision histories at its end. `cluster` is as the part left it."""

    part: Part
    steps: tuple[Step, ...]
    history: Mapping[WorkloadKey, tuple[Revision, ...]]
    cluster: SimCluster

    def cost(self, key: WorkloadKey) -> Reading:
        """What the whole part cost a workload."""
        readings = [step.costs[key] for step in self.steps]
        return Reading(sum(r.rolls for r in readings), sum(r.outage for r in readings))


def set_up(folder: Path = STORY, *, profile: str = PROFILE) -> Scene:
    """Seeds the cluster with the manifests of a folder; `images.txt` there says what the next build makes.

    Raises errors of manifests.
    """
    manifests = tuple(sources.load([str(folder)]))
    release = _release(folder / RELEASE)
    choose = images.newer(release)
    cluster = SimCluster(profile=PROFILES[profile])
    simulated.seed(cluster, manifests)
    ports, _ = simulated.ports(cluster)
    read = fleet.read(ports, _everything())
    read, _ = fleet.with_claims(ports, read, frozenset(w.key.namespace for w in read.workloads))
    workloads = tuple(sorted(read.workloads, key=lambda workload: (workload.key.namespace, workload.key)))
    wanted = {w.key: {c.name: choose(c.image) for c in w.containers if choose(c.image) != c.image} for w in workloads}
    return Scene(
        cluster,
        workloads,
        release,
        {key: chosen for key, chosen in wanted.items() if chosen},
        tuple(images.with_images(manifest, choose) for manifest in manifests),
        str(folder) if folder != STORY else "k8s/",
    )


def tell(scene: Scene) -> Iterator[Told]:
    """The parts one after the other, each as soon as it is known."""
    yield _part(Part.PIPELINE, scene, scene.cluster.fork(), _set_images)
    cured = _part(Part.CURE, scene, scene.cluster.fork(), _converge)
    yield cured
    yield _part(Part.AGAIN, scene, cured.cluster, _converge)


def audited(told: Told) -> Review:
    """What `rollonce audit -A` says of the cluster as a part left it."""
    ports, _ = simulated.ports(told.cluster)
    gathering = Gathering()
    audit.gather(Sources((Cluster("", ports, None),)), _everything(), gathering)
    now = datetime.fromtimestamp(ports.clock.now(), UTC)
    return audit.judge(gathering.evidence(_everything()), Question(now), _everything())


def _part(part: Part, scene: Scene, cluster: SimCluster, first: _Act) -> Told:
    scales = simulated.Scales(cluster)
    steps = []
    for act in (first, _apply):
        before = scales.costs()
        commands, patches = act(scene, cluster)
        simulated.settle(cluster)
        costs = {key: _less(reading, before[key]) for key, reading in scales.costs().items()}
        steps.append(Step(commands, patches, costs))
    return Told(part, tuple(steps), {w.key: scales.history(w.key) for w in scene.workloads}, cluster)


def _less(now: Reading, before: Reading) -> Reading:
    return Reading(now.rolls - before.rolls, now.outage - before.outage)


# Does a step, and tells its commands and how many patches it sent.
_Act = Callable[[Scene, SimCluster], tuple[tuple[str, ...], int]]


def _set_images(scene: Scene, cluster: SimCluster) -> tuple[tuple[str, ...], int]:
    """The first step of the pipeline: the image of the main container, which is the first one."""
    commands = []
    for workload in scene.workloads:
        main = next(c.name for c in workload.containers if c.role is Role.MAIN)
        wanted = scene.wanted.get(workload.key, {})
        if main in wanted:
            simulated.set_images(cluster, workload.key, {main: wanted[main]})
            commands.append(f"kubectl -n {workload.key.namespace} set image {workload.key} {main}={wanted[main]}")
    return tuple(commands), len(commands)


def _apply(scene: Scene, cluster: SimCluster) -> tuple[tuple[str, ...], int]:
    """The second step: all manifests, with all images."""
    for manifest in scene.manifests:
        simulated.apply(cluster, manifest)
    return (f"kubectl apply --server-side -f {scene.source}",), len(scene.manifests)


def _converge(scene: Scene, cluster: SimCluster) -> tuple[tuple[str, ...], int]:
    """What rollonce does in place of the first step: the use-case of `rollonce converge` as it is."""
    pairs = _pairs(scene)
    desired = Desired.of((edit.pair(text, act="demo") for text in pairs), act="demo")
    options = Options(_everything(), Wish(desired, DEPLOY), act="demo", timeout=_TIMEOUT)
    ports, _ = simulated.ports(cluster)
    result = converge.carry_out(ports, converge.prepare(ports, options), lambda _: None)
    kinds = ",".join(kind.short for kind in _KINDS if any(w.key.kind is kind for w in scene.workloads))
    command = " ".join(("rollonce converge", kinds, "--all -A", *pairs))
    return (command,), sum(outcome.sent for outcome in result.outcomes.values())


def _pairs(scene: Scene) -> tuple[str, ...]:
    """`container=image` where one holds for the whole fleet, else one pair a workload."""
    by_name: dict[str, set[str]] = {}
    for wanted in scene.wanted.values():
        for name, chosen in wanted.items():
            by_name.setdefault(name, set()).add(chosen)
    plain = {name: next(iter(found)) for name, found in by_name.items() if len(found) == 1}
    single = [
        f"{key}:{name}={chosen}"
        for key, wanted in scene.wanted.items()
        for name, chosen in wanted.items()
        if name not in plain
    ]
    return (*(f"{name}={chosen}" for name, chosen in plain.items()), *single)


def _everything() -> reference.Selection:
    kinds = ",".join(kind.short for kind in _KINDS)
    return reference.select([kinds], namespace=None, selector="", everything=True, act="demo")


def _release(path: Path) -> tuple[str, ...]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise UnreadableManifest(
            f"{path} cannot be read: {reason}",
            act="demo",
            hint=f"{RELEASE} has the images of the next build, one a line",
        ) from None
    words = (line.strip() for line in lines)
    return tuple(image.check(word, act=f"read {path}") for word in words if word and not word.startswith("#"))
