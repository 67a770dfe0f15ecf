"""What a fleet file says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rollonce.fleetfile.mark import Said
from rollonce.model.reference import Named


@dataclass(frozen=True, slots=True)
class Policy:
    """How a run behaves; None where nothing is said. `timeout` in seconds, 0 without a bound."""

    wait: Said[bool] | None = None
    timeout: Said[float] | None = None
    strict: Said[bool] | None = None
    may_force: Said[tuple[str, ...]] | None = None
    waves: Said[tuple[str, ...]] | None = None
    concurrency: Said[int] | None = None

    def over(self, other: Policy) -> Policy:
        """This one, and where it says nothing the other one."""
        return Policy(
            self.wait or other.wait,
            self.timeout or other.timeout,
            self.strict or other.strict,
            self.may_force or other.may_force,
            self.waves or other.waves,
            self.concurrency or other.concurrency,
        )


@dataclass(frozen=True, slots=True)
class Environment:
    """One place where the fleet runs; without namespaces in that of the context."""

    name: Said[str]
    context: Said[str] | None
    namespaces: tuple[Said[str], ...]
    selector: Said[str] | None
    policy: Policy


@dataclass(frozen=True, slots=True)
class Listed:
    """The workloads are named."""

    names: tuple[Said[Named], ...]


@dataclass(frozen=True, slots=True)
class Chosen:
    """The workloads are all of some kinds (singular), or those that a selector takes."""

    kinds: tuple[Said[str], ...]
    selector: Said[str] | None


Workloads = Listed | Chosen


@dataclass(frozen=True, slots=True)
class Template:
    """The image of a container, in one workload or, with None, in every one; it may hold `{build}`.

    That no workload has an `optional` container is no typo.
    """

    container: str
    image: Said[str]
    workload: Named | None = None
    optional: bool = False


@dataclass(frozen=True, slots=True)
class FleetFile:
    """A whole file; no two of its templates contradict each other."""

    source: str
    environments: Mapping[str, Environment]
    workloads: Workloads
    templates: tuple[Template, ...]
    policy: Policy
