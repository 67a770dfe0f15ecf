"""What makes no sense is told before anything is asked of a cluster, in one form and with one exit code.

So it is all the same which cluster that is.
"""

from __future__ import annotations

import pytest

from rollonce.errors import ExitCode
from tests.scenarios import fleet
from tests.scenarios.backends import SIMULATED
from tests.scenarios.interposer import Interposer
from tests.scenarios.world import World

pytestmark = pytest.mark.parametrize("world", [SIMULATED], indirect=True)

CEO = "deployment/agent-ceo"
AGENT = "agent=registry.test/agent:b2"
NO_TEXT = "\udcff"  # a byte of the command line that is not UTF-8, as Python hands it on
LONG = "a" * 300


@pytest.mark.parametrize(
    ("arguments", "slug", "fact"),
    [
        ([], "usage", "nothing is wanted"),
        ([CEO], "usage", "nothing is wanted"),
        ([AGENT], "usage", "no workload is named"),
        (["deploy", AGENT], "usage", "neither names nor -l nor --all"),
        (["deploy", "-l", "", AGENT], "usage", "neither names nor -l nor --all"),
        (["deploy", "-A", "agent-ceo", AGENT], "usage", "a name belongs to one namespace"),
        (["deploy", "-A", "-n", "x", "--all", AGENT], "usage", "-n and -A exclude each other"),
        (["deploy", "--all", "-l", "a=b", AGENT], "usage", "-l and --all exclude each other"),
        ([CEO, "--all", AGENT], "usage", "names exclude -l and --all"),
        ([CEO, AGENT, "--exit-code"], "usage", "--exit-code"),
        ([CEO, AGENT, "-o", "yaml"], "usage", "'yaml' is not one of"),
        ([CEO, AGENT, "--no-such-option"], "usage", "No such option"),
        ([CEO, AGENT, "--timeout", "-5"], "usage", "'-5' is not a duration"),
        ([CEO, AGENT, "--timeout", "soon"], "usage", "'soon' is not a duration"),
        ([CEO, AGENT, "--timeout", "99999999999h"], "usage", "longer than a year"),
        ([CEO, AGENT, "--timeout", "9" * 400], "usage", "longer than a year"),
        (["deploy/a/b", AGENT], "malformed-reference", "not of the form kind/name"),
        (["deploy/", AGENT], "malformed-reference", "not of the form kind/name"),
        (["deploy/X", AGENT], "malformed-reference", "not a name that Kubernetes allows"),
        (["deploy", LONG, AGENT], "malformed-reference", "not a name that Kubernetes allows"),
        (["deploy/x", "sts", AGENT], "malformed-reference", "has no kind"),
        ([CEO, AGENT, "deploy/x"], "malformed-reference", "comes after the pair"),
        ([CEO, AGENT, "-n", ".."], "malformed-reference", "not a namespace"),
        ([CEO, AGENT, "-n", "a/b"], "malformed-reference", "not a namespace"),
        ([CEO, AGENT, "-n", NO_TEXT], "malformed-reference", "not a namespace"),
        (["deploy", "-l", NO_TEXT, AGENT], "malformed-selector", "not text"),
        (["pod/x", AGENT], "unknown-kind", "is a pod"),
        (["deploymnt/x", AGENT], "unknown-kind", "there is no kind"),
        ([CEO, "=x"], "malformed-pair", "it names no container"),
        ([CEO, "Agent=x"], "malformed-pair", "'Agent' is not a container's name"),
        ([CEO, "deploy/a/b:agent=x"], "malformed-reference", "not of the form kind/name"),
        ([CEO, "agent="], "malformed-image", "the image is empty"),
        ([CEO, "agent=a b"], "malformed-image", "white space"),
        ([CEO, f"agent=a:{NO_TEXT}"], "malformed-image", "unprintable"),
        ([CEO, "agent=r/Agent:1"], "malformed-image", "upper-case"),
        ([CEO, "agent=r/a@sha256:12"], "malformed-image", "digest"),
        ([CEO, "agent=https://r/a:1"], "malformed-image", "not an image reference"),
        ([CEO, f"agent={LONG}"], "malformed-image", "300 characters"),
        ([CEO, "agent=a:1", "agent=a:2"], "contradicting-edits", "'agent=a:1' and argument 'agent=a:2'"),
        ([CEO, f"{CEO}:agent=a:1", "deploy/agent-ceo:agent=a:2"], "contradicting-edits", "for deployment/agent-ceo:"),
        ([CEO, "--set-env", "LOG=x"], "malformed-edit", "it names no container"),
        ([CEO, "--set-env", f"agent:A={NO_TEXT}"], "malformed-edit", "not text"),
        ([CEO, "--set-env", "a:A=1", "--set-env", "a:A-"], "contradicting-edits", "--set-env 'a:A-'"),
        ([CEO, "--resources", "agent:cpu=1"], "malformed-edit", "not a request or limit"),
        ([CEO, "--label", "a=b c"], "malformed-edit", "not a value that a label may have"),
        ([CEO, "--annotation", "a/b/c=x"], "malformed-edit", "not a key"),
        ([CEO, "--workload-annotation", "rollonce.dev/deploy-id=x"], "malformed-edit", "written by rollonce"),
        ([CEO, "--restart-only", "agent-ceo"], "malformed-reference", "not of the form kind/name"),
        ([CEO, "--patch", "no-such-file.yaml"], "unreadable-file", "no-such-file.yaml: No such file"),
        ([CEO, "--patch", "a:b"], "malformed-reference", "./a:b"),
        ([CEO, AGENT, "--plan", "plan.json"], "usage", "--plan excludes"),
        ([CEO, AGENT, "--deploy-id", "release 7"], "bad-deploy-id", "cannot be a deploy id"),
        ([CEO, AGENT, "--deploy-id", LONG], "bad-deploy-id", "cannot be a deploy id"),
        ([CEO, AGENT, "--deploy-id", NO_TEXT], "bad-deploy-id", "cannot be a deploy id"),
    ],
    ids=lambda value: " ".join(value)[:40].encode("ascii", "replace").decode() if isinstance(value, list) else None,
)
@pytest.mark.parametrize("output", ["text", "json"])
def test_it_is_told_and_nothing_is_asked(world: World, arguments: list[str], slug: str, fact: str, output: str) -> None:
    recorded = Interposer()
    form = [] if "-o" in arguments else ["-o", output]
    run = world.converge(*arguments, *form, interposer=recorded)
    first, *rest = run.err.splitlines()
    assert (run.code, first, run.out) == (ExitCode.USAGE, f"error: {slug}", "")
    assert fact in run.err
    assert rest[-1].startswith("hint: ")
    assert recorded.requests == []


def test_the_same_pair_twice_is_one_pair(world: World) -> None:
    """Scripts put lists together; what says the same twice says nothing wrong."""
    world.has(fleet.ceo("b1"))
    run = world.converge(CEO, CEO, AGENT, AGENT, "-o", "json")
    assert (run.code, run.json()["patchesSent"]) == (0, 1)
