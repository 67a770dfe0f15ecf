"""A watch that goes on whatever happens to its connection."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollonce.cluster import feed
from rollonce.cluster.client import Client
from rollonce.cluster.feed import Changed, Deleted, Expired, Fault, Feed
from rollonce.cluster.watch import Snapshot, WatchEvent
from rollonce.errors import ApiRefusal, ConnectionLost, ServerFault, UnreadableAnswer
from tests.cluster.conftest import DEPLOYMENTS, FakeClock
from tests.cluster.server import Exchange, Server, Step, line, listing, says, status, thing

Connect = Callable[..., tuple[Client, Server]]

LINES = (
    line("ADDED", thing("a", "11"))
    + line("MODIFIED", thing("ä", "12"))
    + b"\n"
    + line("BOOKMARK", thing("", "20"))
    + line("DELETED", thing("a", "21"))
    + line("ERROR", status(410, "Expired", "too old"))
    + line("ERROR", status(500, "InternalError", "oops"))
)


def brief(event: WatchEvent | feed.Frame) -> str:
    match event:
        case Changed(body) | Deleted(body):
            value = json.loads(body)
            return f"{type(event).__name__} {value['metadata']['name']}@{value['metadata']['resourceVersion']}"
        case Snapshot(items):
            return "Snapshot " + " ".join(json.loads(item)["metadata"]["name"] for item in items)
        case Expired():
            return "Expired"
        case Fault(response):
            return f"Fault {response.status}"


@given(st.lists(st.integers(0, len(LINES)), max_size=40))
def test_any_cut_into_pieces_gives_the_same_frames(cuts: list[int]) -> None:
    reader = Feed("10")
    edges = [0, *sorted(cuts), len(LINES)]
    frames = [brief(f) for a, b in pairwise(edges) for f in reader.take(LINES[a:b])]
    assert frames == ["Changed a@11", "Changed ä@12", "Deleted a@21", "Expired", "Fault 500"]
    assert reader.resource_version == "21"


def test_byte_by_byte() -> None:
    reader = Feed("10")
    assert len([frame for byte in LINES for frame in reader.take(bytes([byte]))]) == 5


def test_a_bookmark_moves_the_place_to_go_on_from() -> None:
    reader = Feed("10")
    assert reader.take(line("BOOKMARK", thing(version="15"))) == []
    assert reader.resource_version == "15"
    assert reader.take(b'{"type":"ADDED","obj') == []
    reader.restart()
    assert [brief(frame) for frame in reader.take(line("ADDED", thing("b", "16")))] == ["Changed b@16"]


@pytest.mark.parametrize(
    "garbage", [b"<html>", b"[]", b'{"type": "ADDED"}', b'{"type":"NEW","object":{"metadata":{}}}']
)
def test_what_is_no_watch(garbage: bytes) -> None:
    with pytest.raises(UnreadableAnswer):
        Feed("1").take(garbage + b"\n")


def test_a_line_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "MAX_LINE", 100)
    with pytest.raises(UnreadableAnswer, match="longer than"):
        [Feed("1").take(b"x" * 101)]


def streams(*lines: bytes) -> Step:
    return lambda exchange: exchange.chunked(*lines)


def holds(*lines: bytes) -> Step:
    def step(exchange: Exchange) -> None:
        exchange.chunked(*lines, end=False)
        exchange.wait()

    return step


def follow(api: Client, count: int, **options: str) -> list[str]:
    watch = api.watch(DEPLOYMENTS, "agents", resource_version="10", **options)
    try:
        return [brief(event) for event in islice(watch.events(), count)]
    finally:
        watch.close()


def asked_from(server: Server) -> list[str]:
    return [target.partition("resourceVersion=")[2].partition("&")[0] for target in (e.target for e in server.seen)]


def test_what_is_asked_for(client: Connect) -> None:
    api, server = client(holds(line("ADDED", thing("a", "11"))))
    assert follow(api, 1, name="ceo", selector="a=b") == ["Changed a@11"]
    assert server.seen[0].target == (
        "/apis/apps/v1/namespaces/agents/deployments?watch=true&allowWatchBookmarks=true&timeoutSeconds=290"
        "&resourceVersion=10&labelSelector=a%3Db&fieldSelector=metadata.name%3Dceo"
    )


def test_it_goes_on_where_a_stream_ended_or_broke(client: Connect, clock: FakeClock) -> None:
    def breaks(exchange: Exchange) -> None:
        exchange.chunked(line("ADDED", thing("b", "13")), b'{"type":"ADDED","object":{"meta', end=False)
        exchange.hang_up()

    api, server = client(
        streams(line("ADDED", thing("a", "11")), line("BOOKMARK", thing(version="12"))),
        breaks,
        says(500, status(500)),
        Exchange.hang_up,
        holds(line("DELETED", thing("b", "14"))),
    )
    assert follow(api, 3) == ["Changed a@11", "Changed b@13", "Deleted b@14"]
    assert asked_from(server) == ["10", "12", "13", "13", "13"]
    assert clock.slept == [0.2, 0.4, 0.8], "none after an orderly end"


GONE = line("ERROR", status(410, "Expired", "too old resource version"))


@pytest.mark.parametrize("first", [streams(GONE), says(410, status(410, "Gone", "too old"))], ids=["event", "status"])
def test_an_expired_watch_lists_anew(client: Connect, first: Step) -> None:
    api, server = client(first, says(200, listing("a", "b", version="40")), holds(line("ADDED", thing("c", "41"))))
    assert follow(api, 2, selector="s=t") == ["Snapshot a b", "Changed c@41"]
    relist = server.seen[1].target
    assert "watch=" not in relist
    assert relist.endswith("labelSelector=s%3Dt")
    assert asked_from(server) == ["10", "", "40"]


def test_an_expired_watch_of_one_object_reads_just_that(client: Connect) -> None:
    """Its own version may be older than what the server remembers, and the right to list is not needed."""
    api, server = client(streams(GONE), says(200, thing("x", "7")), holds(line("ADDED", thing("x", "7"))))
    assert follow(api, 2, name="x") == ["Snapshot x", "Changed x@7"]
    assert server.seen[1].target == "/apis/apps/v1/namespaces/agents/deployments/x"
    assert "&resourceVersion=&" in server.seen[2].target


def test_an_expired_watch_of_an_object_that_is_gone_says_so(client: Connect) -> None:
    api, _ = client(streams(GONE), says(404, status(404, "NotFound", "no x")), holds())
    assert follow(api, 1, name="x") == ["Snapshot "]


@pytest.mark.parametrize("in_stream", [True, False], ids=["event", "status"])
def test_a_list_that_expires_at_once_is_not_read_for_ever(client: Connect, clock: FakeClock, in_stream: bool) -> None:
    def answer(exchange: Exchange) -> None:
        if "watch=true" in exchange.target and in_stream:
            streams(GONE)(exchange)
        elif "watch=true" in exchange.target:
            exchange.json(410, status(410, "Expired"))
        else:
            exchange.json(200, listing("a"))

    api, _ = client(answer)
    watch = api.watch(DEPLOYMENTS, "agents", resource_version="10")
    with pytest.raises(ServerFault, match="forgets changes"):
        list(watch.events())
    assert sum(clock.slept) <= 60


def test_it_gives_up_after_a_minute(client: Connect, clock: FakeClock) -> None:
    api, _ = client(streams(line("ADDED", thing("a", "11"))), Exchange.cut)
    watch = api.watch(DEPLOYMENTS, "agents", resource_version="10")
    events = watch.events()
    assert brief(next(events)) == "Changed a@11"
    with pytest.raises(ConnectionLost) as caught:
        list(events)
    assert caught.value.act == "watch deployments.apps in namespace agents"
    assert 50 < sum(clock.slept) <= 60


def test_streams_that_end_at_once_are_no_busy_loop(client: Connect, clock: FakeClock) -> None:
    api, _ = client(streams())
    with pytest.raises(ConnectionLost, match="as soon as it has begun"):
        list(api.watch(DEPLOYMENTS, "agents", resource_version="10").events())
    assert sum(clock.slept) <= 60


def test_a_refusal_in_the_stream_is_raised_and_a_fault_is_not(client: Connect, clock: FakeClock) -> None:
    api, _ = client(
        streams(line("ERROR", status(500, "InternalError", "etcd"))),
        streams(line("ADDED", thing("a", "11")), line("ERROR", status(403, "Forbidden", "no longer"))),
    )
    watch = api.watch(DEPLOYMENTS, "agents", resource_version="10")
    events = watch.events()
    assert brief(next(events)) == "Changed a@11"
    with pytest.raises(ApiRefusal, match="no longer"):
        next(events)
    assert clock.slept == [0.2]


def test_close_from_another_thread_ends_it(client: Connect) -> None:
    api, _ = client(holds(line("ADDED", thing("a", "11"))))
    watch = api.watch(DEPLOYMENTS, "agents", resource_version="10")
    seen: list[str] = []
    first = threading.Event()

    def read() -> None:
        for event in watch.events():
            seen.append(brief(event))
            first.set()

    reader = threading.Thread(target=read)
    reader.start()
    assert first.wait(5)
    watch.close()
    reader.join(5)
    assert not reader.is_alive()
    assert seen == ["Changed a@11"]


def test_a_watch_that_was_closed_before_it_is_read(client: Connect) -> None:
    api, _ = client(holds())
    watch = api.watch(DEPLOYMENTS, "agents", resource_version="10")
    watch.close()
    assert list(watch.events()) == []
