"""Where a rollout stands: four answers, each with words that people read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Complete:
    """Every pod that should run the template runs it and is ready."""

    message: str


@dataclass(frozen=True, slots=True)
class InProgress:
    """The controller is at work, or has not yet seen the last change. `reason` is stable."""

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The API says that this rollout failed; it may recover by itself, nobody should count on it."""

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Held:
    """Somebody holds the rollout: it does not go on until they let it."""

    reason: str
    message: str


Standing = Complete | InProgress | Failed | Held

# Reasons of InProgress; the order of decisions and the meaning are those of kstatus
# (kubernetes-sigs/cli-utils, pkg/kstatus/status/core.go), the words are ours.
NOT_OBSERVED = "not-observed"
DELETING = "deleting"
FEWER_PODS = "fewer-pods"
OLD_PODS = "old-pods"
FEWER_UPDATED = "fewer-updated"
FEWER_AVAILABLE = "fewer-available"
FEWER_READY = "fewer-ready"
NOT_CONFIRMED = "not-confirmed"


def count(done: int, of: int, what: str) -> str:
    """`2 of 3 pods updated`."""
    return f"{done} of {of} {'pod' if of == 1 else 'pods'} {what}"
