"""A plan as a comment at a pull request."""

from __future__ import annotations

from rollonce.model.deploy import Deploy, Source
from rollonce.plan import decide
from rollonce.report import plan_markdown
from tests.unit.builders import wish, workload
from tests.unit.plan.test_edits import thing
from tests.unit.report import story
from tests.unit.strategies import read

GOLDEN = r"""
### rollonce plan: deploy github\-27036846962.1

**2 workloads change**: 2 with an **outage**.

| workload | field | now | becomes | cost |
| --- | --- | --- | --- | --- |
| `deployment/agent-ceo` | agent: image registry.example/agent | `0a1b-1142` | `4f2c-1187` | outage |
|  | git\-sync: image registry.example/git\-sync | `0a1b-1142` | `4f2c-1187` |  |
| `deployment/agent-cso` | agent: image registry.example/agent | `0a1b-1142` | `4f2c-1187` | outage |
|  | git\-sync: image registry.example/git\-sync | `0a1b-1142` | `4f2c-1187` |  |
|  | cai\-runtime: image registry.example/cai\-runtime | `0a1b-1142` | `4f2c-1187` |  |
|  | setup \(init container\): image | `busybox` | `registry.example/setup:4f2c-1187` |  |

<details><summary>What it costs</summary>

- `deployment/agent-ceo`: outage: Recreate: 1 pod down before a new one starts; ReadWriteOnce volume ceo\-work is detached and attached
- `deployment/agent-cso`: outage: Recreate: 1 pod down before a new one starts; volume cso\-work: its access modes are not known here

</details>

<details><summary>What is left alone</summary>

- `deployment/agent-cfo`: there is no deployment/agent\-cfo in namespace agents; the nearest name is "agent\-cso"
- `deployment/agent-done`: already on target images, skipping
- `deployment/agent-ceo`: no container "cai\-runtime", skipped
- `deployment/agent-done`: no container "cai\-runtime", skipped

</details>
"""  # noqa: E501


def test_the_plan_of_the_story() -> None:
    assert plan_markdown.lines(story.PLAN, story.DEPLOY) == GOLDEN.strip("\n").splitlines()


def test_where_nothing_changes_it_says_so_first() -> None:
    told = plan_markdown.lines(story.plan_of("agent-done"), Deploy("local-1", Source.GENERATED))
    assert told[:3] == ["### rollonce plan", "", "Nothing changes, and nothing restarts."]


def test_a_refusal_comes_before_all_else() -> None:
    wanted = wish("agent=a2")
    plan = decide.decide([workload(owner="Fleet/agents"), workload("deployment/cso")], {}, wanted)
    told = plan_markdown.lines(plan, wanted.deploy)
    assert told[2].startswith("**Refused: nothing would be sent.** **1 workload changes**")
    assert told[4].startswith("- `deployment/ceo` is refused (managed): it is owned by Fleet/agents")


def test_no_value_breaks_out_of_its_cell() -> None:
    """Who may set a variable may not write the comment."""
    wanted = wish("env agent:A=`x` | <b>@all</b>", "annotation b=line\nline")
    told = plan_markdown.lines(decide.decide([read(thing())], {}, wanted), wanted.deploy)
    rows = [line for line in told if line.startswith("| ")][2:]
    assert rows == [
        "| `deployment/ceo` | agent: env A | `(none)` | `` `x` \\| <b>@all</b> `` | roll |",
        "|  | annotation b | `(none)` | `line\\nline` |  |",
    ]


def test_a_large_fleet_is_cut_and_counted() -> None:
    live = [workload(f"deployment/a{i:03}") for i in range(plan_markdown.MOST_ROWS + 5)]
    wanted = wish("agent=a2")
    told = plan_markdown.lines(decide.decide(live, {}, wanted), wanted.deploy)
    assert "and 5 more changes" in told
    assert told[2].startswith("**205 workloads change**")
