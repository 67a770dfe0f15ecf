"""Random histories of one workload: what is done to it, by whom, and which steps are one release act. From a seed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from random import Random
from typing import Any

# What a step may ask for instead of a value of its own: what the field was when the deploy began, or the tag that
# stands in the manifest for ever.
BEFORE = "@before"
STANDING = "stable"
IMAGES = ("agent", "git-sync")
FIELDS = (*IMAGES, "MODE")
# Rolls further apart are of two deploys; the API's times have whole seconds and a controller may be late, so that a
# gap is well below or well above.
WINDOW = 6.0
LONG = WINDOW + 4.0
USERS = ("deployer", "spare-5", "spare-6", "spare-7")


class Act(StrEnum):
    """How a step writes; each has its field manager."""

    SET = "set image"
    PATCH = "patch"
    EDIT = "edit"
    APPLY = "apply --server-side"
    CLIENT = "apply"
    HELM = "helm upgrade"
    CONVERGE = "converge"
    UNDO = "rollout undo"
    RESTART = "rollout restart"
    SCALE = "scale"


ROLLING = (Act.SET, Act.PATCH, Act.EDIT, Act.APPLY, Act.CLIENT, Act.HELM)


@dataclass(frozen=True, slots=True)
class Step:
    """One write.

    `deploy` is the release act it is part of. `gap` is how many seconds pass before it, after the controllers have
    acted on the step before, where `wait` is set. `broken` says that its pods do not come up, `back` that it puts right
    such a one. `real` asks for the real kubectl where there is one.
    """

    act: Act
    user: str
    deploy: int
    values: tuple[tuple[str, str], ...] = ()
    deploy_id: str = ""
    gap: float = 0.3
    wait: bool = True
    broken: bool = False
    back: bool = False
    real: bool = False


@dataclass(frozen=True, slots=True)
class History:
    """A workload and its steps."""

    seed: int
    kind: str
    strategy: str
    limit: int
    replicas: int
    start: tuple[tuple[str, str], ...]
    steps: tuple[Step, ...]

    @property
    def name(self) -> str:
        """Name of the workload."""
        return "worker"


def generate(seed: int, deploys: int = 4) -> History:
    """The history of a seed; `deploys` is how many release acts it has."""
    draw = _Draw(Random(seed), seed)
    kind = draw.random.choice(("deployment", "deployment", "deployment", "statefulset", "daemonset"))
    strategy = draw.random.choice(("Recreate", "RollingUpdate")) if kind == "deployment" else "RollingUpdate"
    draw.may_break = kind == "deployment"
    start = tuple((field, draw.value(field)) for field in FIELDS)
    steps: list[Step] = []
    for _ in range(deploys):
        steps += draw.release()
    limit = draw.random.choice((10, 10, 10, 3, 2, 1))
    real = [replace(step, real=draw.random.random() < 0.12) for step in steps]
    return History(seed, kind, strategy, limit, draw.random.choice((1, 1, 2)), start, tuple(real))


class _Draw:
    """Draws release acts; no two values are equal by chance."""

    def __init__(self, random: Random, seed: int) -> None:
        self.random = random
        self.may_break = True
        self._seed = seed
        self._count = 0
        self._deploy = 0
        self._tag = ""
        self._user = USERS[0]
        # Whether the next act may follow at once, for something else than time tells them apart.
        self._apart = False
        # Tools that have given an image a version in this deploy, by image.
        self._gave: dict[str, list[Act]] = {}

    def release(self) -> list[Step]:
        """The steps of one act; some are an act and what follows upon it."""
        self._begin()
        kinds: list[Callable[[], Iterator[Step]]] = [
            self._one, self._split, self._split, self._bounce, self._rewrite, self._restart, self._churn, self._undo,
            self._failed, self._converge, self._late, self._hotfix, self._again, self._scale, self._alone, self._mixed,
            self._mixed, self._standing, self._follow, self._follow,
        ]  # fmt: skip
        first = self.random.choice((0.3, LONG)) if self._apart else LONG
        self._apart = False
        steps = list(self.random.choice(kinds)())
        return [replace(steps[0], gap=first), *steps[1:]]

    def _begin(self) -> None:
        self._deploy += 1
        self._gave = {}
        self._user = self.random.choice(USERS)
        made = f"{self.random.getrandbits(20):05x}"
        self._count += 1
        # A commit and a run as CI tags them, or a plain version, which names no build.
        self._tag = self.random.choice((f"c{made}4-{1000 + self._seed % 8000}{self._count:02d}", ""))

    def value(self, field: str) -> str:
        """A new value: of an image the build of this deploy where it has one, else a version of its own."""
        self._count += 1
        if field in IMAGES and self._tag:
            return self._tag
        return f"v{self._count}" if field in IMAGES else f"mode-{self._count}"

    def _step(self, act: Act, *values: tuple[str, str], **more: Any) -> Step:
        return Step(act, self._user, self._deploy, values, **more)

    def _how(self, field: str) -> Act:
        """How a step writes. Two tools may disagree on an image's version; none is run for one deploy with two of them.

        Of builds one deploy has but one.
        """
        acts = [act for act in (ROLLING if field in IMAGES else ROLLING[1:]) if act not in self._gave.get(field, ())]
        chosen = self.random.choice(acts)
        if field in IMAGES and not self._tag:
            # Two writes may make one roll, so that what counts is who wrote in this deploy at all.
            for image in IMAGES:
                self._gave.setdefault(image, []).append(chosen)
        return chosen

    def _gap(self) -> dict[str, Any]:
        """Between steps of one act: at once, so that the controllers may see one change only, or a little later."""
        gaps: list[dict[str, Any]] = [{"gap": 0.0, "wait": False}, {"gap": 0.3}, {"gap": 0.3}, {"gap": 1.1}]
        return self.random.choice(gaps)

    def _change(self, field: str, value: str = "", **more: Any) -> Step:
        return self._step(self._how(field), (field, value or self.value(field)), **more)

    def _one(self) -> Iterator[Step]:
        fields = self.random.sample(FIELDS, self.random.randint(1, 3))
        yield self._step(self.random.choice(ROLLING[1:]), *((field, self.value(field)) for field in fields))

    def _split(self) -> Iterator[Step]:
        fields = self.random.sample(FIELDS, self.random.choice((2, 2, 3)))
        for field in fields:
            yield self._change(field, **self._gap())

    def _bounce(self) -> Iterator[Step]:
        field = self.random.choice(FIELDS)
        value = self.value(field)
        yield self._change(field, value)
        yield self._change(field, BEFORE, **self._gap())
        if self.random.random() < 0.6:
            yield self._change(field, value, **self._gap())

    def _rewrite(self) -> Iterator[Step]:
        field = self.random.choice(FIELDS)
        self._tag = ""
        for _ in range(self.random.choice((2, 2, 3))):
            yield self._change(field, **self._gap())

    def _restart(self) -> Iterator[Step]:
        yield self._change(self.random.choice(FIELDS))
        yield self._step(Act.RESTART, gap=1.1)

    def _churn(self) -> Iterator[Step]:
        field = self.random.choice(FIELDS)
        value = self.value(field)
        acts = self.random.sample(ROLLING[1:], 2)
        for turn in range(self.random.choice((5, 6))):
            yield self._step(acts[turn % 2], (field, BEFORE if turn % 2 else value), gap=0.3)

    def _undo(self) -> Iterator[Step]:
        yield self._change(self.random.choice(FIELDS))
        self._begin()
        yield self._step(Act.UNDO, gap=self.random.choice((0.3, LONG)))
        self._apart = True

    def _failed(self) -> Iterator[Step]:
        if not self.may_break:
            yield from self._one()
            return
        field = self.random.choice(IMAGES)
        self._count += 1
        yield self._change(field, f"crash-{self._count}", broken=True)
        self._begin()
        yield self._change(field, BEFORE, back=True, gap=1.1)

    def _converge(self) -> Iterator[Step]:
        self._user = USERS[0]
        fields = self.random.sample(IMAGES, self.random.randint(1, 2))
        yield self._step(Act.CONVERGE, *((f, self.value(f)) for f in fields), deploy_id=self._id())

    def _late(self) -> Iterator[Step]:
        """A step of the same pipeline after its converge: another field, or the same one once more."""
        self._user = USERS[0]
        one, other = self.random.sample(IMAGES, 2)
        yield self._step(Act.CONVERGE, (one, self.value(one)), deploy_id=self._id())
        yield self._change(other, gap=0.3)

    def _hotfix(self) -> Iterator[Step]:
        """By hand and by somebody else after a converge: it inherits a deploy id that is not its own."""
        [first] = self._converge()
        yield first
        self._begin()
        self._user = self.random.choice([user for user in USERS if user != first.user])
        yield self._change(self.random.choice(FIELDS), gap=self.random.choice((0.3, 1.1, LONG)))

    def _again(self) -> Iterator[Step]:
        """The same deploy id once more: at once it finds nothing to do, after a hotfix it brings its images back."""
        [first] = self._converge()
        yield first
        yield replace(first, gap=0.3)
        mine = self._deploy
        if self.random.random() < 0.5:
            self._begin()
            self._user = USERS[1]
            yield self._change(first.values[0][0], gap=LONG)
            yield replace(first, deploy=mine, gap=LONG)

    def _scale(self) -> Iterator[Step]:
        for _ in range(2):
            yield self._step(Act.SCALE, ("replicas", str(self.random.randint(0, 3))))
        yield self._step(Act.SCALE, ("replicas", "1"))

    def _alone(self) -> Iterator[Step]:
        yield self._step(Act.RESTART)

    def _mixed(self) -> Iterator[Step]:
        """Anything, twice or three times."""
        for turn in range(self.random.choice((2, 2, 3))):
            field = self.random.choice(FIELDS)
            yield self._change(field, **(self._gap() if turn else {}))

    def _standing(self) -> Iterator[Step]:
        """A manifest with a tag that never moves is applied, and then the image is set, twice."""
        for turn in (1, 2):
            if turn == 2:
                self._begin()
                self._user = self.random.choice(USERS)
            yield self._step(Act.CLIENT, ("agent", STANDING), gap=LONG)
            yield self._step(Act.SET, ("agent", self.value("agent")), gap=0.3)

    def _follow(self) -> Iterator[Step]:
        """Two versions of one image are deployed by one pipeline, one right after the other; or three."""
        image = self.random.choice(IMAGES)
        act = self.random.choice(ROLLING)
        user = self._user
        for turn in range(self.random.choice((2, 2, 3))):
            if turn:
                self._begin()
                self._user = user
            self._tag = ""
            yield self._step(act, (image, self.value(image)), gap=self.random.choice((0.3, 1.1)))
            if self.random.random() < 0.3:
                yield self._change("MODE", gap=0.3)

    def _id(self) -> str:
        return f"run-{self._seed}-{self._deploy}.1"
