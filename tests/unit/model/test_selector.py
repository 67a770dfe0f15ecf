"""Label selectors, for dumps that no server selects from."""

from __future__ import annotations

import pytest

from rollonce.errors import MalformedSelector
from rollonce.model import selector

LABELS = {"app": "agent", "tier": "test", "empty": ""}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("app=agent", True),
        ("app==agent", True),
        ("app=other", False),
        ("app!=other", True),
        ("app!=agent", False),
        ("absent!=x", True),
        ("absent=x", False),
        ("app in (agent,other)", True),
        ("app in ( other )", False),
        ("app notin (other, another)", True),
        ("absent notin (x)", True),
        ("app", True),
        ("absent", False),
        ("!absent", True),
        ("!app", False),
        ("empty=", True),
        ("app=agent,tier=test", True),
        ("app=agent,tier!=test", False),
        ("app in (agent,other),tier in (test)", True),
        ("", True),
    ],
)
def test_a_selector_selects_as_the_server_does(text: str, holds: bool) -> None:
    assert selector.matches(selector.parse(text, act="audit"), LABELS) is holds


@pytest.mark.parametrize("text", ["=x", "app in", "app in agent", "a b", "app>1"])
def test_what_is_no_selector_is_an_error(text: str) -> None:
    with pytest.raises(MalformedSelector, match="requirement"):
        selector.parse(text, act="audit")
