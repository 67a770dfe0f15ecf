"""An environment and a build give what is wanted there."""

from __future__ import annotations

import pytest

from rollonce.errors import ContradictingEdits, MalformedImage, MissingArguments, UnknownContainer, UnknownEnvironment
from rollonce.fleetfile import resolve
from rollonce.model import edit
from rollonce.plan import unmatched
from rollonce.plan.desired import Desired
from tests.unit.builders import wanted_images, workload
from tests.unit.fleetfile.files import file


def run(build: str = "7", environment: str = "production", **changes: str) -> resolve.Run:
    return resolve.run(file(**changes), environment, build, act="test")


def test_staging_and_production_want_the_same() -> None:
    """They differ in place and policy only: the form has no key for anything else."""
    staging, production = run(environment="staging"), run(environment="production")
    assert staging.edits == production.edits
    assert staging.words == production.words == ("deployment/ceo", "deployment/cso")


def test_the_build_stands_in_the_images_that_ask_for_it() -> None:
    found = run(sidecars="{proxy: r/proxy:1}").edits
    assert [(e.container, e.image, e.origin, e.optional) for e in found] == [
        ("agent", "r/agent:7", "rollonce.yaml:5:10", False),
        ("proxy", "r/proxy:1", "rollonce.yaml:6:19", True),
    ]


def test_an_override_goes_over_the_image_for_all() -> None:
    desired = Desired.of(run(overrides="{deploy/ceo: {agent: r/own}}").edits, act="test")
    chosen = [wanted_images(workload(name, "agent=z"), desired) for name in ("deployment/ceo", "deployment/cso")]
    assert chosen == [{"agent": "r/own"}, {"agent": "r/agent:7"}]


def test_a_pair_of_the_command_line_contradicts_with_both_origins() -> None:
    pair = edit.pair("agent=r/agent:8", act="test")
    with pytest.raises(ContradictingEdits) as caught:
        Desired.of((*run().edits, pair), act="test")
    assert caught.value.fact == ("rollonce.yaml:5:10 and argument 'agent=r/agent:8' want different images for agent")


def test_a_more_specific_pair_of_the_command_line_wins() -> None:
    pair = edit.pair("deploy/ceo:agent=r/agent:8", act="test")
    chosen = wanted_images(workload("deployment/ceo", "agent=z"), Desired.of((*run().edits, pair), act="test"))
    assert chosen == {"agent": "r/agent:8"}


def test_a_sidecar_that_nobody_has_is_no_typo_and_an_image_is() -> None:
    live = [workload("deployment/ceo", "agnt=a1")]
    unmatched.check_containers(live, (), Desired.of(run(sidecars="{agnet: r/x}").edits[1:], act="t"), act="t")
    with pytest.raises(UnknownContainer, match='"agent"'):
        unmatched.check_containers(live, (), Desired.of(run().edits, act="t"), act="t")


def test_an_environment_that_is_not_there_is_guessed() -> None:
    with pytest.raises(UnknownEnvironment) as caught:
        run(environment="prodcution")
    assert caught.value.fact == "rollonce.yaml has no environment 'prodcution'; there are: staging, production"
    assert caught.value.hint == 'did you mean "production"?'


def test_a_build_that_is_missing_or_for_nothing_is_an_error() -> None:
    with pytest.raises(MissingArguments, match=r"5:10: the image of agent is r/agent:\{build\}, and no build is given"):
        run(build="")
    with pytest.raises(MissingArguments, match="--build 7 is for nothing"):
        run(images="{agent: r/agent}")


@pytest.mark.parametrize("build", ["-", "a b", "x" * 129, "a/b:c:d"])
def test_a_build_that_makes_no_image_is_an_error_with_the_place(build: str) -> None:
    """`--build $SHA-$RUN` with both of them empty is a dash."""
    with pytest.raises(MalformedImage) as caught:
        run(build=build)
    assert "rollonce.yaml:5:10" in caught.value.act


def test_the_environments_policy_goes_over_that_of_the_file() -> None:
    policy = run(environments="{production: {policy: {timeout: 30m}}}", policy="{timeout: 5m, strict: yes}").policy
    assert policy.timeout is not None
    assert policy.strict is not None
    assert (policy.timeout.value, policy.strict.value) == (1800, True)


def test_an_environments_selector_goes_over_that_of_the_workloads() -> None:
    found = run(workloads="{kinds: [deploy, sts], selector: a=b}", environments="{production: {selector: a=c}, s: {}}")
    assert found.words == ("deployment,statefulset",)
    assert found.selector is not None
    assert found.selector.value == "a=c"
