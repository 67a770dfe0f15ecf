"""What cannot be used is told of and passed over, one by one; the rest is audited."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from rollonce.history.collect import Collected
from tests.unit.history.pictures import NAMESPACE, Json, Picture, collected, judged, told


def story() -> list[Json]:
    picture = Picture().revision(1, 0, "agent=4f2b-1186 git-sync=4f2b-1186")
    picture.revision(2, 60, "agent=4f2c-1187 git-sync=4f2b-1186")
    return picture.revision(3, 120, "agent=4f2c-1187 git-sync=4f2c-1187").items()


def replica_set(**more: Any) -> Json:
    """One that nothing is wrong with, but for what is given."""
    [_, found] = Picture().revision(9, 900, "agent=x").items()
    found["metadata"]["name"] = "odd"
    found["metadata"] |= more.pop("metadata", {})
    return found | more


BAD: dict[str, tuple[Json, str]] = {
    "by hand": (replica_set(metadata={"ownerReferences": None}), "made by hand, or orphaned"),
    "adopted by something else": (
        replica_set(metadata={"ownerReferences": [{"kind": "Rollout", "name": "x", "uid": "u", "controller": True}]}),
        "belongs to Rollout/x",
    ),
    "without a number": (replica_set(metadata={"annotations": {}}), "no annotation deployment.kubernetes.io/revision"),
    "with a word as its number": (
        replica_set(metadata={"annotations": {"deployment.kubernetes.io/revision": "nine"}}),
        "is not a number",
    ),
    "with an endless number": (
        replica_set(metadata={"annotations": {"deployment.kubernetes.io/revision": "9" * 5000}}),
        "is not a number",
    ),
    "running backwards": (
        replica_set(
            metadata={
                "annotations": {
                    "deployment.kubernetes.io/revision": "2",
                    "deployment.kubernetes.io/revision-history": "7",
                }
            }
        ),
        "lower than the ones that it had",
    ),
    "without a template": (replica_set(spec={}), "the pod template has no spec"),
    "with a list as its template": (replica_set(spec={"template": []}), "the pod template has no spec"),
    "with a number as its labels": (replica_set(metadata={"labels": 7}), "Expected `object"),
    "without a name": (replica_set(metadata={"name": ""}), "it has no name"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_replica_set_that_is_unusable_is_told_of_and_the_rest_is_audited(name: str) -> None:
    thing, why = BAD[name]
    found = judged([*story(), thing])
    assert told(found) == [(3, "split", "seen")]
    assert [why in each.why for each in found.rejected] == [True]


@pytest.mark.parametrize("raw", [b"", b"null", b"7", b"[]", b'"x"', b"{", b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_object_is_told_of(raw: bytes) -> None:
    into = Collected()
    into.add(raw)
    assert len(into.evidence().rejected) == 1


def test_other_kinds_are_counted() -> None:
    found = judged([*story(), {"kind": "ConfigMap", "metadata": {"name": "x"}}, {"metadata": {}}])
    assert dict(found.skipped) == {
        "ConfigMap, which audit does not read": 1,
        "something without a kind, which audit does not read": 1,
    }


def test_a_bare_pod_is_nothing_to_complain_of() -> None:
    found = collected([{"kind": "Pod", "metadata": {"name": "x", "namespace": NAMESPACE}}]).evidence()
    assert found.rejected == ()


def test_rejections_beyond_the_first_thousand_are_counted() -> None:
    into = Collected()
    for _ in range(1500):
        into.add(b"7")
    evidence = into.evidence()
    assert len(evidence.rejected) == 1000
    assert dict(evidence.skipped) == {"unusable item beyond the first thousand": 500}


# --- lines of an audit log


def line(**more: Any) -> bytes:
    """A good line, but for what is given."""
    picture = Picture().logged(10, "ci", "agent=a")
    return msgspec.json.encode(msgspec.json.decode(picture.lines[0]) | more)


def test_a_good_line_is_a_write() -> None:
    assert len(collected([], [line()]).evidence().writes) == 1


@pytest.mark.parametrize(
    "more",
    [
        {"responseStatus": {"code": 409}},
        {"responseStatus": {"code": 422}},
        {"verb": "get"},
        {"verb": "delete"},
        {"requestURI": "/apis/apps/v1/x?dryRun=All"},
        {"objectRef": {"resource": "deployments", "apiGroup": "apps", "subresource": "scale", "name": "ceo"}},
        {"objectRef": {"resource": "deployments", "apiGroup": "other.example", "name": "ceo"}},
        {"stage": "RequestReceived"},
        {"stage": "ResponseStarted"},
        {"stage": "Panic"},
    ],
)
def test_a_line_that_wrote_no_workload_is_none(more: Json) -> None:
    evidence = collected([], [line(**more)]).evidence()
    assert (evidence.writes, evidence.rejected, evidence.skipped) == ((), (), ())


def test_an_unknown_stage_is_counted() -> None:
    assert dict(collected([], [line(stage="Later")]).evidence().skipped) == {"audit entry of an unknown stage": 1}


@pytest.mark.parametrize("raw", [b"hello", b'{"resource":"deployments"', line(requestReceivedTimestamp="soon")])
def test_a_line_that_is_no_event_is_told_of(raw: bytes) -> None:
    evidence = collected([], [raw]).evidence()
    assert [each.what for each in evidence.rejected] == ["line 0"]


def test_an_empty_line_is_nothing() -> None:
    assert collected([], [b"\n", b""]).evidence().rejected == ()
