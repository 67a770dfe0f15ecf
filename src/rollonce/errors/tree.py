"""The root of the tree, and how its members are found."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from rollonce.errors.exitcode import ExitCode


class RollonceError(Exception):
    """What every expected failure is; anything else that escapes is a defect of ours.

    `fact` is what is the case, `act` what was being done and to what, `hint` the way out.
    """

    slug: ClassVar[str] = ""
    exit_code: ClassVar[ExitCode] = ExitCode.FAILED

    def __init__(self, fact: str, *, act: str = "", hint: str = "") -> None:
        super().__init__(fact)
        self.fact = fact
        self.act = act
        self.hint = hint

    def doing(self, act: str) -> RollonceError:
        """The same error with `act` filled in where the raiser did not know it; returns self."""
        if not self.act:
            self.act = act
        return self


def catalogue(root: type[RollonceError] = RollonceError) -> Iterator[type[RollonceError]]:
    """Every error class that has a slug of its own, depth first."""
    if root.__dict__.get("slug"):
        yield root
    for child in root.__subclasses__():
        yield from catalogue(child)
