"""Stops, starts and freezes single components, for tests of what a failure does."""

from __future__ import annotations

import socket
from enum import StrEnum

from tests.controlplane.description import ControlPlane, NeedsBuiltControlPlane


class Act(StrEnum):
    """`STOP` kills; `RESTART` kills and starts; `PAUSE` freezes a process as it is, until `RESUME`."""

    STOP = "stop"
    START = "start"
    RESTART = "restart"
    PAUSE = "pause"
    RESUME = "resume"


def send(plane: ControlPlane, act: Act, component: str) -> None:
    """Acts on one of `components.NAMES`; returns when the process is dead or born, not when it works again.

    The whole test run shares the control plane: put back what was stopped, and do so where tests run in parallel only
    if the others can bear it. Raises ValueError for what cannot be done, NeedsBuiltControlPlane elsewhere.
    """
    if plane.control is None:
        raise NeedsBuiltControlPlane(f"{act} {component}")
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(15)
        connection.connect(str(plane.control))
        connection.sendall(f"{act} {component}\n".encode())
        answer = connection.recv(1000).decode()
    if answer != "ok":
        raise ValueError(answer)
