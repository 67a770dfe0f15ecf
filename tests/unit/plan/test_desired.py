"""Edits are folded: repetition is fine, contradiction is an error, the more specific one wins."""

from __future__ import annotations

import pytest

from rollonce.errors import ContradictingEdits
from rollonce.plan.desired import wanted
from rollonce.plan.field import ImageField
from tests.unit.builders import wanted_images, wants, workload


@pytest.mark.parametrize(
    ("pairs", "image"),
    [
        (["agent=a"], "a"),
        (["*=s"], "s"),
        (["*=s", "agent=a"], "a"),
        (["agent=a", "*=s"], "a"),
        (["agent=a", "deployment/ceo:agent=c"], "c"),
        (["deployment/ceo:*=c", "agent=a"], "c"),
        (["deployment/ceo:*=c", "deployment/ceo:agent=d", "agent=a", "*=s"], "d"),
        (["deployment/cso:agent=c"], None),
        (["statefulset/ceo:agent=c"], None),
        (["git-sync=g"], None),
    ],
)
def test_one_workload_goes_over_all_and_a_name_over_the_star(pairs: list[str], image: str | None) -> None:
    assert wanted_images(workload("deployment/ceo", "agent=z"), wants(*pairs)).get("agent") == image


def test_saying_it_twice_is_fine() -> None:
    assert wants("agent=a", "agent=a", "deploy/ceo:agent=c", "deployment/ceo:agent=c").edits == (
        *wants("agent=a").edits,
        *wants("deploy/ceo:agent=c").edits,
    )


@pytest.mark.parametrize(
    ("first", "second", "target"),
    [
        ("agent=a", "agent=b", "agent"),
        ("*=a", "*=b", "*"),
        ("deploy/ceo:agent=a", "deployment/ceo:agent=b", "deployment/ceo:agent"),
        ("deployment/ceo:*=a", "deployments.apps/ceo:*=b", "deployment/ceo:*"),
    ],
)
def test_a_contradiction_names_both(first: str, second: str, target: str) -> None:
    with pytest.raises(ContradictingEdits) as caught:
        wants(first, "other=o", second)
    fact = f"argument {first!r} and argument {second!r} want different images for {target}"
    assert caught.value.fact == fact
    assert caught.value.hint


def test_wanted_holds_what_is_already_true_as_well() -> None:
    live = workload(images="agent=a2 git-sync=g1 init:setup=s1 sidecar:proxy=p1")
    found = wanted(live, wants("agent=a2", "git-sync=g2", "setup=s2"), restarted_by="")
    assert [(w.field, w.new, w.differs) for w in found] == [
        (ImageField("agent"), "a2", False),
        (ImageField("git-sync"), "g2", True),
        (ImageField("setup"), "s2", True),
    ]
