"""The options of every command that rolls: whether it does, how it waits, the order of workloads, the report."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import click

from rollonce.app.pacing import Pacing
from rollonce.cli.duration import Duration
from rollonce.errors import MissingArguments
from rollonce.model import wave

_Command = TypeVar("_Command", bound=Callable[..., Any])
_DEFAULT_TIMEOUT = "10m"


@dataclass(frozen=True, slots=True)
class Run:
    """The values of `options`; `timeout` in seconds, 0 without a bound."""

    dry_run: bool
    tell_pending: bool
    wait: bool
    timeout: float
    waves: tuple[str, ...]
    concurrency: int | None
    pods_per_second: float | None
    keep_going: bool
    output: str

    @classmethod
    def taken_from(cls, asked: dict[str, object]) -> Run:
        """Those among the values of a command, from which they are taken away."""
        return cls(**{field.name: asked.pop(field.name) for field in dataclasses.fields(cls)})  # type: ignore[arg-type]

    def check(self, *, act: str) -> None:
        """Raises MissingArguments where pending changes are to be told after a run."""
        if self.tell_pending and not self.dry_run:
            raise MissingArguments(
                "--exit-code tells of pending changes, and there are none after a run",
                act=act,
                hint="give it together with --dry-run",
            )

    def pacing(self, *, wait: bool, act: str, waves: tuple[str, ...] = (), concurrency: int | None = None) -> Pacing:
        """How workloads follow each other; the fleet file's `waves` and `concurrency` hold unless others are given.

        Raises MissingArguments where they make no sense together, and what `wave.parse` raises.
        """
        found = Pacing(
            tuple(wave.parse(text, act=act) for text in self.waves or waves),
            self.concurrency or concurrency,
            self.pods_per_second,
            self.keep_going,
        )
        if found.keep_going and found == Pacing(keep_going=True):
            raise MissingArguments(
                "--keep-going is for waves and a concurrency, and all workloads roll at once",
                act=act,
                hint="leave it out, or give --wave or --concurrency as well",
            )
        if not wait and (found.waves or found.concurrency):
            raise MissingArguments(
                "waves and a concurrency need to know how the rollouts end, and they are not waited for",
                act=act,
                hint="leave --no-wait out, or give neither --wave nor --concurrency",
            )
        return found


def options(command: _Command) -> _Command:
    """Decorator: all of them."""
    for option in reversed(
        (
            click.option("--dry-run", is_flag=True, help="Show the plan and stop; nothing is written."),
            click.option(
                "--exit-code",
                "tell_pending",
                is_flag=True,
                help="With --dry-run: exit with 5 where changes are pending.",
            ),
            click.option("--wait/--no-wait", default=True, help="Wait for the rollouts (default), or only send."),
            click.option(
                "--timeout",
                type=Duration(),
                default=_DEFAULT_TIMEOUT,
                show_default=True,
                metavar="DURATION",
                help="How long to wait for the rollouts in all; 0 means without a bound.",
            ),
            click.option(
                "--wave",
                "waves",
                multiple=True,
                metavar="WAVE",
                help="Roll these first, and the others only if that went well: deployment/x,deployment/y, or labels "
                "such as track=canary, or a number, or a share such as 10%. Several times for several waves.",
            ),
            click.option(
                "--concurrency",
                type=click.IntRange(min=1, max=1_000_000),
                metavar="NUMBER",
                help="Roll at most so many workloads at a time; else all at once.",
            ),
            click.option(
                "--pods-per-second",
                type=click.FloatRange(min=0, min_open=True, max=1e6),
                metavar="NUMBER",
                help="Begin to replace at most so many pods a second, on average.",
            ),
            click.option("--keep-going", is_flag=True, help="Go on with the next ones after a rollout that failed."),
            click.option(
                "-o",
                "--output",
                type=click.Choice(["text", "json", "jsonl"]),
                default="text",
                show_default=True,
                help="Form of the report.",
            ),
        )
    ):
        command = option(command)
    return command
