"""Whether a roll belongs to the deploy of the workload's roll before it. The first of these decides:

1. deploy ids: another one that this roll brought parts; the same one joins where writer, build or time agree with it;
2. builds: tags of one build join; tags that name another build of the same image part;
3. versions: a container that gets a second new version, and not from another tool than its first one, parts;
4. time: what lies within the window joins.

A recovery is a deploy of its own, and what comes after it begins another one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from msgspec import Struct

from rollonce.history import build, hands, versions
from rollonce.history.build import Build
from rollonce.history.nouns import By, Certainty, IdState, Link, Roll
from rollonce.history.versions import Firsts

OUR_MANAGER = "rollonce"
# Rolls of one build are one deploy if no more time than this lies between them: a deploy of a large fleet takes hours,
# and a build that is deployed once more on another day is another deploy.
ONE_BUILD = timedelta(hours=6)


class Brought(Struct, frozen=True):
    """A build that a roll brought to a container; `before` is the one that it had.

    Not `sure` where the revision before is gone, so that the container may have had it already.
    """

    container: str
    build: Build
    before: Build | None
    sure: bool


class Step(Struct, frozen=True):
    """A roll, and the builds that it brought: of the images that it changed, or of all where that is gone."""

    roll: Roll
    builds: tuple[Brought, ...]

    @classmethod
    def of(cls, roll: Roll) -> Step:
        """The step that a roll is."""
        return cls(roll, tuple(_brought(roll)))


def join(step: Step, before: Sequence[Step], firsts: Firsts, window: timedelta) -> Link:
    """Whether a roll belongs to the deploy of the rolls `before` it, at least one; `firsts` are of all revisions."""
    roll, deploy = step.roll, [each.roll for each in before]
    last = deploy[-1]
    if roll.recovery is not None:
        return Link(False, By.ALONE, roll.recovery.certainty, f"a recovery: {roll.recovery.why}")
    if last.recovery is not None:
        return Link(False, By.ALONE, last.recovery.certainty, "what comes after a recovery is a deploy of its own")
    if roll.after.number != last.after.number + 1:
        return Link(False, By.ALONE, Certainty.INFERRED, "revisions between them are gone")
    built = _by_build(step, before)
    timed = _by_time(last, roll, window)
    if built is None and timed.joined:
        timed = _by_version(roll, deploy, firsts, timed)
    return _by_id(roll, deploy, built, timed) or built or timed


def _by_id(roll: Roll, deploy: Sequence[Roll], built: Link | None, timed: Link) -> Link | None:
    mine, own = roll.after.deploy_id, owned_id(deploy)
    if brings_id(roll) and mine != own:
        if own:
            return Link(False, By.ID, Certainty.SEEN, f"it brought the deploy id {mine}, the one before {own}")
        if built is not None and built.joined:
            return built
        return Link(False, By.ID, Certainty.INFERRED, f"it brought the deploy id {mine}, which the one before had not")
    if not mine or mine != own:
        # The same id on both, and neither of them brought it: an earlier deploy left it behind.
        return None
    if _written_by_us(roll):
        return Link(True, By.ID, Certainty.SEEN, f"deploy id {mine}, and {OUR_MANAGER} wrote it")
    for agreeing in (built, timed):
        if agreeing is not None and agreeing.joined:
            return Link(True, By.ID, agreeing.certainty, f"deploy id {mine}, and {agreeing.why}")
        if agreeing is not None:
            return Link(False, By.ID, Certainty.INFERRED, f"the deploy id {mine} was left behind: {agreeing.why}")
    return None


def brings_id(roll: Roll) -> bool:
    """Whether the deploy id of a roll's revision is that of this roll, and not left behind by another one."""
    match roll.after.id_state:
        case IdState.FRESH:
            return True
        case IdState.INHERITED | IdState.TRAVELLED | IdState.UNKNOWN:
            return _written_by_us(roll)
        case IdState.NONE:
            return False


def id_of(deploy: Sequence[Roll]) -> str:
    """The deploy id that the rolls of a deploy brought, empty where none is known to be theirs."""
    return next((roll.after.deploy_id for roll in deploy if brings_id(roll)), "")


def owned_id(deploy: Sequence[Roll]) -> str:
    """As `id_of`, else the id of the first roll where the revision before is gone: it may have brought it."""
    first = deploy[0].after
    return id_of(deploy) or (first.deploy_id if first.id_state is IdState.UNKNOWN else "")


def _written_by_us(roll: Roll) -> bool:
    return any(w.manager == OUR_MANAGER and w.certainty is Certainty.SEEN for w in roll.writers)


def _brought(roll: Roll) -> Iterator[Brought]:
    if roll.before is None:
        images = {name: ("", image) for name, image in roll.after.template.images.items()}
    else:
        images = {c.container: (c.old or "", c.new or "") for c in roll.changes if c.container}
    for container, (old, new) in images.items():
        found = build.of_image(new)
        if found is not None:
            yield Brought(container, found, build.of_image(old), roll.before is not None)


def _by_build(step: Step, before: Sequence[Step]) -> Link | None:
    theirs = [each for earlier in before for each in earlier.builds]
    pairs = [(one, other) for one in step.builds for other in theirs]
    start, end = before[-1].roll.when.at, step.roll.when.at
    near = start is None or end is None or abs(end - start) <= ONE_BUILD
    for one, other in pairs:
        if build.same(one.build, other.build) and near:
            certainty = Certainty.SEEN if one.sure and other.sure else Certainty.INFERRED
            return Link(True, By.BUILD, certainty, f"both brought build {other.build.tag}")
    if _returns(step.roll, before):
        # The build that was there before the deploy: somebody put it back, which is no build of its own.
        return None
    for one, other in pairs:
        if _comparable(one, other) and not build.same(one.build, other.build):
            why = f"another build: {one.build.tag}, the one before {other.build.tag}"
            return Link(False, By.BUILD, Certainty.SEEN, why)
    return None


def _returns(roll: Roll, deploy: Sequence[Step]) -> bool:
    """Whether it goes back to the template that a roll of the deploy had replaced."""
    digest = roll.after.template.digest
    replaced = (each.roll.before for each in deploy)
    return any(revision is not None and revision.template.digest == digest for revision in replaced)


def _comparable(one: Brought, other: Brought) -> bool:
    """Whether different tags mean different builds: of one image, or of images that had shared a build before."""
    if not (one.sure and other.sure and build.comparable(one.build, other.build)):
        return False
    shared = one.before is not None and other.before is not None and build.same(one.before, other.before)
    return one.container == other.container or shared


def _by_version(roll: Roll, deploy: Sequence[Roll], firsts: Firsts, timed: Link) -> Link:
    """What versions say of a roll that time joins."""
    why = versions.second(roll, deploy, firsts)
    if why:
        return Link(False, By.BUILD, Certainty.INFERRED, why)
    doubt = versions.doubt(roll, deploy, firsts)
    return Link(True, By.BUILD, Certainty.UNKNOWN, f"{timed.why}, though {doubt}") if doubt else timed


def _by_time(last: Roll, roll: Roll, window: timedelta) -> Link:
    first, then = last.when, roll.when
    if first.earliest is None or then.latest is None:
        return Link(False, By.TIME, Certainty.UNKNOWN, "when they rolled is not known")
    gap = abs(then.latest - first.earliest)
    least = then.earliest - first.latest if then.earliest is not None and first.latest is not None else timedelta()
    how = Certainty.INFERRED
    if gap > window:
        if least > window or (then.earliest == then.latest and first.earliest == first.latest):
            more = f"{_words(gap)} lie between them, more than the window of {_words(window)}"
            return Link(False, By.TIME, how, more)
        return Link(False, By.TIME, Certainty.UNKNOWN, "when they rolled is not known well enough to tell")
    if last.after.failed and roll.paths & last.paths:
        why = f"revision {last.after.number} had failed, and it changes what that had changed"
        return Link(False, By.TIME, how, why)
    near = f"{_words(gap)} lie between them, within the window of {_words(window)}"
    doubt = hands.another(last, roll)
    if doubt:
        return Link(True, By.TIME, Certainty.UNKNOWN, f"{near}, though {doubt}")
    users = sorted({writer.user for each in (last, roll) for writer in each.writers if writer.user})
    several = f", though {' and '.join(users)} wrote" if len(users) > 1 else ""
    return Link(True, By.TIME, how, f"{near}{several}")


def _words(span: timedelta) -> str:
    seconds = round(span.total_seconds())
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 7200 else f"{seconds // 3600} h"
