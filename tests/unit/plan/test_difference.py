"""From one template to another by the fewest writes."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollonce.plan import difference
from tests.unit import jsonpatch


def between(live: Any, wanted: Any) -> tuple[difference.Difference, ...]:
    return difference.between(msgspec.json.encode(live), msgspec.json.encode(wanted))


def applied(live: Any, wanted: Any) -> Any:
    operations = [d.operation("/t") for d in between(live, wanted)]
    return jsonpatch.apply({"t": live}, msgspec.json.encode(operations))["t"]


def lines(live: Any, wanted: Any) -> list[str]:
    return [f"{d.words}: {d.old} -> {d.new}" for d in between(live, wanted)]


def pod(*containers: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return {"metadata": {"labels": {"app": "ceo"}}, "spec": {"containers": list(containers), **spec}}


AGENT = {"name": "agent", "image": "agent:1", "env": [{"name": "LOG", "value": "info"}]}


def test_only_what_differs_is_written_with_names_for_places() -> None:
    live = pod(AGENT, {"name": "sync"}, dnsPolicy="ClusterFirst")
    wanted = pod(
        {**AGENT, "livenessProbe": {"periodSeconds": 5}, "env": [{"name": "LOG", "value": "debug"}]},
        {"name": "sync"},
        {"name": "new", "image": "new:1"},
        hostNetwork=True,
    )
    assert lines(live, wanted) == [
        "spec.containers[agent].env[LOG].value: info -> debug",
        'spec.containers[agent].livenessProbe: None -> {"periodSeconds":5}',
        'spec.containers[new]: None -> {"image":"new:1","name":"new"}',
        "spec.dnsPolicy: ClusterFirst -> None",
        "spec.hostNetwork: None -> true",
    ]
    assert applied(live, wanted) == wanted


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ([{"name": "a"}, {"name": "b"}], [{"name": "b"}]),
        ([{"name": "a"}, {"name": "b"}], [{"name": "b"}, {"name": "a"}]),
        ([{"name": "a"}], [{"name": "x"}, {"name": "a"}]),
        (["--one"], ["--one", "--two"]),
        ([{"key": "a"}], [{"key": "b"}]),
    ],
)
def test_a_list_whose_elements_moved_is_replaced_as_a_whole(old: list[Any], new: list[Any]) -> None:
    [one] = between({"list": old}, {"list": new})
    assert one.pointer == "/list"
    assert applied({"list": old}, {"list": new}) == {"list": new}


def test_a_truth_is_not_the_number_one() -> None:
    assert len(between({"a": 1}, {"a": True})) == 1


def test_credentials_are_hidden_wherever_they_are() -> None:
    token = {"name": "API_TOKEN", "value": "hunter2"}
    for live, wanted in (
        (pod(AGENT), pod({**AGENT, "env": [*AGENT["env"], token]})),
        (pod(AGENT), pod(AGENT, {"name": "b", "env": [token]})),
        (pod({"name": "a", "env": [token]}), pod({"name": "a", "env": [{**token, "value": "hunter3"}]})),
        (pod({"name": "a", "env": [token, token]}), pod({"name": "a", "env": []})),
        (pod(AGENT), pod({**AGENT, "args": ["--db=postgres://u:hunter2@db/x"]})),
    ):
        assert any("hidden" in line for line in lines(live, wanted))
        assert "hunter" not in "".join(lines(live, wanted)) + repr(between(live, wanted))


def test_it_holds_where_every_value_is_there() -> None:
    live, wanted = pod(AGENT, {"name": "b"}, a=1), pod({**AGENT, "image": "agent:2"}, {"name": "b"}, b=[2])
    found = between(live, wanted)
    assert difference.all_hold(msgspec.json.encode(wanted), found)
    assert not difference.all_hold(msgspec.json.encode(live), found)
    assert not difference.all_hold(msgspec.json.encode({**wanted, "spec": {**wanted["spec"], "a": 1}}), found)
    assert not difference.all_hold(msgspec.json.encode({}), found)
    assert difference.all_hold(b"{}", ())


NAMES = st.sampled_from(["a", "b", "c/d~e", "name"])
SCALARS = st.none() | st.booleans() | st.integers(-1, 2) | st.sampled_from(["", "x", "y"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(NAMES, inner, max_size=3)
        | st.lists(st.dictionaries(NAMES, inner, max_size=2), max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(NAMES, VALUES, max_size=3), st.dictionaries(NAMES, VALUES, max_size=3))
def test_the_writes_lead_from_any_template_to_any_other(live: dict[str, Any], wanted: dict[str, Any]) -> None:
    assert applied(live, wanted) == wanted
    found = between(live, wanted)
    assert difference.all_hold(msgspec.json.encode(wanted), found)
    if not found:
        assert msgspec.json.encode(live, order="sorted") == msgspec.json.encode(wanted, order="sorted")


@given(st.dictionaries(NAMES, VALUES, max_size=3), st.dictionaries(NAMES, VALUES, max_size=3))
def test_no_difference_lies_within_another(live: dict[str, Any], wanted: dict[str, Any]) -> None:
    pointers = [d.pointer for d in between(live, wanted)]
    assert not [(a, b) for a in pointers for b in pointers if a != b and b.startswith(f"{a}/")]
