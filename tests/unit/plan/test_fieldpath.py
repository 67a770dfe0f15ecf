"""Fields by the words of the server's conflicts."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import assume, given

from rollonce.model.kind import Kind
from rollonce.plan import fieldpath
from rollonce.sim.api import fieldsets as server
from tests.unit import strategies
from tests.unit.strategies import Object


@given(strategies.rich_objects((Kind.DEPLOYMENT,)))
def test_every_field_is_found_by_the_words_that_the_server_has_for_it(thing: Object) -> None:
    """Found, and the same as by its path, step by step. A variable twice is nothing that an apply may have."""
    spec = strategies.pod_spec(thing)
    for container in (*spec["containers"], *spec.get("initContainers", ())):
        names = [entry["name"] for entry in container.get("env", ())]
        assume(len(names) == len(set(names)))
    for path in server.collect(thing, "Deployment"):
        there, value = fieldpath.find(thing, server.shown(path))
        assert there, server.shown(path)
        assert value == _by_steps(thing, path)


def _by_steps(document: Any, path: tuple[str, ...]) -> Any:
    for step in path:
        form, _, name = step.partition(":")
        document = document[name] if form == "f" else next(item for item in document if _is(item, form, name))
    return document


def _is(item: Any, form: str, name: str) -> bool:
    wanted = json.loads(name)
    if form == "v":
        return bool(item == wanted)
    return all(item.get(key, "TCP" if key == "protocol" else None) == value for key, value in wanted.items())


@pytest.mark.parametrize(
    ("pattern", "field", "meant"),
    [
        ("spec.replicas", ".spec.replicas", True),
        (".spec.replicas", ".spec.replicas", True),
        ("spec", ".spec.replicas", False),
        ("spec.replicas", ".spec.replicasX", False),
        ("specXreplicas", ".spec.replicas", False),
        ("containers[*].image", '.containers[name="agent"].image', True),
        ("containers[*].image", '.containers[name="agent"].ports[containerPort=1,protocol="TCP"].image', False),
        ("containers[*].ports[*].name", '.containers[name="a"].ports[containerPort=1,protocol="TCP"].name', True),
        ('containers[name="agent"].image', '.containers[name="agent"].image', True),
        ('containers[name="agent"].image', '.containers[name="other"].image', False),
        ("metadata.labels.app.kubernetes.io/name", ".metadata.labels.app.kubernetes.io/name", True),
        ("metadata.*", ".metadata.labels", False),
    ],
)
def test_a_pattern_means_a_field_and_no_other(pattern: str, field: str, meant: bool) -> None:
    """A leading dot may be left out; `[*]` is one element of one list."""
    assert fieldpath.matches(pattern, field) is meant


@pytest.mark.parametrize(
    ("field", "name"),
    [
        ('.spec.containers[name="agent"].env[name="TOKEN"].value', "TOKEN"),
        ('.spec.containers[name="agent"].image', "image"),
        (".data.PASSWORD", "PASSWORD"),
    ],
)
def test_the_name_that_tells_of_a_credential(field: str, name: str) -> None:
    assert fieldpath.owner_name(field) == name


def test_what_is_not_there_is_not_found() -> None:
    thing = {"spec": {"list": [{"name": "a"}], "set": ["x"], "n": 1}}
    for field in (".spec.nothing", '.spec.list[name="b"]', ".spec.list[3]", '.spec.set[="y"]', ".spec.n.x", "[0]"):
        assert fieldpath.find(thing, field) == (False, None)
    assert fieldpath.find(thing, ".spec.list[0].name") == (True, "a")
    assert fieldpath.find(thing, '.spec.set[="x"]') == (True, "x")
