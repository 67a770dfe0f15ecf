# ruff: noqa: E501
"""Watches and pages: what arrives, in which order, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.controlplane import waiting
from tests.sim.agreement.pair import Pair, Query, Side
from tests.sim.agreement.things import CONFIGMAPS, DEPLOYMENTS, configmap, deployment

pytestmark = pytest.mark.cluster
SELECTORS = (
    "=a", "a=", "a in ()", "a in (b", "a in b", "a in (,)", "a in (b,,c)", "a b", "a,", ",a", "!a=b", "a>b", "a>1", "a<x",
    "a>", "in", "in in (in)", "notin notin (a)", "a==b,c!=d", "a===b", "a=!b", "a=b c", "a in (b c)", "a in (=)", "a/b/c",
    "-a", "a=-b", "!", "!!a", "a!", "a=b=c", "()", "a in (b)c", "a in (-b,c-)", "x.y/z=1", "X/y", " a = b ", "a.b-c_d",
)  # fmt: skip
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
PARTIAL = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io,application/json"
MINE = {"fieldSelector": "metadata.name!=kube-root-ca.crt"}


def _events(answer: Any) -> Any:
    """All of a stream, less the bookmarks that come by the clock."""
    events = answer if isinstance(answer, list) else [answer]
    return [each for each in events if each.get("type") != "BOOKMARK" or _annotated(each)]


def _annotated(event: Any) -> bool:
    return "annotations" in event["object"]["metadata"]


def _unsigned(answer: Any) -> Any:
    """Without what a certificate authority signs."""
    if "items" in answer:
        return {**answer, "items": [{**each, "data": None} for each in answer["items"]]}
    return answer


class Watched:
    """The version of both sides at one moment, and watches from there."""

    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        # A controller of the real one writes it into each new namespace, sooner or later.
        there = lambda: pair.live(pair.real, f"{CONFIGMAPS}/kube-root-ca.crt").get("kind") != "Status"  # noqa: E731
        waiting.until(there, "kube-root-ca.crt in the new namespace")
        self.begun = {id(side): self._version(side) for side in (pair.real, pair.simulated)}

    def _version(self, side: Side) -> str:
        return str(self.pair.live(side, CONFIGMAPS)["metadata"]["resourceVersion"])

    def since(self, **more: str) -> Callable[[Side], Query]:
        """A query that begins there."""
        return lambda side: {"resourceVersion": self.begun[id(side)], **more}

    def see(self, path: str = CONFIGMAPS, *, accept: str = "", **more: str) -> Any:
        """What a watch of a second shows from there on."""
        query = self.since(watch="true", timeoutSeconds="1", **more)
        return self.pair.ask("GET", path, query=query, accept=accept, see=_events)[1]


def _label(pair: Pair, name: str, value: str | None) -> None:
    pair.ask("PATCH", f"{CONFIGMAPS}/{name}", {"metadata": {"labels": {"x": value}}}, media="merge")


def test_what_happens_arrives_in_order(pair: Pair) -> None:
    watched = Watched(pair)
    pair.ask("POST", CONFIGMAPS, configmap("a", k="1"))
    pair.ask("PATCH", f"{CONFIGMAPS}/a", {"data": {"k": "2"}}, media="merge")
    pair.ask("PATCH", f"{CONFIGMAPS}/a", {"data": {"k": "2"}}, media="merge")
    pair.ask("POST", CONFIGMAPS, configmap("b"))
    pair.ask("DELETE", f"{CONFIGMAPS}/a")
    pair.ask("POST", CONFIGMAPS, configmap("a"))
    assert [each["type"] for each in watched.see()] == ["ADDED", "MODIFIED", "ADDED", "DELETED", "ADDED"]
    watched.see(accept=PARTIAL)
    watched.see(f"{CONFIGMAPS}/a")
    watched.see(fieldSelector="metadata.name=b")
    watched.see("/api/v1/watch/namespaces/{ns}/configmaps")
    watched.see("/api/v1/watch/namespaces/{ns}/configmaps/a")


def test_objects_enter_and_leave_a_selection(pair: Pair) -> None:
    watched = Watched(pair)
    pair.ask("POST", CONFIGMAPS, configmap("a"))
    for value in ("y", "y", "z", "y", None, "y"):
        _label(pair, "a", value)
    pair.ask("PATCH", f"{CONFIGMAPS}/a", {"data": {"k": "2"}}, media="merge")
    pair.ask("DELETE", f"{CONFIGMAPS}/a")
    kinds = [each["type"] for each in watched.see(labelSelector="x=y")]
    assert kinds == ["ADDED", "DELETED", "ADDED", "DELETED", "ADDED", "MODIFIED", "DELETED"]
    watched.see(labelSelector="x")
    watched.see(labelSelector="!x")
    watched.see(labelSelector="x notin (y)")


def test_a_watch_with_finalizers_sees_the_end_twice(pair: Pair) -> None:
    watched = Watched(pair)
    held = configmap("a")
    held["metadata"]["finalizers"] = ["x.example/wait"]
    pair.ask("POST", CONFIGMAPS, held)
    pair.ask("DELETE", f"{CONFIGMAPS}/a")
    pair.ask("PATCH", f"{CONFIGMAPS}/a", {"metadata": {"finalizers": None}}, media="merge")
    watched.see()


def test_initial_events_end_with_a_bookmark(pair: Pair) -> None:
    for name in "ba":
        pair.ask("POST", CONFIGMAPS, configmap(name))
    initial = {
        "watch": "true", "timeoutSeconds": "1", "sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan",
        "allowWatchBookmarks": "true",
    }  # fmt: skip
    by_name = lambda answer: sorted(_events(answer), key=lambda each: each["object"]["metadata"].get("name", "~"))  # noqa: E731
    for more in ({}, {"resourceVersion": "0"}, MINE, {"fieldSelector": "metadata.name=a"}, {"allowWatchBookmarks": ""}):
        pair.ask("GET", CONFIGMAPS, query={**initial, **MINE, **more}, see=by_name)
    pair.ask("GET", CONFIGMAPS, query={**initial, **MINE}, accept=PARTIAL, see=by_name)
    pair.ask("GET", CONFIGMAPS, query={**initial, **MINE, "sendInitialEvents": "false"}, see=by_name)
    for version in ("0", ""):
        query = {"watch": "true", "timeoutSeconds": "1", "resourceVersion": version, **MINE}
        pair.ask("GET", CONFIGMAPS, query=query, see=by_name)


def test_options_of_a_watch_that_are_refused(pair: Pair) -> None:
    for query in (
        {"sendInitialEvents": "true"}, {"sendInitialEvents": "true", "resourceVersionMatch": "Exact"},
        {"resourceVersionMatch": "NotOlderThan"}, {"resourceVersion": "x"}, {"resourceVersion": "-1"},
        {"labelSelector": "a=(b"}, {"fieldSelector": "nosuch=a"}, {"timeoutSeconds": "x"}, {"labelSelector": "a in ()"},
        {"sendInitialEvents": "x"}, {"sendInitialEvents": "false"}, {"fieldSelector": "a"},
        {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan", "resourceVersion": "x"},
    ):  # fmt: skip
        told = {"watch": "true", "timeoutSeconds": "1", **MINE, **query}
        pair.ask("GET", CONFIGMAPS, query=told, see=lambda answer: answer if isinstance(answer, dict) else None)


def test_options_of_a_list_that_are_refused(pair: Pair) -> None:
    for query in (
        {"resourceVersionMatch": "Exact"}, {"resourceVersionMatch": "Exact", "resourceVersion": "0"},
        {"resourceVersionMatch": "Sometime", "resourceVersion": "1"}, {"resourceVersionMatch": "NotOlderThan"},
        {"resourceVersion": "x"}, {"limit": "x"}, {"limit": "-1"}, {"sendInitialEvents": "true"}, {"labelSelector": "=a"},
        {"fieldSelector": "spec.nosuch=a"}, {"resourceVersionMatch": "Exact", "resourceVersion": "x"},
        *({"labelSelector": text} for text in SELECTORS),
    ):  # fmt: skip
        pair.ask("GET", CONFIGMAPS, query={**MINE, **query})


def test_pages_are_of_one_version(pair: Pair) -> None:
    for name in "edcba":
        pair.ask("POST", CONFIGMAPS, configmap(name))
    watched = Watched(pair)
    pages: dict[int, str] = {}

    def follow(**more: str) -> Callable[[Side], Query]:
        return lambda side: {"continue": pages[id(side)], **more}

    def first(side: Side) -> Query:
        found = pair.live(side, f"{CONFIGMAPS}?limit=2")
        pages[id(side)] = found["metadata"]["continue"]
        return {"limit": "2"}

    pair.ask("GET", CONFIGMAPS, query=first)
    pair.ask("DELETE", f"{CONFIGMAPS}/d")
    pair.ask("POST", CONFIGMAPS, configmap("bb"))
    pair.ask("GET", CONFIGMAPS, query=follow(limit="2"))
    pair.ask("GET", CONFIGMAPS, query=follow(), see=_unsigned)
    pair.ask("GET", CONFIGMAPS, query=follow(resourceVersion="1"))
    pair.ask("GET", CONFIGMAPS, query=follow(resourceVersion="1", resourceVersionMatch="Exact"))
    pair.ask("GET", CONFIGMAPS, query=watched.since(resourceVersionMatch="Exact", **MINE))
    pair.ask("GET", CONFIGMAPS, query=watched.since(resourceVersionMatch="Exact", limit="3"))
    pair.ask("GET", CONFIGMAPS, query=watched.since(resourceVersionMatch="NotOlderThan", **MINE))
    pair.ask("GET", CONFIGMAPS, query={"limit": "6", **MINE})
    pair.ask(
        "GET", CONFIGMAPS, query={"limit": "2"}, accept=TABLE, see=lambda table: [r["cells"][0] for r in table["rows"]]
    )


def test_a_watch_of_deployments_tells_what_is_written(pair: Pair) -> None:
    watched = Watched(pair)
    pair.ask("POST", DEPLOYMENTS, deployment(), see=lambda thing: thing["spec"])
    pair.ask("PATCH", f"{DEPLOYMENTS}/web", {"spec": {"replicas": 0}}, media="merge", see=lambda thing: thing["spec"])

    def added(answer: Any) -> Any:
        return [
            {**each, "object": {**each["object"], "status": None}}
            for each in _events(answer)
            if each["type"] == "ADDED"
        ]

    pair.ask("GET", DEPLOYMENTS, query=watched.since(watch="true", timeoutSeconds="1"), see=added)
