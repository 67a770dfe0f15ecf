"""Where a fleet file comes from: the current directory, or a path that is given."""

from __future__ import annotations

from pathlib import Path

from rollonce.errors import UnreadableFleetFile
from rollonce.fleetfile import reading
from rollonce.fleetfile.fleet import FleetFile

NAME = "rollonce.yaml"
# As `text.document` bounds it; more of a file is never held.
_MOST = 10_000_001


def load(path: str) -> FleetFile:
    """The fleet file at `path`, or with an empty one the file `rollonce.yaml` of the current directory.

    Raises UnreadableFleetFile and MalformedFleetFile.
    """
    name = path or NAME
    try:
        with Path(name).open("rb") as stream:
            content = stream.read(_MOST)
    except FileNotFoundError:
        where = " in the current directory" if not path else ""
        raise UnreadableFleetFile(
            f"there is no file {name}{where}",
            act="read the fleet file",
            hint="name it with --fleet, or write a first one with rollonce init",
        ) from None
    except OSError as error:
        raise UnreadableFleetFile(f"{name} cannot be read: {error.strerror}", act="read the fleet file") from None
    return reading.read(content, name)
