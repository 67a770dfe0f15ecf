"""A pytest plugin: `pytest_plugins = ["tests.controlplane.fixtures"]` in the root conftest.

Tests that use it are marked `cluster`. With pytest-xdist all workers share one control plane. ROLLONCE_TEST_KUBECONFIG
names another cluster to run against; what only the built control plane has is then reported as not run.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.controlplane import sharing
from tests.controlplane.audit import Audit
from tests.controlplane.description import ControlPlane, NeedsBuiltControlPlane
from tests.controlplane.kubectl import Kubectl

_OWNER = pytest.StashKey[sharing.Owner]()
_ADDRESS = "rollonce_controlplane"
# A label of DNS, less the random end.
_LONGEST_NAME = 63 - 7


def pytest_configure(config: pytest.Config) -> None:
    """Registers the marker; the controlling process becomes the owner of the control plane."""
    config.addinivalue_line("markers", "cluster: needs the real control plane")
    if hasattr(config, "workerinput"):
        return

    def report(line: str) -> None:
        # The terminal reporter writes past the capture of output.
        reporter = config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None:
            reporter.ensure_newline()
            reporter.write_line(f"control plane: {line}")
            reporter.flush()

    config.stash[_OWNER] = sharing.Owner(report)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tells each xdist worker where to ask."""
    node.workerinput[_ADDRESS] = node.config.stash[_OWNER].offer()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Ends the control plane with the run."""
    owner = config.stash.get(_OWNER, None)
    if owner is not None:
        owner.close()


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call() -> Generator[None, object, object]:
    """Reports what another cluster cannot give as not run."""
    try:
        return (yield)
    except NeedsBuiltControlPlane as lack:
        pytest.skip(f"not run: needs the built control plane ({lack})")


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup() -> Generator[None, object, object]:
    """The same for fixtures."""
    try:
        return (yield)
    except NeedsBuiltControlPlane as lack:
        pytest.skip(f"not run: needs the built control plane ({lack})")


@pytest.fixture(scope="session")
def control_plane(request: pytest.FixtureRequest) -> ControlPlane:
    """The control plane of this run; built and started when the first test asks."""
    given = sharing.foreign()
    if given is not None:
        return given
    worker = getattr(request.config, "workerinput", None)
    return sharing.ask(worker[_ADDRESS]) if worker is not None else request.config.stash[_OWNER].get()


@pytest.fixture(scope="session")
def kubectl_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home directory for kubectl: its discovery cache is worth keeping between tests, but not in the user's home."""
    return tmp_path_factory.mktemp("kubectl")


@pytest.fixture
def namespace(control_plane: ControlPlane, kubectl_home: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """A fresh namespace, named after the test; its deletion, and that of its volumes, is not waited for."""
    readable = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower().removeprefix("test_"))[:_LONGEST_NAME].strip("-")
    name = f"{readable}-{uuid.uuid4().hex[:6]}"
    admin = Kubectl(control_plane, kubectl_home)
    admin("create", "namespace", name)
    yield name
    admin("delete", "namespace", name, "--wait=false")
    admin("delete", "persistentvolume", "--selector", f"rollonce.test/namespace={name}", "--wait=false")


@pytest.fixture
def kubectl(control_plane: ControlPlane, kubectl_home: Path, request: pytest.FixtureRequest) -> Kubectl:
    """kubectl, in the test's namespace where the test uses that fixture."""
    own = request.getfixturevalue("namespace") if "namespace" in request.fixturenames else None
    return Kubectl(control_plane, kubectl_home, own)


@pytest.fixture(scope="session")
def audit(control_plane: ControlPlane) -> Audit:
    """The audit log of the built control plane."""
    if control_plane.audit_log is None:
        raise NeedsBuiltControlPlane("audit log")
    return Audit(control_plane, control_plane.audit_log)
