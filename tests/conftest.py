"""What every test shares: reproducible property tests, and the control plane's fixtures."""

from __future__ import annotations

import os
import signal

import pytest
from hypothesis import settings

pytest_plugins = ["tests.controlplane.fixtures"]

# A red test is red for everybody: the same examples each time, and nothing remembered on one machine.
settings.register_profile("default", derandomize=True, deadline=None, database=None)
settings.register_profile("fresh", derandomize=False, deadline=None, database=None, print_blob=True)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Prepare a run: signals, and the examples of property tests.

    A process that a shell started in the background ignores SIGINT, and so would every process that
    tests start and interrupt.

    ROLLONCE_SEED=<number> is the same as --hypothesis-seed=<number>: other examples, still repeatable.

    It must run before hypothesis' own hook, which reads the option.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if config.option.hypothesis_seed is None:
        config.option.hypothesis_seed = os.environ.get("ROLLONCE_SEED") or None
    settings.load_profile("default" if config.option.hypothesis_seed is None else "fresh")


def pytest_report_header(config: pytest.Config) -> str:
    seed = config.option.hypothesis_seed
    return "property tests: fixed examples" if seed is None else f"property tests: ROLLONCE_SEED={seed}"
