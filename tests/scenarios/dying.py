"""`python -m tests.scenarios.dying NUMBER MOMENT ARGUMENT...`: a process of ours that is killed at its n-th request.

`before` it is sent, when it is `sent` and nothing of the answer has been read, or `after` its answer.
"""

from __future__ import annotations

import http.client
import os
import signal
import sys
import threading
from typing import Any
from unittest import mock

from rollonce.cli.program import run
from rollonce.cluster import authorized
from rollonce.wire import Request
from tests.scenarios.interposer import Interposer

MOMENTS = ("before", "sent", "after")


def main(arguments: list[str]) -> int:
    """The exit code of a run that was not killed."""
    number, moment = int(arguments[0]), arguments[1]
    reached = threading.local()

    def before(n: int, _request: Request) -> None:
        reached.yes = n == number
        if moment == "before" and n == number:
            _die()

    def after(n: int, _request: Request) -> None:
        if moment == "after" and n == number:
            _die()

    answering = http.client.HTTPConnection.getresponse

    def getresponse(connection: http.client.HTTPConnection, *more: Any, **options: Any) -> Any:
        if moment == "sent" and getattr(reached, "yes", False):
            _die()
        return answering(connection, *more, **options)

    opened, interposer = authorized.open_wire, Interposer(before=before, after=after)
    with (
        mock.patch.object(http.client.HTTPConnection, "getresponse", getresponse),
        mock.patch.object(authorized, "open_wire", lambda *a, **k: interposer.around(opened(*a, **k))),
    ):
        return run(arguments[2:])


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
