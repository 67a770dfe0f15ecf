"""`python -m tests.controlplane build` builds the binaries; `... up` starts a control plane until Ctrl-C."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from types import FrameType

from tests.controlplane import build
from tests.controlplane.starting import Running
from tests.controlplane.supervisor import StartFailed


def main() -> int:
    """Returns the exit code: 0, or 1 with the reason on stderr."""
    parser = argparse.ArgumentParser(prog="python -m tests.controlplane", description=__doc__)
    parser.add_argument("command", choices=["build", "up"])
    command = parser.parse_args().command
    try:
        binaries = build.ensure()
        if command == "build":
            print(binaries)
            return 0
        return up(Running(binaries))
    except (build.BuildFailed, StartFailed) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0


def up(running: Running) -> int:
    """Shows where the control plane is and waits."""

    def on_signal(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGHUP, on_signal)
    with running:
        plane = running.plane
        print(f"export KUBECONFIG={plane.kubeconfig('admin')}", flush=True)
        help_lines = [
            f"server      {plane.server}",
            f"kubectl     {plane.kubectl}",
            f"users       {', '.join(sorted(plane.kubeconfigs))} (each has a file beside that of admin)",
            f"audit log   {plane.audit_log}",
            "Ctrl-C ends it and removes everything.",
        ]
        print("\n".join(help_lines), file=sys.stderr, flush=True)
        while True:
            time.sleep(3600)


if __name__ == "__main__":
    sys.exit(main())
