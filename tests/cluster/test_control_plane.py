"""The client against the real API server: pages, changes, patches, missing rights, a compacted history."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from itertools import islice
from pathlib import Path

import pytest

from rollonce.cluster import authorized, kubeconfig
from rollonce.cluster.client import Client
from rollonce.cluster.clock import SystemClock
from rollonce.cluster.fanout import Inbox, ThreadFanOut
from rollonce.cluster.feed import Changed, WatchEvent
from rollonce.errors import AccessError, ApiRefusal, Forbidden, Unauthorized
from rollonce.model.kind import Resource
from rollonce.wire import Request, Wire
from tests.controlplane.description import ControlPlane

pytestmark = pytest.mark.cluster

CONFIG_MAPS = Resource("", "v1", "configmaps")
SIZE = 1_200


def connected(path: Path, tmp_path: Path) -> tuple[Wire, Client]:
    access = kubeconfig.load({}, kubeconfig=str(path), context=None, home=tmp_path)
    wire = authorized.open_wire(access, clock=SystemClock(), connections=16, environment={})
    return wire, Client(wire, SystemClock())


def create(wire: Wire, namespace: str, name: str) -> int:
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"k": "0"}}
    path, headers = CONFIG_MAPS.path(namespace), (("content-type", "application/json"),)
    return wire.send(Request("POST", path, (), headers, json.dumps(body).encode()), timeout=30).status


def name_of(item: bytes) -> str:
    return str(json.loads(item)["metadata"]["name"])


def _never(error: AccessError) -> WatchEvent:
    raise AssertionError(error)


def test_a_fleet_is_listed_patched_and_followed(control_plane: ControlPlane, namespace: str, tmp_path: Path) -> None:
    """Every object is listed once, and every patch is seen once, whatever thread sent it."""
    wire, client = connected(control_plane.kubeconfig("admin"), tmp_path)
    names = [f"c{number:04}" for number in range(SIZE)]
    with ThreadFanOut(16) as fanout:
        assert set(fanout.gather([partial(create, wire, namespace, name) for name in names])) == {201}
        listing = client.list(CONFIG_MAPS, namespace, limit=500)
        assert set(names) <= set(map(name_of, listing.items))
        light = client.list(CONFIG_MAPS, namespace, names_only=True)
        assert sorted(map(name_of, light.items)) == sorted(map(name_of, listing.items))
        assert "data" not in json.loads(light.items[0])

        inbox: Inbox[WatchEvent] = fanout.inbox()
        watch = client.watch(CONFIG_MAPS, namespace, resource_version=listing.resource_version)
        inbox.follow(watch, lambda event: event, _never)
        operations = b'[{"op":"test","path":"/data/k","value":"0"},{"op":"replace","path":"/data/k","value":"1"}]'
        patch: Callable[[str], bytes] = lambda name: client.patch(CONFIG_MAPS, namespace, name, operations)  # noqa: E731
        fanout.gather([partial(patch, name) for name in names])
        seen = [inbox.take(30) for _ in names]
        assert sorted(name_of(event.object) for event in seen if isinstance(event, Changed)) == names
        inbox.close()


def test_a_watch_of_one_object_starts_where_it_is_told(
    control_plane: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    wire, client = connected(control_plane.kubeconfig("admin"), tmp_path)
    before = client.list(CONFIG_MAPS, namespace).resource_version
    for name in ("other", "mine"):
        create(wire, namespace, name)
    watch = client.watch(CONFIG_MAPS, namespace, name="mine", resource_version=before)
    (event,) = islice(watch.events(), 1)
    watch.close()
    assert isinstance(event, Changed)
    assert name_of(event.object) == "mine"


def test_what_is_missing_is_named(control_plane: ControlPlane, namespace: str, tmp_path: Path) -> None:
    _, nobody = connected(control_plane.kubeconfig("nobody"), tmp_path)
    with pytest.raises(Forbidden, match='cannot list resource "configmaps"'):
        nobody.list(CONFIG_MAPS, namespace)
    with pytest.raises(Forbidden, match='cannot watch resource "configmaps"'):
        nobody.watch(CONFIG_MAPS, namespace, resource_version="1")
    assert not nobody.may("patch", CONFIG_MAPS, namespace).allowed
    _, admin = connected(control_plane.kubeconfig("admin"), tmp_path)
    assert admin.may("patch", CONFIG_MAPS, namespace).allowed
    with pytest.raises(ApiRefusal) as caught:
        admin.get(CONFIG_MAPS, namespace, "nowhere")
    assert (caught.value.status, caught.value.reason) == (404, "NotFound")


def test_a_token_that_nobody_knows(control_plane: ControlPlane, namespace: str, tmp_path: Path) -> None:
    known = control_plane.kubeconfig("admin").read_text()
    token = known.partition("token: ")[2].split()[0]
    (tmp_path / "config").write_text(known.replace(token, "unknown"))
    _, stranger = connected(tmp_path / "config", tmp_path)
    with pytest.raises(Unauthorized):
        stranger.list(CONFIG_MAPS, namespace)
