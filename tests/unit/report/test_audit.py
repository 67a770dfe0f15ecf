"""How an audit reads, in each form."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import msgspec

from rollonce.errors import ExitCode
from rollonce.history.review import Review
from rollonce.report import audit_json, audit_markdown, audit_text, explain_text, junit
from tests.unit.history.pictures import NOON, Picture
from tests.unit.history.test_findings import AFTER as NEW
from tests.unit.history.test_findings import BEFORE as OLD
from tests.unit.history.test_findings import story


def told(**question: Any) -> Review:
    return story().pod(1143, 3842, 3932).review(since=NOON, **question)


def test_the_first_line_says_it_in_words() -> None:
    assert audit_text.headline(told()) == (
        "Of 3 rolls in the last 24 hours, 1 was redundant (33%): 92 s of outage that no change needed. "
        "Worst: deployment/agent-ceo, 1."
    )


def test_the_text_tells_each_roll_of_the_deploy_and_the_cure() -> None:
    lines = audit_text.lines(told())
    place = next(i for i, line in enumerate(lines) if line.startswith("deploy "))
    assert lines[place : place + 7] == [
        "deploy build 4f2c-1187 (by build: tags name build 4f2c-1187)",
        "  deployment/agent-ceo",
        "    2026-03-02 13:00:00Z  1141 -> 1142: agent 4f2b-1186 -> 4f2c-1187; by kubectl-set",
        "    2026-03-02 13:04:02Z  1142 -> 1143: agent unchanged; git-sync 4f2b-1186 -> 4f2c-1187, the build that "
        "agent already had in 1142: a split; by kubectl",
        "      took 92 s (90 s to 94 s) of outage, observed: Recreate: 1 pod down before a new one starts; "
        "stopping took 2 s, starting took 90 s",
        "      cure: make all changes in one write, before the steps that made them one by one",
        "        rollonce converge deployment/agent-ceo agent=registry.example/agent:4f2c-1187 "
        "git-sync=registry.example/git-sync:4f2c-1187 -n agents",
    ]


def test_it_says_how_far_back_it_could_see_and_that_a_count_is_a_bound() -> None:
    lines = audit_text.lines(told())
    assert "The oldest revision that can be seen is of 2026-03-02 12:00:00Z." in lines
    assert "Older revisions are gone: deployment/agent-ceo rolled 1142 times at least, 3 can be seen." in lines


def test_when_there_is_nothing_it_says_so() -> None:
    found = Picture().revision(1, 0, "agent=a").revision(2, 60, "agent=b").review()
    assert audit_text.lines(found) == [
        "None of 1 roll was redundant.",
        "",
        "The oldest revision that can be seen is of 2026-03-02 12:00:00Z.",
    ]


def test_an_interrupted_audit_says_that_it_is_one() -> None:
    assert audit_text.headline(told(), interrupted=True).startswith("So far: of 3 rolls")


def test_a_deploy_that_made_no_roll_is_told_as_such() -> None:
    assert audit_text.headline(told(deploy_id="run-7")) == ("No roll of deploy run-7 can be seen in the last 24 hours.")


def test_the_document_is_versioned_and_holds_what_the_text_says() -> None:
    document = msgspec.json.decode(audit_json.render(told(), exit_code=ExitCode.REDUNDANT))
    [finding] = document["findings"]
    assert (document["version"], document["exitCode"]) == ("rollonce.audit/v1", 6)
    assert (finding["kind"], finding["before"], finding["after"]) == ("split", 1142, 1143)
    assert finding["changes"] == [
        {
            "path": "containers[git-sync].image",
            "container": "git-sync",
            "old": "registry.example/git-sync:4f2b-1186",
            "new": "registry.example/git-sync:4f2c-1187",
        }
    ]
    assert document["summary"]["cost"]["outageSeconds"] == {"low": 90.0, "likely": 92.0, "high": 94.0}
    assert document["workloads"][0]["rollsAtLeast"] == 1142


def test_equal_evidence_gives_equal_bytes() -> None:
    assert audit_json.render(told(), exit_code=ExitCode.OK) == audit_json.render(told(), exit_code=ExitCode.OK)


def test_rolls_of_a_deploy_are_told_in_the_order_of_their_revisions() -> None:
    """Also where one that is not counted lies between two that are."""
    picture = Picture().revision(1, 0, f"agent={OLD} git-sync={OLD}").revision(2, 30, f"agent={NEW} git-sync={OLD}")
    picture.revision(3, 60, f"agent={NEW} git-sync={NEW}").revision(4, 90, f"agent={NEW} git-sync={OLD}x")
    review = picture.revision(5, 120, f"agent={NEW} git-sync={OLD}x", restarted="now").review()
    first, *_, last = review.findings
    kept = [each for each in (first, last) if each.deploy == first.deploy]
    told_of = [line for line in audit_text.workload_lines("deployment/x", kept) if " -> " in line and ":" in line]
    numbers = [line.split("Z  ")[1].split(":")[0] for line in told_of if "Z  " in line]
    assert numbers == ["1 -> 2", "2 -> 3", "3 -> 4", "4 -> 5"]


def test_junit_has_a_case_a_workload_and_a_failure_where_it_rolled_twice() -> None:
    root = ElementTree.fromstring(junit.render(told()))
    [case] = root.iter("testcase")
    [failure] = root.iter("failure")
    assert (root.get("tests"), root.get("failures")) == ("1", "1")
    assert (case.get("name"), failure.get("type")) == ("deployment/agent-ceo", "split")
    assert "1142 -> 1143" in (failure.text or "")


def test_junit_survives_what_xml_cannot_hold() -> None:
    picture = Picture().revision(1, 0, "agent=a", env={"X": "1"}).revision(2, 60, "agent=b", env={"X": "1"})
    found = picture.revision(3, 90, "agent=b", env={"X": "\x1b]<&"}).review()
    ElementTree.fromstring(junit.render(found))


def test_markdown_has_the_sentence_the_table_and_the_command() -> None:
    lines = audit_markdown.lines(told())
    assert lines[0].startswith("**Of 3 rolls")
    assert "| deployment/agent-ceo | 3 | 1 | 92 s (90 s to 94 s) | none |" in lines
    assert any(line.strip().startswith("rollonce converge") for line in lines)


def test_explain_tells_how_each_thing_is_known() -> None:
    lines = explain_text.lines(told(), 1143)
    assert "  revision 1143, 2026-03-02 13:04:02Z (seen: agent-ceo-1143 was made then)" in lines
    assert any("its last write lies between the two revisions" in line for line in lines)
    assert not any("revision 1142," in line for line in lines)
