"""Whether two versions of one image were brought by one deploy.

Within a deploy a container may go there and back, change while another one does not, or restart. Two new versions of
its image it gets from two tools only, where one does not know what the other does; a tool that brings a second one has
been run for a second deploy. Where nobody knows the writers any more, that is taken to be so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rollonce.history import build, hands
from rollonce.history.build import Version
from rollonce.history.nouns import Revision, Roll


def second(roll: Roll, deploy: Sequence[Roll], revisions: Sequence[Revision]) -> str:
    """How a roll gives a container a second new version after the rolls of a deploy; empty where it does not."""
    for container, version in _new(roll, revisions):
        for earlier in reversed(deploy):
            other = dict(_new(earlier, revisions)).get(container)
            if other is None:
                continue
            if _parted((earlier, other), (roll, version)):
                return f"another version of {container}: {version.name}, the roll before brought {other.name}"
            break
    return ""


def doubt(roll: Roll, deploy: Sequence[Roll], revisions: Sequence[Revision]) -> str:
    """As `second`, where the other version may have come with the deploy's first roll: what that changed is gone.

    Empty behind another roll of which that holds: they are of one deploy whether it began with that one or before.
    """
    if deploy[0].before is not None or any(_may_be_second(r, deploy[:i], revisions) for i, r in enumerate(deploy) if i):
        return ""
    return _may_be_second(roll, deploy, revisions)


def _may_be_second(roll: Roll, deploy: Sequence[Roll], revisions: Sequence[Revision]) -> str:
    first = deploy[0].after
    since = {change.container for earlier in deploy for change in earlier.changes}
    for container, version in _new(roll, revisions):
        had = first.template.images.get(container)
        other = build.version_of(had) if had and container not in since else None
        # Who wrote that roll need not be who brought the version: two tools tell nothing here.
        if other is not None and _alike(version, other) and version.name != other.name:
            return f"revision {first.number} may have brought another version of {container} already"
    return ""


def _parted(first: tuple[Roll, Version], second: tuple[Roll, Version]) -> bool:
    (former, one), (roll, other) = first, second
    if one.repository != other.repository or one.name == other.name:
        return False
    return bool(hands.another(former, roll)) or (_alike(one, other) and not hands.two_tools(former, roll))


def _alike(one: Version, other: Version) -> bool:
    """Whether they are made in one way; else one may be another tool's name of the other."""
    return (one.repository, one.scheme) == (other.repository, other.scheme)


def brought(roll: Roll) -> Iterator[Version]:
    """The versions of images that a roll brought."""
    found = (build.version_of(each.new) for each in roll.changes if each.container and each.new)
    return (version for version in found if version is not None)


def _new(roll: Roll, revisions: Sequence[Revision]) -> Iterator[tuple[str, Version]]:
    """Container and version of each image that a roll brought and that no revision before it had."""
    for change in roll.changes:
        version = build.version_of(change.new) if change.container and change.new else None
        if version is None:
            continue
        older = (r for r in revisions if r.number < roll.after.number)
        if all(r.template.images.get(change.container) != change.new for r in older):
            yield change.container, version
