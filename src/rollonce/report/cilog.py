"""The log of a CI system: groups that can be folded, and annotations of what went wrong.

GitHub: https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
GitLab: https://docs.gitlab.com/ci/jobs/job_logs/#custom-collapsible-sections
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

# GitHub shows ten annotations of a step.
MOST_ANNOTATIONS = 10


class Log(Protocol):
    """How a log is marked up, in lines of their own."""

    def begin(self, name: str, title: str) -> list[str]:
        """A group begins; `name` is a word."""
        ...

    def end(self, name: str) -> list[str]:
        """It ends."""
        ...

    def errors(self, problems: Iterable[tuple[str, str]]) -> list[str]:
        """Annotations, each of a title and a text."""
        ...


class Plain:
    """No markup."""

    def begin(self, name: str, title: str) -> list[str]:  # noqa: ARG002 - there are no groups
        """As `Log.begin`."""
        return []

    def end(self, name: str) -> list[str]:  # noqa: ARG002 - there are no groups
        """As `Log.end`."""
        return []

    def errors(self, problems: Iterable[tuple[str, str]]) -> list[str]:  # noqa: ARG002 - nor annotations
        """As `Log.errors`."""
        return []


class GitHub:
    """Workflow commands."""

    def begin(self, name: str, title: str) -> list[str]:  # noqa: ARG002 - groups have no names
        """As `Log.begin`."""
        return [f"::group::{_data(title)}"]

    def end(self, name: str) -> list[str]:  # noqa: ARG002 - groups have no names
        """As `Log.end`."""
        return ["::endgroup::"]

    def errors(self, problems: Iterable[tuple[str, str]]) -> list[str]:
        """As `Log.errors`."""
        shown = list(problems)[:MOST_ANNOTATIONS]
        return [f"::error title={_property(title)}::{_data(text)}" for title, text in shown]


class GitLab:
    """Sections; `now` is the time in seconds since the epoch."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now

    def begin(self, name: str, title: str) -> list[str]:
        """As `Log.begin`."""
        return [f"\x1b[0Ksection_start:{int(self._now())}:rollonce_{name}\r\x1b[0K{title}"]

    def end(self, name: str) -> list[str]:
        """As `Log.end`."""
        return [f"\x1b[0Ksection_end:{int(self._now())}:rollonce_{name}\r\x1b[0K"]

    def errors(self, problems: Iterable[tuple[str, str]]) -> list[str]:  # noqa: ARG002 - it has no annotations
        """As `Log.errors`."""
        return []


def of(environment: Mapping[str, str], now: Callable[[], float]) -> Log:
    """The log that these variables tell of."""
    if environment.get("GITHUB_ACTIONS") == "true":
        return GitHub()
    return GitLab(now) if environment.get("GITLAB_CI") == "true" else Plain()


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
