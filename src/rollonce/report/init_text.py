"""What `init` says when it has written a file."""

from __future__ import annotations

from rollonce.app.fleetfiles import NAME
from rollonce.fleetfile.drafting import Draft


def lines(draft: Draft, path: str, environment: str) -> list[str]:
    """What was found, and what comes next."""
    of = f"{draft.workloads} workload{'' if draft.workloads == 1 else 's'}"
    left = f", {draft.left_out} left out because others manage them" if draft.left_out else ""
    build = f" --build {draft.build}" if draft.build else ""
    fleet = "" if path == NAME else f" --fleet {path}"
    guess = f"taken for the build: {draft.build}" if draft.build else "no tag looks like that of a build"
    return [
        f"{path} written: {of}{left}; {guess}",
        f"next: read it, then try: rollonce converge --env {environment}{fleet}{build} --dry-run",
    ]
