"""Rolls -> deploys: first within each workload (`links` decides), then over workloads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from rollonce.history import links, versions
from rollonce.history.build import Build, Version
from rollonce.history.evidence import Subject
from rollonce.history.links import Step
from rollonce.history.nouns import By, Certainty, Deploy, Member, Timeline

DEFAULT_WINDOW = timedelta(minutes=10)
_BEGINNING = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Chain:
    """Rolls of one workload in one deploy."""

    subject: Subject
    members: tuple[Member, ...]
    deploy_id: str
    builds: tuple[Build, ...]
    versions: tuple[Version, ...]

    @property
    def begin(self) -> datetime | None:
        return next((at for member in self.members if (at := member.roll.when.at)), None)

    @property
    def end(self) -> datetime | None:
        return next((at for member in reversed(self.members) if (at := member.roll.when.at)), None)


def group(timelines: Iterable[Timeline], window: timedelta = DEFAULT_WINDOW) -> tuple[Deploy, ...]:
    """All rolls of all workloads as deploys, in the order of their beginnings."""
    chains = [chain for timeline in timelines for chain in _chains(timeline, window)]
    chains.sort(key=lambda c: (c.begin or _BEGINNING, c.subject, c.members[0].roll.after.number))
    deploys = [_deploy(chains) for chains in _merged(chains, window)]
    return tuple(_named_apart(deploys))


# --- within one workload


def _chains(timeline: Timeline, window: timedelta) -> Iterator[_Chain]:
    steps: list[Step] = []
    members: list[Member] = []
    firsts = versions.firsts(timeline.revisions)
    for step in map(Step.of, timeline.rolls):
        link = links.join(step, steps, firsts, window) if steps else None
        if link is not None and not link.joined:
            yield _chain(timeline.subject, steps, members)
            steps, members = [], []
        steps.append(step)
        members.append(Member(step.roll, link))
    if steps:
        yield _chain(timeline.subject, steps, members)


def _chain(subject: Subject, steps: list[Step], members: list[Member]) -> _Chain:
    rolls = [step.roll for step in steps]
    builds = tuple(dict.fromkeys(each.build for step in steps for each in step.builds))
    # Where two rolls share an id and something agrees with it, it is theirs, whichever of them brought it.
    shared = any(m.link is not None and m.link.joined and m.link.by is By.ID for m in members)
    deploy_id = links.owned_id(rolls) if shared else links.id_of(rolls)
    # What has an id or a build is joined by nothing else.
    told = () if deploy_id or builds else rolls
    pinned = tuple(dict.fromkeys(version for roll in told for version in versions.brought(roll)))
    return _Chain(subject, tuple(members), deploy_id, builds, pinned)


# --- over workloads


@dataclass(slots=True)
class _Home:
    """A deploy while it is put together; sums are kept so that a deploy of a large fleet stays linear."""

    chains: list[_Chain]
    subjects: set[Subject]
    ids: set[str]
    hands: set[tuple[str, str]]
    # Repository -> version -> how many chains brought it.
    versions: dict[str, dict[str, int]] = field(default_factory=dict)
    end: datetime | None = None

    def take(self, chain: _Chain) -> None:
        self.chains.append(chain)
        self.subjects.add(chain.subject)
        self.ids |= {chain.deploy_id} - {""}
        self.hands |= _hands(chain)
        for version in chain.versions:
            known = self.versions.setdefault(version.repository, {})
            known[version.name] = known.get(version.name, 0) + 1
        ends = [at for at in (self.end, chain.end) if at is not None]
        self.end = max(ends, default=None)

    def near(self, chain: _Chain, span: timedelta) -> bool:
        return chain.begin is not None and self.end is not None and chain.begin - self.end <= span

    def another_version(self, chain: _Chain) -> bool:
        """Whether all of several workloads got one version of an image, and this one gets another."""
        for version in chain.versions:
            known = self.versions.get(version.repository, {})
            if len(known) == 1 and version.name not in known and max(known.values()) > 1:
                return True
        return False


def _merged(chains: list[_Chain], window: timedelta) -> Iterator[list[_Chain]]:
    """Chains of one deploy together: by id, else by build, else by time within one namespace.

    Of deploys that overlap there, a chain goes to the one that brought the same version of an image, and not to one
    that brought another version to all.
    """
    homes: list[_Home] = []
    # The last deploy that each id, build word, version or namespace was seen in: chains come in the order of time.
    known: dict[tuple[str, By, str], _Home] = {}
    for chain in chains:
        home = _home(chain, window, known)
        if home is None:
            home = _Home([], set(), set(), set())
            homes.append(home)
        home.take(chain)
        for by, word in _marks(chain):
            known[chain.subject.cluster, by, word] = home
    return (home.chains for home in homes)


def _marks(chain: _Chain) -> Iterator[tuple[By, str]]:
    """By what a chain may be joined to others, strongest first."""
    if chain.deploy_id:
        yield By.ID, chain.deploy_id
    for each in chain.builds:
        yield By.BUILD, each.tag
        yield from ((By.BUILD, word) for word in sorted(each.words))
    if not chain.deploy_id and not chain.builds:
        space = chain.subject.key.namespace
        yield from ((By.TIME, f"{space} {each.repository} {each.name}") for each in chain.versions)
        yield By.TIME, space


def _home(chain: _Chain, window: timedelta, known: dict[tuple[str, By, str], _Home]) -> _Home | None:
    if chain.members[0].roll.recovery is not None and not chain.deploy_id:
        return None
    for by, word in _marks(chain):
        home = known.get((chain.subject.cluster, by, word))
        if home is not None and _fits(home, chain, by, window):
            return home
    return None


def _fits(home: _Home, chain: _Chain, by: By, window: timedelta) -> bool:
    if by is By.ID:
        # Only an id can tell that a workload came back to a deploy after it had rolled for another one.
        return True
    if chain.subject in home.subjects:
        return False
    if by is By.BUILD:
        return home.near(chain, links.ONE_BUILD) and len(home.ids | ({chain.deploy_id} - {""})) <= 1
    if home.another_version(chain):
        return False
    mine = _hands(chain)
    return home.near(chain, window) and (not mine or not home.hands or bool(mine & home.hands))


def _hands(chain: _Chain) -> set[tuple[str, str]]:
    """Managers and users that are known to have written, or may have."""
    return {(w.manager, w.user) for member in chain.members for w in member.roll.writers if w.manager}


def _deploy(chains: list[_Chain]) -> Deploy:
    deploy_id = next((chain.deploy_id for chain in chains if chain.deploy_id), "")
    builds = [each for chain in chains for each in chain.builds]
    members = tuple(member for chain in chains for member in chain.members)
    joins = [member.link for member in members if member.link is not None and member.link.joined]
    certainty = Certainty.INFERRED if any(link.certainty is not Certainty.SEEN for link in joins) else Certainty.SEEN
    if deploy_id:
        return Deploy(deploy_id, deploy_id, By.ID, certainty, f"its rolls brought the deploy id {deploy_id}", members)
    if len(members) == 1:
        why = members[0].link.why if members[0].link is not None else "nothing connects it with another roll"
        return Deploy(_title(builds, chains), "", By.ALONE, certainty, why, members)
    if builds and (len(chains) > 1 or any(link.by is By.BUILD for link in joins)):
        return Deploy(_title(builds, chains), "", By.BUILD, certainty, f"tags name build {builds[0].tag}", members)
    told = [link.why for link in joins] or ["near each other in time, in one namespace"]
    # What parts it from the deploy before is no less of a guess than what holds it together.
    told += [
        link.why for link in (chain.members[0].link for chain in chains) if link is not None and link.by is By.BUILD
    ]
    why = "; ".join(dict.fromkeys(told))
    return Deploy(_title(builds, chains), "", By.TIME, Certainty.INFERRED, why, members)


def _title(builds: Sequence[Build], chains: list[_Chain]) -> str:
    if builds:
        return f"build {builds[0].tag}"
    begin = chains[0].begin
    if begin is not None:
        return f"at {begin:%Y-%m-%d %H:%M:%S}Z"
    roll = chains[0].members[0].roll
    return f"{roll.subject} revision {roll.after.number}"


def _named_apart(deploys: Iterable[Deploy]) -> Iterator[Deploy]:
    """Names are unique: a second deploy of one build is `build x (2)`."""
    seen: dict[str, int] = {}
    for deploy in deploys:
        n = seen[deploy.name] = seen.get(deploy.name, 0) + 1
        yield deploy if n == 1 else replace(deploy, name=f"{deploy.name} ({n})")
