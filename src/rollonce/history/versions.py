"""Whether two versions of one image were brought by one deploy.

Within a deploy a container may go there and back, change while another one does not, or restart. Two new versions of
its image it gets from two tools only, where one does not know what the other does; a tool that brings a second one has
been run for a second deploy. Where nobody knows the writers any more, that is taken to be so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from rollonce.history import build, hands
from rollonce.history.build import Version
from rollonce.history.nouns import Revision, Roll

# The lowest number of a revision with that image in that container.
Firsts = Mapping[tuple[str, str], int]


def firsts(revisions: Iterable[Revision]) -> Firsts:
    """Of the revisions of a workload."""
    found: dict[tuple[str, str], int] = {}
    for revision in sorted(revisions, key=lambda each: each.number):
        for item in revision.template.images.items():
            found.setdefault(item, revision.number)
    return found


def second(roll: Roll, deploy: Sequence[Roll], firsts: Firsts) -> str:
    """How a roll gives a container a second new version after the rolls of a deploy; empty where it does not."""
    for container, version in _new(roll, firsts):
        for earlier in reversed(deploy):
            other = dict(_new(earlier, firsts)).get(container)
            if other is None:
                continue
            if _parted((earlier, other), (roll, version)):
                return f"another version of {container}: {version.name}, the roll before brought {other.name}"
            break
    return ""


def doubt(roll: Roll, deploy: Sequence[Roll], firsts: Firsts) -> str:
    """As `second`, where the other version may have come with the deploy's first roll: what that changed is gone.

    Empty behind another roll of which that holds: they are of one deploy whether it began with that one or before.
    """
    if deploy[0].before is not None or any(_may_be_second(r, deploy[:i], firsts) for i, r in enumerate(deploy) if i):
        return ""
    return _may_be_second(roll, deploy, firsts)


def _may_be_second(roll: Roll, deploy: Sequence[Roll], firsts: Firsts) -> str:
    first = deploy[0].after
    since = {change.container for earlier in deploy for change in earlier.changes}
    for container, version in _new(roll, firsts):
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


def _new(roll: Roll, firsts: Firsts) -> Iterator[tuple[str, Version]]:
    """Container and version of each image that a roll brought and that no revision before it had."""
    for change in roll.changes:
        version = build.version_of(change.new) if change.container and change.new else None
        if version is None or not change.container or not change.new:
            continue
        if firsts.get((change.container, change.new), roll.after.number) >= roll.after.number:
            yield change.container, version
