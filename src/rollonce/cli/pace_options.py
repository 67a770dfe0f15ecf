"""The options that say how the workloads of a run follow each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from rollonce.app.pacing import Pacing
from rollonce.errors import MissingArguments
from rollonce.model import wave

_Command = TypeVar("_Command", bound=Callable[..., Any])


def options(command: _Command) -> _Command:
    """Decorator: waves, concurrency, the budget of pods, and whether a failure stops."""
    for option in (
        click.option("--keep-going", is_flag=True, help="Go on with the next ones after a rollout that failed."),
        click.option(
            "--pods-per-second",
            type=click.FloatRange(min=0, min_open=True, max=1e6),
            metavar="NUMBER",
            help="Begin to replace at most so many pods a second, on average.",
        ),
        click.option(
            "--concurrency",
            type=click.IntRange(min=1, max=1_000_000),
            metavar="NUMBER",
            help="Roll at most so many workloads at a time; else all at once.",
        ),
        click.option(
            "--wave",
            "waves",
            multiple=True,
            metavar="WAVE",
            help="Roll these first, and the others only if that went well: deployment/x,deployment/y, or labels such "
            "as track=canary, or a number, or a share such as 10%. Several times for several waves.",
        ),
    ):
        command = option(command)
    return command


def pacing(
    asked: Mapping[str, Any], *, wait: bool, act: str, waves: tuple[str, ...] = (), concurrency: int | None = None
) -> Pacing:
    """What they come to, where the fleet file's `waves` and `concurrency` hold unless the command line says others.

    Raises MissingArguments where they make no sense together, and what `wave.parse` raises.
    """
    texts = asked["waves"] or waves
    found = Pacing(
        tuple(wave.parse(text, act=act) for text in texts),
        asked["concurrency"] or concurrency,
        asked["pods_per_second"],
        asked["keep_going"],
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
