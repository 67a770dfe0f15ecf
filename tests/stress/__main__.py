"""`python -m tests.stress` runs every suite, `python -m tests.stress NAME [options]` one."""

from __future__ import annotations

import sys
from collections.abc import Callable

from tests.stress import controllers

# A suite takes its options, and returns an exit code.
SUITES: dict[str, Callable[[list[str]], int]] = {"controllers": controllers.main}


def main(arguments: list[str]) -> int:
    """0 where every suite passed."""
    name, *options = arguments or [""]
    if name and name not in SUITES:
        print(f"error: no suite {name!r}; there are: {', '.join(SUITES)}", file=sys.stderr)
        return 2
    return max(suite(options) for known, suite in SUITES.items() if name in ("", known))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
