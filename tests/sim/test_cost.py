"""What one request costs does not grow with what else is stored: calls are counted, not seconds."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from rollonce.sim.store import Collection, Key
from tests.sim.api.asking import DEPLOYMENTS, Asking, deployment


def _calls(act: Callable[[], Any]) -> int:
    """How many functions are called, those of C included."""
    count = 0

    def note(frame: FrameType, event: str, arg: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        act()
    finally:
        sys.setprofile(before)
    return count


def _filled(size: int) -> Asking:
    """A cluster of so many ConfigMaps, in a hundred namespaces, with a watch on each namespace."""
    api = Asking()
    kernel = api.cluster.kernel
    for number in range(size):
        key = Key("", "configmaps", f"space-{number % 100}", f"conf-{number}")
        kernel.create(key, {"metadata": {}, "data": {"a": "b"}}, manager="test")
    for number in range(0, size, 10):
        made = deployment(f"w{number}")
        kernel.create(Key("apps", "deployments", f"space-{number % 100}", f"w{number}"), made, manager="test")
    api.create(deployment("ceo", agent="a:1"))
    return api


REQUESTS: dict[str, Callable[[Asking], object]] = {
    "create": lambda api: api.ask("POST", DEPLOYMENTS, deployment("new")),
    "patch": lambda api: api.patch("ceo", {"metadata": {"labels": {"x": "y"}}}, "merge"),
    "apply": lambda api: api.patch("ceo", deployment("ceo", agent="a:1"), "apply", fieldManager="one"),
    "get": lambda api: api.ask("GET", f"{DEPLOYMENTS}/ceo"),
    "list": lambda api: api.ask("GET", DEPLOYMENTS),
    "delete": lambda api: api.ask("DELETE", f"{DEPLOYMENTS}/ceo"),
    "watch": lambda api: api.watch(resourceVersion="0"),
}


@pytest.mark.parametrize("act", REQUESTS)
def test_a_request_costs_the_same_among_a_hundred_and_ten_thousand_objects(act: str) -> None:
    few, many = _filled(100), _filled(10_000)
    REQUESTS[act](_filled(1))  # what is made once is made
    assert _calls(lambda: REQUESTS[act](many)) <= 1.1 * _calls(lambda: REQUESTS[act](few)) + 5


def test_a_change_reaches_only_the_watches_of_its_place() -> None:
    api = _filled(1)

    def touch() -> object:
        return api.patch("ceo", {"metadata": {"annotations": {"n": str(api.cluster.kernel.store.version)}}}, "merge")

    touch()
    before = _calls(touch)
    for number in range(1_000):
        path = f"/apis/apps/v1/namespaces/other-{number}/deployments"
        api.watch_at(path, timeoutSeconds="600")
    assert _calls(touch) <= before + 5
    assert _calls(api.cluster.next_due) < 50


def test_the_log_is_bounded_and_what_is_compacted_away_is_gone() -> None:
    api = _filled(1)
    store = api.cluster.kernel.store
    begun = store.version
    _, page = api.ask("GET", "/api/v1/configmaps", limit="1")
    key = Key("", "configmaps", "default", "busy")
    for number in range(20_100):
        store.put(key, {"metadata": {"name": "busy", "namespace": "default", "uid": "u"}, "data": {"n": str(number)}})
    assert len(list(store.since(0))) <= 20_000
    watch = api.watch(resourceVersion=str(begun))
    assert watch.closed
    assert b'"code":410' in watch.take()
    token = page["metadata"]["continue"]
    code, said = api.ask("GET", "/api/v1/configmaps", limit="1", **{"continue": token})
    assert (code, said["reason"]) == (410, "Expired")
    code, said = api.ask("GET", DEPLOYMENTS, resourceVersion=str(begun), resourceVersionMatch="Exact")
    assert (code, said["reason"]) == (410, "Expired")


def test_a_write_shares_what_it_does_not_change() -> None:
    api = _filled(1)
    store, key = api.cluster.kernel.store, Key(*Collection("apps", "deployments"), "default", "ceo")
    before = store.get(key)
    api.patch("ceo", {"metadata": {"labels": {"x": "y"}}}, "merge")
    after = store.get(key)
    assert before is not None
    assert after is not None
    assert after["spec"]["selector"] is before["spec"]["selector"]
