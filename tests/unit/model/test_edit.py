"""Pairs: `[kind/name:]container=image`."""

from __future__ import annotations

import pytest

from rollonce.errors import MalformedImage, MalformedPair, MalformedReference, RollonceError, UnknownKind
from rollonce.model import edit
from tests.unit.builders import named


def test_a_pair_is_for_every_workload_or_for_one() -> None:
    everywhere = edit.pair("agent=registry.example:5000/agent:1", act="converge")
    assert (everywhere.container, everywhere.image) == ("agent", "registry.example:5000/agent:1")
    assert everywhere.workload is None
    assert everywhere.target == "agent"

    one = edit.pair("deploy/cso:agent=agent:1", act="converge")
    assert one.workload == named("deployment/cso")
    assert one.target == "deployment/cso:agent"
    assert one.origin == "argument 'deploy/cso:agent=agent:1'"


def test_a_star_is_for_every_container() -> None:
    assert edit.pair("*=agent:1", act="converge").container == "*"
    assert edit.pair("sts/db:*=agent:1", act="converge").target == "statefulset/db:*"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("=agent:1", MalformedPair),
        ("Agent=agent:1", MalformedPair),
        ("git_sync=agent:1", MalformedPair),
        ("-a=agent:1", MalformedPair),
        ("**=agent:1", MalformedPair),
        ("a b=agent:1", MalformedPair),
        (f"{'a' * 64}=agent:1", MalformedPair),
        ("deployment/ceo:=agent:1", MalformedPair),
        ("agent=", MalformedImage),
        ("agent=a=b", MalformedImage),
        ("ceo:agent=agent:1", MalformedReference),
        (":agent=agent:1", MalformedReference),
        ("deployment/:agent=agent:1", MalformedReference),
        ("pod/ceo:agent=agent:1", UnknownKind),
    ],
)
def test_a_malformed_pair_is_refused(text: str, error: type[RollonceError]) -> None:
    with pytest.raises(error) as caught:
        edit.pair(text, act="converge")
    assert caught.value.act == f"converge: the pair {text!r}"
    assert caught.value.hint


def test_a_pair_without_container_says_so() -> None:
    with pytest.raises(MalformedPair, match="it names no container"):
        edit.pair("=agent:1", act="converge")


def test_references_come_before_pairs() -> None:
    assert edit.split_arguments(["deploy/ceo", "deploy/cso", "agent=a", "b=c"], act="converge") == (
        ["deploy/ceo", "deploy/cso"],
        ["agent=a", "b=c"],
    )


def test_a_reference_after_a_pair_is_refused() -> None:
    with pytest.raises(MalformedReference, match="'deploy/cso' comes after the pair 'agent=a'"):
        edit.split_arguments(["deploy/ceo", "agent=a", "deploy/cso"], act="converge")
