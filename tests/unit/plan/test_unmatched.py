"""A typo is an error before anything is sent; what is only absent here is not."""

from __future__ import annotations

import pytest

from rollonce.errors import AbsentWorkload, UnknownContainer
from rollonce.plan import unmatched
from tests.unit.builders import key, wants, workload

CEO = workload("deployment/ceo", "agent=a1 git-sync=g1")
CSO = workload("deployment/cso", "agent=a1 git-sync=g1 init:setup=s1 sidecar:cai-runtime=c1")


def check(*pairs: str, absent: str = "") -> None:
    gone = [key(reference) for reference in absent.split()]
    unmatched.check_containers([CEO, CSO], gone, wants(*pairs), act="converge fleet agents")


@pytest.mark.parametrize(
    "pair", ["agent=a2", "cai-runtime=c2", "setup=s2", "*=x", "deployment/ceo:*=x", "deployment/cso:cai-runtime=c2"]
)
def test_a_pair_that_one_workload_takes_is_fine(pair: str) -> None:
    check(pair)


def test_a_pair_for_a_workload_that_is_absent_is_no_typo() -> None:
    check("deployment/cfo:anything=x", absent="deployment/cfo")


def test_what_an_absent_workload_may_have_had_is_no_typo() -> None:
    """Staging lacks agent-cfo and the one sidecar that only it has; the command is that of production."""
    check("agent=a2", "voice=v2", absent="deployment/cfo")


def test_a_name_that_is_like_one_that_is_there_is_a_typo_all_the_same() -> None:
    with pytest.raises(UnknownContainer):
        check("agent=a2", "git-snyc=g2", absent="deployment/cfo")


@pytest.mark.parametrize(
    ("pair", "fact"),
    [
        (
            "git-snyc=g2",
            'no workload has a container named "git-snyc" (did you mean "git-sync"?); '
            "there are: agent, cai-runtime, git-sync, setup",
        ),
        (
            "zebra=z2",
            'no workload has a container named "zebra"; there are: agent, cai-runtime, git-sync, setup',
        ),
        (
            "deployment/ceo:cai-runtime=c2",
            'deployment/ceo has no container named "cai-runtime"; there are: agent, git-sync',
        ),
        (
            "deployment/cto:agent=a2",
            "argument 'deployment/cto:agent=a2' is for deployment/cto, which is not among the workloads of this run",
        ),
        (
            "statefulset/ceo:agent=a2",
            "argument 'statefulset/ceo:agent=a2' is for statefulset/ceo, which is not among the workloads of this run",
        ),
    ],
)
def test_a_pair_that_nobody_takes_is_a_typo(pair: str, fact: str) -> None:
    with pytest.raises(UnknownContainer) as caught:
        check("agent=a2", pair)
    assert caught.value.fact == fact
    assert caught.value.act == "converge fleet agents"
    assert caught.value.hint == "fix the name, or pass --allow-unmatched"


def test_several_typos_are_told_together() -> None:
    with pytest.raises(UnknownContainer, match=r'"agnet".*; no workload has a container named "zebra"'):
        check("agnet=a2", "zebra=z2")


def test_strict_makes_absent_workloads_an_error() -> None:
    unmatched.check_absent([], act="converge")
    with pytest.raises(AbsentWorkload) as caught:
        unmatched.check_absent([key("deployment/x"), key("daemonset/y")], act="converge")
    assert caught.value.fact == "not there: daemonset/y, deployment/x"
