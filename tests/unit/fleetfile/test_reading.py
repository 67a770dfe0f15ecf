"""Text to a fleet file: what it says, and every fault with line, column and what was meant."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollonce.errors import MalformedFleetFile
from rollonce.fleetfile import reading
from rollonce.fleetfile.fleet import Chosen, Listed
from tests.unit.builders import named
from tests.unit.fleetfile.files import faults, file, text

GOOD = b"""version: 1
environments:
  staging: {}
  production:
    context: prod
    namespaces: [agents, tools]
    policy: {wait: no, mayForce: [again]}
workloads: [deployment/ceo, deploy/cso]
images:
  agent: r/agent:{build}
sidecars:
  cai-runtime: r/cai:7
overrides:
  deploy/ceo:
    agent: r/other:{build}
    cai-runtime: r/cai:8
policy:
  timeout: 1h30m
"""


def test_every_value_has_its_place() -> None:
    fleet = reading.read(GOOD, "rollonce.yaml")
    production = fleet.environments["production"]
    assert str(production.name.at) == "rollonce.yaml:4:3"
    assert production.context is not None
    assert (production.context.value, str(production.context.at)) == ("prod", "rollonce.yaml:5:14")
    assert [(said.value, said.at.column) for said in production.namespaces] == [("agents", 18), ("tools", 26)]
    assert production.policy.wait is not None
    assert production.policy.wait.value is False
    assert production.policy.may_force is not None
    assert production.policy.may_force.value == ("again",)
    assert fleet.policy.timeout is not None
    assert (fleet.policy.timeout.value, str(fleet.policy.timeout.at)) == (5400, "rollonce.yaml:18:12")


def test_workloads_are_named_in_the_grammar_of_the_command_line() -> None:
    fleet = reading.read(GOOD, "rollonce.yaml")
    assert isinstance(fleet.workloads, Listed)
    assert [said.value for said in fleet.workloads.names] == [named("deployment/ceo"), named("deployment/cso")]


def test_images_sidecars_and_overrides_are_templates() -> None:
    found = reading.read(GOOD, "rollonce.yaml").templates
    assert [(t.container, t.image.value, str(t.workload), t.optional, str(t.image.at)) for t in found] == [
        ("agent", "r/agent:{build}", "None", False, "rollonce.yaml:10:10"),
        ("cai-runtime", "r/cai:7", "None", True, "rollonce.yaml:12:16"),
        ("agent", "r/other:{build}", "deployment/ceo", False, "rollonce.yaml:15:12"),
        ("cai-runtime", "r/cai:8", "deployment/ceo", True, "rollonce.yaml:16:18"),
    ]


def test_workloads_may_be_kinds_with_a_selector() -> None:
    fleet = file(
        workloads="{kinds: [deploy, sts], selector: fleet=agents}",
        environments="{staging: {selector: 'fleet=agents,stage=staging'}}",
        overrides="{deploy/ceo: {agent: r/x}}",
    )
    assert isinstance(fleet.workloads, Chosen)
    assert [said.value for said in fleet.workloads.kinds] == ["deployment", "statefulset"]
    assert fleet.environments["staging"].selector is not None
    # A selector takes whom it takes: an override for somebody else is no typo that could be known.
    assert [template.optional for template in fleet.templates] == [False, True]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"enviroments": "{}"}, "6:1: the file has no key 'enviroments' (did you mean \"environments\"?)"),
        ({"images": ""}, "1:1: the file lacks the key 'images'"),
        ({"version": "2"}, "1:10: version is '2'; this rollonce reads version 1"),
        ({"version": "[1]"}, "1:10: version is a list; this rollonce reads version 1"),
        ({"version": "yes"}, "1:10: version is 'yes'; this rollonce reads version 1"),
        ({"environments": "{}"}, "2:15: environments has nothing in it (The environments by name.)"),
        (
            {"environments": "{staging: {namespce: a}}"},
            "2:26: environments staging has no key 'namespce' (did you mean \"namespace\"?)",
        ),
        (
            {"environments": "{staging: {zzz: a}}"},
            "2:26: environments staging has no key 'zzz' (known are: context, namespace, namespaces, selector, policy)",
        ),
        ({"environments": "{staging: {namespace: A_b}}"}, "2:37: 'A_b' is not a name of a namespace"),
        ({"environments": "{staging: {namespace: }}"}, "2:37: namespace is empty (A namespace.)"),
        ({"environments": "{Prod: {}}"}, "2:16: 'Prod' is not a name"),
        (
            {"environments": "{staging: {namespace: a, namespaces: [b]}}"},
            "2:40: environments staging has namespace and namespaces, which exclude each other",
        ),
        ({"environments": "{s: {}, s: {}}"}, "2:23: environments has 's' twice (first in line 2)"),
        (
            {"environments": "{s: {selector: a=b}}"},
            "2:30: environment s has a selector, and the workloads are named "
            "(names exclude selectors: give workloads kinds)",
        ),
        ({"workloads": "deployment/ceo"}, "3:12: workloads is a list or a mapping"),
        ({"workloads": "[]"}, "3:12: workloads has nothing in it"),
        ({"workloads": "[ceo]"}, "3:13: 'ceo' is not of the form kind/name (for example deployment/agent-ceo)"),
        ({"workloads": "[deploymnt/ceo]"}, "3:13: there is no kind of workload 'deploymnt'"),
        (
            {"workloads": "[deployment/ceo, deployment/ceo]"},
            "3:29: 'deployment/ceo' stands in workloads twice (first in line 3)",
        ),
        ({"workloads": "{kinds: [pod]}"}, "3:21: 'pod' is a pod, which has no template that rolls"),
        ({"workloads": "{selector: a=b}"}, "3:12: workloads lacks the key 'kinds'"),
        ({"images": "\n  agent: r/agent:{biuld}"}, "5:10: '{biuld}' is not a placeholder (did you mean \"{build}\"?)"),
        ({"images": "\n  agent: r/agent:{x"}, "5:10: '{' is not a placeholder (the only placeholder is {build})"),
        ({"images": "\n  agent: R/Agent"}, "5:10: the repository of the image 'R/Agent' has upper-case letters"),
        ({"images": "\n  agent: [a]"}, "5:10: images agent is a text, not a list"),
        ({"images": "\n  Agent: r/a"}, "5:3: 'Agent' is not a container's name"),
        ({"sidecars": "{agent: r/a}"}, "6:12: 'agent' stands in images and in sidecars"),
        (
            {"overrides": "{deployment/ceoo: {agent: r/a}}"},
            '6:13: deployment/ceoo is not among the workloads (did you mean "deployment/ceo"?)',
        ),
        (
            {"overrides": "{deploy/ceo: {agnet: r/a}}"},
            "6:26: 'agnet' is not among images and sidecars (did you mean \"agent\"?)",
        ),
        (
            {"overrides": "{deploy/ceo: {agent: r/a}, deployment/ceo: {agent: r/b}}"},
            "deployment/ceo is overridden twice",
        ),
        ({"policy": "{timeout: soon}"}, "6:19: 'soon' is not a duration"),
        ({"policy": "{timeout: 9999h}"}, "6:19: '9999h' is longer than a year (0 means without a bound)"),
        ({"policy": "{wait: maybe}"}, "6:16: wait is true or false"),
        (
            {"policy": "{mayForce: [agian]}"},
            "6:21: an item of mayForce has no 'agian' (did you mean \"again\"?)",
        ),
    ],
)
def test_a_fault_is_named_with_its_place_and_a_guess(changes: dict[str, str], said: str) -> None:
    (line,) = faults(text(changes))
    assert line.startswith("rollonce.yaml:")
    assert said in line


def test_all_faults_come_together_in_the_order_of_the_text() -> None:
    found = faults(text({"images": "\n  Agent: R/a\n  x: r/{y}", "polcy": "{}"}))
    assert [line.split(": ")[0] for line in found] == [f"rollonce.yaml:{at}" for at in ("5:3", "6:6", "7:1")]


def test_of_another_version_nothing_else_is_said() -> None:
    assert len(faults(b"version: 3\nfleet: {}\n")) == 1


def test_merges_and_anchors_are_read_like_what_they_stand_for() -> None:
    fleet = file(environments="\n  a: &a {context: x, policy: {strict: true}}\n  b: {<<: *a, namespace: n}")
    assert fleet.environments["b"].context is not None
    assert fleet.environments["b"].policy == fleet.environments["a"].policy
    assert "2:" in faults(text({"environments": "{a: &a {contxt: x}, b: {<<: *a}}"}))[0]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "rollonce.yaml: the file is empty"),
        (b"a: b: c\n", "rollonce.yaml:1:5: mapping values are not allowed"),
        (b"- a\n", "rollonce.yaml:1:1: the file is a mapping, not a list"),
        (b"x\n", "rollonce.yaml:1:1: the file is a mapping, not a text"),
        (text() + b"---\n" + text(), "a second document begins here"),
        (b"\xff", "not UTF-8"),
        (b"[" * 100_000, "nested deeper"),
    ],
)
def test_what_is_no_such_file_is_said_to_be_none(content: bytes, said: str) -> None:
    assert said in faults(content)[0]


def test_no_more_than_ten_faults_are_told() -> None:
    found = faults(text({"images": "".join(f"\n  c{n}: R" for n in range(15))}))
    assert len(found) == 11
    assert found[-1] == "and 5 more"


@given(
    st.text(alphabet="{}[]:,-*&<'\" \nabe/", max_size=80),
    st.sampled_from(["version", "environments", "workloads", "images", "sidecars", "overrides", "policy"]),
)
def test_any_text_is_read_or_refused(value: str, key: str) -> None:
    with contextlib.suppress(MalformedFleetFile):
        reading.read(text({key: value}), "f")
