"""A stream of JSON comes apart into its objects, whatever pieces it arrives in."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollonce.text.items import Fault, Item, Splitter

OBJECTS = st.lists(
    st.dictionaries(
        st.text(max_size=5),
        st.recursive(
            st.none() | st.integers() | st.text(alphabet='{}[]"\\,: items\n', max_size=8),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
            max_leaves=5,
        ),
        min_size=1,
        max_size=3,
    ).filter(lambda thing: "items" not in thing),
    max_size=4,
)
FORMS: dict[str, Any] = {
    "indented": lambda things: json.dumps({"kind": "List", "items": things, "metadata": {"a": [1]}}, indent=4),
    "compact": lambda things: json.dumps({"items": things}, separators=(",", ":")),
    "one a line": lambda things: '{"items":[\n' + ",\n".join(json.dumps(thing) for thing in things) + "\n]}",
    "an array": lambda things: json.dumps(things, indent=2),
    "objects": lambda things: "\n".join(json.dumps(thing) for thing in things),
    "objects, indented": lambda things: "".join(json.dumps(thing, indent=2) for thing in things),
    "marked": lambda things: "\ufeff" + json.dumps({"items": things}),
}


def split(text: str | bytes, size: int = 1 << 16) -> list[Item | Fault]:
    """What comes out of a text that is fed in pieces."""
    raw = text.encode() if isinstance(text, str) else text
    splitter = Splitter()
    found = [each for start in range(0, len(raw), size) for each in splitter.feed(raw[start : start + size])]
    return [*found, *splitter.end()]


def objects(found: list[Item | Fault]) -> list[Any]:
    return [json.loads(each.raw) for each in found if isinstance(each, Item)]


@pytest.mark.parametrize("form", FORMS)
@given(OBJECTS, st.integers(1, 50))
def test_all_objects_come_out_whatever_the_form_and_the_pieces(form: str, things: list[Any], size: int) -> None:
    found = split(FORMS[form](things), size)
    assert objects(found) == things
    assert not [each for each in found if isinstance(each, Fault)]


@given(OBJECTS.filter(bool), st.integers(1, 50), st.data())
def test_a_stream_that_is_cut_gives_what_was_whole_and_says_that_it_was_cut(
    things: list[Any], size: int, data: st.DataObject
) -> None:
    whole = FORMS["indented"](things).encode()
    cut = data.draw(st.integers(1, len(whole) - 1))
    found = split(whole[:cut], size)
    told = objects(found)
    assert told == things[: len(told)]
    assert isinstance(found[-1], Fault)


@given(st.binary(max_size=200), st.integers(1, 50))
def test_no_bytes_raise(raw: bytes, size: int) -> None:
    for each in split(raw, size):
        assert isinstance(each, Item | Fault)


def test_items_of_a_typed_list_have_its_kind() -> None:
    found = split('{"kind":"DeploymentList","apiVersion":"apps/v1","metadata":{},"items":[{"a":1},{"b":2}]}')
    assert [each.kind for each in found if isinstance(each, Item)] == ["Deployment", "Deployment"]


def test_lists_and_objects_may_follow_each_other() -> None:
    assert objects(split('{"items":[{"a":1}]}\n{"b":2}\n[{"c":3}]')) == [{"a": 1}, {"b": 2}, {"c": 3}]


def test_lines_that_begin_nothing_are_passed_over() -> None:
    found = split("Warning: something\n" + '{"a":1}\n' + "the end\n")
    assert objects(found) == [{"a": 1}]
    assert [each.reason for each in found if isinstance(each, Fault)] == [
        "a line that begins no object: 'Warning: something'",
        "a line that begins no object: 'the end'",
    ]


def test_a_key_named_items_further_down_is_no_list() -> None:
    thing = {"spec": {"items": [{"x": 1}]}, "volumes": {"items": []}}
    assert objects(split(json.dumps(thing))) == [thing]


@pytest.mark.parametrize("form", ["indented", "compact", "one a line"])
@given(st.integers(1, 1 << 17), st.integers(1, 400))
def test_a_long_list_comes_out_whole_whatever_stands_in_its_items(form: str, size: int, count: int) -> None:
    """A long list is cut at what looks like the border of two items, and inside of them is more of it."""
    inside = [{"kind": "a"}, {"kind": '},{"kind":'}, {"metadata": {}}, {"apiVersion": "},{"}]
    things = [{"kind": "Pod", "metadata": {"n": n, "x": inside * (n % 9)}} for n in range(count)]
    found = split(FORMS[form](things), size)
    assert objects(found) == things
    assert not [each for each in found if isinstance(each, Fault)]
