"""Errors of the fleet file."""

from __future__ import annotations

from rollonce.errors.usage import UsageError


class UnreadableFleetFile(UsageError):
    """There is no fleet file where it is looked for, or it cannot be read or written."""

    slug = "unreadable-fleet-file"


class MalformedFleetFile(UsageError):
    """The fleet file is no YAML, or not of its form: each fault with line, column and a guess at what was meant."""

    slug = "malformed-fleet-file"


class UnknownEnvironment(UsageError):
    """The fleet file has no environment of that name."""

    slug = "unknown-environment"


class ContradictedFleetFile(UsageError):
    """The command line says something else than the fleet file where the file has the word."""

    slug = "contradicts-fleet-file"
