"""Sets of fields against the simulated API server's own reading of them."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rollonce.plan import fieldset
from rollonce.sim.api import fieldsets as server

STEPS = ("f:spec", "f:metadata", "f:labels", "f:a", 'k:{"name":"agent"}', 'v:"x"')
paths = st.lists(st.sampled_from(STEPS), min_size=1, max_size=4).map(tuple)
sets = st.frozensets(paths, max_size=8)


def written(members: frozenset[tuple[str, ...]]) -> dict[str, Any]:
    """As managedFields have it."""
    return server.write(members) if members else {}


@given(sets)
def test_members_are_what_the_server_says(members: frozenset[tuple[str, ...]]) -> None:
    assert fieldset.paths(written(members)) == members


@given(sets)
def test_a_set_is_written_as_the_server_writes_it(members: frozenset[tuple[str, ...]]) -> None:
    assert fieldset.written(members) == written(members)


def test_what_is_taken_out_leaves_what_nobody_owns_and_no_empty_husks() -> None:
    """An annotation of nobody's stays, and its map with it; an emptied list goes."""
    thing = {
        "metadata": {"labels": {"a": "1"}, "annotations": {"a": "1", "nobodys": "1"}},
        "spec": {"containers": [{"name": "agent", "image": "x"}, {"name": "other"}], "tolerations": ["x"]},
    }
    annotations = ("f:metadata", "f:annotations")
    gone = [
        ("f:metadata", "f:labels", "f:a"),
        annotations,
        (*annotations, "f:a"),
        ("f:spec", "f:containers", 'k:{"name":"agent"}'),
        ("f:spec", "f:containers", 'k:{"name":"agent"}', "f:image"),
        ("f:spec", "f:tolerations", 'v:"x"'),
        ("f:spec", "f:nowhere", "f:x"),
    ]
    fieldset.remove(thing, gone, frozenset())
    assert thing == {"metadata": {"annotations": {"nobodys": "1"}}, "spec": {"containers": [{"name": "other"}]}}


def test_what_holds_something_that_is_kept_stays() -> None:
    thing = {"spec": {"containers": [{"name": "agent", "image": "x", "tty": True}]}}
    agent = ("f:spec", "f:containers", 'k:{"name":"agent"}')
    fieldset.remove(thing, [agent, (*agent, "f:tty")], frozenset({(*agent, "f:image")}))
    assert thing == {"spec": {"containers": [{"name": "agent", "image": "x"}]}}
