"""A draft says what was seen, and reads back as just that."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollonce.fleetfile import drafting, reading, resolve
from rollonce.fleetfile.drafting import Draft, Place
from rollonce.model import image
from rollonce.model.workload import Workload
from rollonce.plan.desired import Desired
from tests.unit.builders import key, wanted_images, workload

CEO = "agent=r/agent:4f2c-1186 git-sync=r/git-sync:4f2c-1186 proxy=mesh/proxy:1.22"
CSO = "agent=r/agent-science:4f2c-1186 git-sync=r/git-sync:4f2c-1186 cai-runtime=r/cai:4f2c-1186-gpu"


def drafted(*fleet: Workload, place: Place | None = None) -> Draft:
    return drafting.draft(fleet, {}, place or Place("production", "prod", ("agents",)))


def wanted(draft: Draft, build: str) -> Desired:
    run = resolve.run(reading.read(draft.text.encode(), "draft"), "production", build, act="test")
    return Desired.of(run.edits, act="test")


def test_the_storys_fleet() -> None:
    left_out = {key("deployment/api"): "Argo CD manages it"}
    fleet = [workload("deployment/ceo", CEO), workload("deployment/coo", CEO), workload("deployment/cso", CSO)]
    found = drafting.draft(fleet, left_out, Place("production", "", ("agents",)))
    assert (found.build, found.workloads, found.left_out) == ("4f2c-1186", 3, 1)
    assert (
        found.text
        == """\
# What a deploy wants of this fleet, the same in every environment.
# rollonce converge --env production --build BUILD
version: 1

environments:
  production:
    # context: NAME # else the current one
    namespace: agents
  # Another environment differs in its place, and in nothing that is deployed:
  # staging:
  #   context: NAME
  #   namespace: NAME

# One that an environment lacks is skipped there.
workloads:
  - deployment/ceo
  - deployment/coo
  - deployment/cso
  # - deployment/api: Argo CD manages it

# {build} is what --build gives. Here it stood for 4f2c-1186.
images:
  agent: r/agent:{build}
  git-sync: r/git-sync:{build}
  # Not of the build, so nothing is wanted of them:
  # proxy: mesh/proxy:1.22

# Bundled with some workloads; that an environment has none of them is no typo.
sidecars:
  cai-runtime: r/cai:{build}-gpu

# Workloads with images of their own.
overrides:
  deployment/cso:
    agent: r/agent-science:{build}

policy:
  timeout: 10m
  # Without this key the command line may force everything; an environment may have a policy of its own.
  # mayForce: []
"""
    )


def test_without_a_tag_of_a_build_every_image_is_there_as_it_is() -> None:
    found = drafted(workload(images="web=nginx proxy=r/p:latest"))
    assert found.build == ""
    assert "images:\n  proxy: r/p:latest\n  web: nginx\n" in found.text
    live = workload("deployment/ceo", "web=z proxy=z")
    assert wanted_images(live, wanted(found, "")) == {"web": "nginx", "proxy": "r/p:latest"}


@pytest.mark.parametrize("name", ["on", "null", "12", "1e3", "y", "07", "no"])
def test_names_that_yaml_takes_for_something_else_are_quoted(name: str) -> None:
    found = drafted(workload(images=f"{name}=r/a:b11"), place=Place("production", name, (name,)))
    file = reading.read(found.text.encode(), "draft")
    environment = file.environments["production"]
    assert environment.context is not None
    assert (environment.context.value, environment.namespaces[0].value) == (name, name)
    assert file.templates[0].container == name


def test_an_environment_of_which_nothing_is_known_is_read_as_well() -> None:
    found = drafted(workload(namespace=""), place=Place("production"))
    assert reading.read(found.text.encode(), "draft").environments["production"].namespaces == ()


_IMAGES = st.tuples(
    st.sampled_from(["r/agent", "r/git-sync", "localhost:5000/x/y", "busybox"]),
    st.sampled_from(["", ":latest", ":b77", ":b78", ":b77-gpu", ":x-b77-b77", ":b77@sha256:" + "0" * 64]),
).map("".join)
_CONTAINERS = st.dictionaries(st.sampled_from(["agent", "git-sync", "cai", "on"]), _IMAGES, min_size=1)
_FLEETS = st.dictionaries(st.sampled_from(["ceo", "cso", "cto", "a.b"]), _CONTAINERS, min_size=1)


@given(_FLEETS)
def test_read_with_the_build_that_was_seen_a_draft_changes_nothing(fleet: dict[str, dict[str, str]]) -> None:
    """And every container whose image has the build is wanted."""
    live = [
        workload(f"deployment/{name}", " ".join(f"{c}={i}" for c, i in containers.items()))
        for name, containers in fleet.items()
    ]
    found = drafted(*live)
    desired = wanted(found, found.build)
    for one in live:
        images = wanted_images(one, desired)
        for container in one.containers:
            chosen = images.get(container.name)
            assert chosen in (None, container.image)
            parts = image.split(container.image)
            assert parts is not None
            assert chosen is not None or (found.build and (found.build not in parts.tag or parts.digest))
