"""Rolls -> deploys. First within each workload, roll by roll; then over workloads.

A roll is joined to the workload's roll before it, by the first of these that decides:

1. deploy ids: another id that this roll brought parts them; the same id joins them where writer, build or time agree;
2. builds: tags of one build join, tags made alike that name another build part;
3. time: what lies within the window joins, unless two different users wrote.

A recovery is a deploy of its own, and what comes after it begins another one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from rollonce.history import build
from rollonce.history.build import Build
from rollonce.history.evidence import Subject
from rollonce.history.nouns import By, Certainty, Deploy, IdState, Link, Member, Roll, Timeline

OUR_MANAGER = "rollonce"
DEFAULT_WINDOW = timedelta(minutes=10)
# Rolls of one build in several workloads are one deploy if no more time than this lies between them: a deploy of a
# large fleet takes hours, and a build that is deployed once more on another day is another deploy.
_ONE_BUILD = timedelta(hours=6)
_BEGINNING = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Chain:
    """Rolls of one workload in one deploy."""

    subject: Subject
    members: tuple[Member, ...]
    deploy_id: str
    builds: tuple[Build, ...]

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
    open_: list[Member] = []
    for roll in timeline.rolls:
        link = join(open_[-1].roll, roll, [m.roll for m in open_], window) if open_ else None
        if link is not None and link.joined:
            open_.append(Member(roll, link))
            continue
        if open_:
            yield _chain(timeline.subject, open_)
        open_ = [Member(roll, link)]
    if open_:
        yield _chain(timeline.subject, open_)


def join(last: Roll, roll: Roll, deploy: Sequence[Roll], window: timedelta) -> Link:
    """Whether a roll belongs to the deploy of the workload's rolls before it, of which `last` is the last one."""
    if roll.recovery is not None:
        return Link(False, By.ALONE, roll.recovery.certainty, f"a recovery: {roll.recovery.why}")
    if last.recovery is not None:
        return Link(False, By.ALONE, last.recovery.certainty, "what comes after a recovery is a deploy of its own")
    if roll.after.number != last.after.number + 1:
        return Link(False, By.ALONE, Certainty.INFERRED, "revisions between them are gone")
    return _by_id(last, roll, deploy, window) or _by_build(roll, deploy) or _by_time(last, roll, window)


def _by_id(last: Roll, roll: Roll, deploy: Sequence[Roll], window: timedelta) -> Link | None:
    mine, own = roll.after.deploy_id, _brought_id(deploy)
    if brings_id(roll) and own and mine != own:
        return Link(False, By.ID, Certainty.SEEN, f"it brought the deploy id {mine}, the one before {own}")
    if not mine or mine != last.after.deploy_id or roll.after.id_state is not IdState.INHERITED:
        return None
    built = _by_build(roll, deploy)
    if _written_by_us(roll):
        return Link(True, By.ID, Certainty.SEEN, f"deploy id {mine}, and {OUR_MANAGER} wrote both")
    if built is not None and not built.joined:
        return Link(False, By.ID, Certainty.INFERRED, f"the deploy id {mine} was left behind: {built.why}")
    if built is not None:
        return Link(True, By.ID, Certainty.SEEN, f"deploy id {mine}, and {built.why}")
    timed = _by_time(last, roll, window)
    if timed.joined:
        return Link(True, By.ID, Certainty.INFERRED, f"deploy id {mine}, and {timed.why}")
    return Link(False, By.ID, Certainty.INFERRED, f"the deploy id {mine} was left behind: {timed.why}")


def brings_id(roll: Roll) -> bool:
    """Whether the deploy id of a roll's revision is that of this roll, and not left behind by another one."""
    match roll.after.id_state:
        case IdState.FRESH:
            return True
        case IdState.INHERITED | IdState.TRAVELLED | IdState.UNKNOWN:
            return _written_by_us(roll)
        case IdState.NONE:
            return False


def _brought_id(deploy: Sequence[Roll]) -> str:
    return next((roll.after.deploy_id for roll in deploy if brings_id(roll)), "")


def _written_by_us(roll: Roll) -> bool:
    return any(w.manager == OUR_MANAGER and w.certainty is Certainty.SEEN for w in roll.writers)


def builds_of(roll: Roll) -> tuple[Build, ...]:
    """The builds that a roll brought: of the images that it changed, or of all where what it changed is gone."""
    if roll.before is None:
        images = list(roll.after.template.images.values())
    else:
        images = [change.new for change in roll.changes if change.container and change.new]
    found = (build.of_image(image) for image in images)
    return tuple(dict.fromkeys(each for each in found if each is not None))


def _by_build(roll: Roll, deploy: Sequence[Roll]) -> Link | None:
    mine = builds_of(roll)
    theirs = tuple(dict.fromkeys(each for earlier in deploy for each in builds_of(earlier)))
    for one in mine:
        for other in theirs:
            if build.same(one, other):
                return Link(True, By.BUILD, Certainty.SEEN, f"both brought build {other.tag}")
    for one in mine:
        for other in theirs:
            if build.comparable(one, other):
                return Link(False, By.BUILD, Certainty.SEEN, f"another build: {one.tag}, the one before {other.tag}")
    return None


def _by_time(last: Roll, roll: Roll, window: timedelta) -> Link:
    start, end = last.when.at, roll.when.at
    if start is None or end is None:
        return Link(False, By.TIME, Certainty.UNKNOWN, "when it rolled is not known")
    gap = abs(end - start)
    how = Certainty.INFERRED
    if gap > window:
        return Link(False, By.TIME, how, f"{_words(gap)} lie between them, more than the window of {_words(window)}")
    if last.after.failed and roll.paths & last.paths:
        return Link(
            False, By.TIME, how, f"revision {last.after.number} had failed, and it changes what that had changed"
        )
    users = {writer.user for each in (last, roll) for writer in each.writers if writer.user}
    there_and_back = last.before is not None and last.before.template.digest == roll.after.template.digest
    if len(users) > 1 and not there_and_back:
        return Link(False, By.TIME, how, f"two users wrote: {' and '.join(sorted(users))}")
    return Link(True, By.TIME, how, f"{_words(gap)} lie between them, within the window of {_words(window)}")


def _words(span: timedelta) -> str:
    seconds = round(span.total_seconds())
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 7200 else f"{seconds // 3600} h"


def _chain(subject: Subject, members: list[Member]) -> _Chain:
    rolls = [member.roll for member in members]
    builds = tuple(dict.fromkeys(each for roll in rolls for each in builds_of(roll)))
    return _Chain(subject, tuple(members), _brought_id(rolls), builds)


# --- over workloads


@dataclass(slots=True)
class _Home:
    """A deploy while it is put together; sums are kept so that a deploy of a large fleet stays linear."""

    chains: list[_Chain]
    subjects: set[Subject]
    ids: set[str]
    hands: set[tuple[str, str]]
    end: datetime | None = None

    def take(self, chain: _Chain) -> None:
        self.chains.append(chain)
        self.subjects.add(chain.subject)
        self.ids |= {chain.deploy_id} - {""}
        self.hands |= _hands(chain)
        ends = [at for at in (self.end, chain.end) if at is not None]
        self.end = max(ends, default=None)

    def near(self, chain: _Chain, span: timedelta) -> bool:
        return chain.begin is not None and self.end is not None and chain.begin - self.end <= span


def _merged(chains: list[_Chain], window: timedelta) -> Iterator[list[_Chain]]:
    """Chains of one deploy together: by id, else by build, else by time within one namespace."""
    homes: list[_Home] = []
    # The last deploy that each id, build word or namespace was seen in: chains come in the order of time.
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
        yield By.TIME, chain.subject.key.namespace


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
        return home.near(chain, _ONE_BUILD) and len(home.ids | ({chain.deploy_id} - {""})) <= 1
    mine = _hands(chain)
    return home.near(chain, window) and (not mine or not home.hands or bool(mine & home.hands))


def _hands(chain: _Chain) -> set[tuple[str, str]]:
    """Managers and users that are known to have written, or may have."""
    return {(w.manager, w.user) for member in chain.members for w in member.roll.writers if w.manager}


def _deploy(chains: list[_Chain]) -> Deploy:
    deploy_id = next((chain.deploy_id for chain in chains if chain.deploy_id), "")
    builds = [each for chain in chains for each in chain.builds]
    members = tuple(member for chain in chains for member in chain.members)
    links = [member.link for member in members if member.link is not None and member.link.joined]
    certainty = Certainty.INFERRED if any(link.certainty is not Certainty.SEEN for link in links) else Certainty.SEEN
    if deploy_id:
        return Deploy(deploy_id, deploy_id, By.ID, certainty, f"its rolls brought the deploy id {deploy_id}", members)
    if len(members) == 1:
        why = members[0].link.why if members[0].link is not None else "nothing connects it with another roll"
        return Deploy(_title(builds, chains), "", By.ALONE, certainty, why, members)
    if builds and (len(chains) > 1 or any(link.by is By.BUILD for link in links)):
        return Deploy(_title(builds, chains), "", By.BUILD, certainty, f"tags name build {builds[0].tag}", members)
    why = "; ".join(dict.fromkeys(link.why for link in links)) or "near each other in time, in one namespace"
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
