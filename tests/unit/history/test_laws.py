"""Laws that hold for every history."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rollonce.errors import ExitCode
from rollonce.history import redact
from rollonce.history.collect import Collected
from rollonce.history.nouns import Finding
from rollonce.history.review import Question, Review, review
from rollonce.report import audit_json, audit_markdown, audit_text, explain_text, junit
from tests.unit.history.pictures import NOW, Json, Picture, collected, judged, stamp, told

TAGS = ("v1", "v2", "4f2b-1186", "4f2c-1187", "4f2d-1188")
IDS = ("", "run-1", "run-2", "run-2.undo.1")
MANAGERS = ("kubectl", "kubectl-set", "rollonce", "helm")


@st.composite
def pictures(draw: st.DrawFn) -> Picture:
    """A workload with up to eight revisions; some reused, some gone, some failed."""
    picture = Picture(kind=draw(st.sampled_from(["Deployment", "Deployment", "StatefulSet", "DaemonSet"])))
    at, made = 0, dict[str, tuple[int, int]]()
    for number in range(1, draw(st.integers(1, 8)) + 1):
        at += draw(st.sampled_from([1, 20, 300, 4000]))
        images = f"agent={draw(st.sampled_from(TAGS))} git-sync={draw(st.sampled_from(TAGS))}"
        deploy = draw(st.sampled_from(IDS))
        if images in made and picture.kind == "Deployment":
            first, born = made.pop(images)
            picture.snapshots = [s for s in picture.snapshots if s["metadata"]["name"] != f"ceo-{first}"]
            picture.revision(number, born, images, former=str(first), deploy=deploy)
        elif draw(st.integers(0, 5)):
            made[images] = (number, at)
            picture.revision(number, at, images, deploy=deploy, retired=draw(st.none() | st.just(at + 30)))
            if not draw(st.integers(0, 4)):
                picture.pod(
                    number,
                    at + 1,
                    draw(st.none() | st.just(at + 9)),
                    waits=draw(st.sampled_from(["", "CrashLoopBackOff"])),
                )
        # Both sources tell of one write; managedFields keep the last one of each manager.
        manager = draw(st.sampled_from(MANAGERS))
        if draw(st.booleans()):
            picture.managed = [entry for entry in picture.managed if entry["manager"] != manager]
            picture.wrote(manager, at, *draw(st.sets(st.sampled_from(["agent", "git-sync"]))))
        if draw(st.booleans()):
            user, undo = draw(st.sampled_from(["ci", "ann"])), not draw(st.integers(0, 3))
            picture.logged(at - 0.5, user, images, manager=manager, undo=undo)
    return picture


def gist(found: Review) -> list[tuple[Any, ...]]:
    """What is claimed, without values of fields."""

    def of(finding: Finding) -> tuple[Any, ...]:
        roll = finding.roll
        return (
            finding.kind,
            finding.deploy,
            roll.subject,
            roll.after.number,
            finding.certainty,
            finding.settle,
            finding.cost,
            finding.cure,
            roll.writers,
            sorted(roll.paths),
        )

    return [of(finding) for finding in (*found.findings, *found.open)]


@given(pictures(), st.randoms(use_true_random=False))
def test_the_order_of_what_is_read_does_not_matter(picture: Picture, chance: Any) -> None:
    items, lines = picture.items(), list(picture.lines)
    before = judged(items, lines)
    chance.shuffle(items)
    chance.shuffle(lines)
    assert judged(items, lines) == before


@given(pictures())
def test_a_recovery_is_never_redundant(picture: Picture) -> None:
    found = picture.review()
    redundant = {(f.subject, f.roll.after.number) for f in (*found.findings, *found.open)}
    assert not redundant & {(r.subject, r.after.number) for r in found.rolls if r.recovery is not None}


@given(pictures())
def test_of_k_rolls_in_a_deploy_all_but_one_are_told_of(picture: Picture) -> None:
    found = picture.review()
    for deploy in found.deploys:
        rolls = [roll for roll in deploy.rolls if roll.recovery is None]
        told = [f for f in (*found.findings, *found.open) if f.deploy == deploy.name]
        assert len(told) == max(len(rolls) - 1, 0)


@given(pictures())
def test_every_roll_is_of_exactly_one_deploy(picture: Picture) -> None:
    found = picture.review()
    assert sorted(r.after.number for d in found.deploys for r in d.rolls) == [r.after.number for r in found.rolls]


@given(pictures())
def test_what_is_seen_without_the_audit_log_is_not_denied_by_it(picture: Picture) -> None:
    """Less evidence makes less certain, never wrong; what undid something is known by the log alone."""
    assume(not any(b"/metadata/annotations" in line for line in picture.lines))
    full = told(picture.review())
    assert [each for each in told(judged(picture.items())) if each[2] == "seen" and each not in full] == []


@given(pictures())
def test_redaction_changes_no_finding(picture: Picture) -> None:
    kept = [redact.item(msgspec.json.encode(item), "", b"key") for item in picture.items()]
    again = [msgspec.json.decode(raw) for raw in kept if raw is not None]
    assert gist(judged(again, picture.lines)) == gist(picture.review())


@given(pictures())
def test_every_report_can_be_written_and_its_documents_read(picture: Picture) -> None:
    found = picture.review()
    assert audit_text.lines(found)[0].endswith(".")
    assert audit_markdown.lines(found)
    assert explain_text.lines(found, 0)
    assert junit.render(found).startswith(b"<?xml")
    assert msgspec.json.decode(audit_json.render(found, exit_code=ExitCode.OK))["version"] == "rollonce.audit/v1"


# --- soup

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.just(stamp(5)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def _paths(thing: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner: list[tuple[Any, object]] = []
    if isinstance(thing, dict):
        inner = list(thing.items())
    elif isinstance(thing, list):
        inner = list(enumerate(thing))
    return [path, *(found for key, each in inner for found in _paths(each, (*path, key)))]


def _put(thing: Any, path: tuple[Any, ...], value: object) -> Any:
    if not path:
        return value
    copy = dict(thing) if isinstance(thing, dict) else list(thing)
    copy[path[0]] = _put(copy[path[0]], path[1:], value)
    return copy


@st.composite
def soups(draw: st.DrawFn) -> tuple[list[Json], list[bytes]]:
    """A history in which something is replaced by something else, somewhere."""
    picture = draw(pictures())
    things: list[Any] = [*picture.items(), *(msgspec.json.decode(line) for line in picture.lines)]
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(things) - 1))
        path = draw(st.sampled_from(_paths(things[place])))
        things[place] = _put(things[place], path, draw(JSON_VALUES))
    n = len(picture.items())
    return things[:n], [msgspec.json.encode(line) for line in things[n:]]


@given(soups())
@settings(max_examples=300)
def test_no_soup_of_objects_raises(soup: tuple[list[Json], list[bytes]]) -> None:
    items, lines = soup
    found = judged(items, lines)
    assert audit_text.lines(found)
    assert junit.render(found)
    for item in items:
        redact.item(msgspec.json.encode(item), "", b"key")


@given(st.lists(st.binary(max_size=60)), st.lists(st.binary(max_size=60)))
def test_no_bytes_raise(items: list[bytes], lines: list[bytes]) -> None:
    into = Collected()
    for item in items:
        into.add(item)
    for line in lines:
        into.add_log_line(line, "x")
    assert review(into.evidence(), Question(NOW)).findings == ()


def test_the_law_of_redaction_is_not_kept_by_hiding_everything() -> None:
    """What a dump must not hold is gone: values, annotations, messages, Secrets."""
    picture = (
        Picture().revision(1, 0, "agent=a", env={"MODE": "hunter2"}).revision(2, 60, "agent=b", env={"MODE": "hunter2"})
    )
    items = picture.items()
    items[0]["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"] = "hunter2"
    items[0]["spec"]["template"]["spec"]["containers"][0]["command"] = ["run", "hunter2"]
    items.append({"kind": "Secret", "type": "Opaque", "metadata": {"name": "s"}, "data": {"x": "hunter2"}})
    items.append({"kind": "Event", "metadata": {"name": "e"}, "reason": "Failed", "message": "hunter2"})
    kept = b"".join(redact.item(msgspec.json.encode(item), "", b"key") or b"" for item in items)
    assert b"hunter2" not in kept
    assert b"registry.example/agent:b" in kept
    assert collected(items).evidence().lives
