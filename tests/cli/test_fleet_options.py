"""The fleet file and the command line together, as far as no cluster is needed to know better."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rollonce.cli import program
from tests.controlplane.manifests import deployment

FILE = """
version: 1
environments:
  production:
    context: prod
    namespace: agents
    policy: {mayForce: [again]}
  spread:
    namespaces: [a, b]
  open: {}
workloads: WORKLOADS
images: {agent: registry.example/agent}
"""
NAMES, KINDS = "[deployment/ceo]", "{kinds: [deployment], selector: fleet=agents}"


def said(
    arguments: str,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    workloads: str,
    command: str = "converge",
) -> str:
    """What the command says on standard error where there is no cluster; it has to be an error of usage."""
    (folder / "rollonce.yaml").write_text(FILE.replace("WORKLOADS", workloads))
    (folder / "agent.yaml").write_text(json.dumps(deployment("ceo", {"agent": "registry.example/agent:1"})))
    monkeypatch.chdir(folder)
    monkeypatch.setenv("KUBECONFIG", str(folder / "none"))
    monkeypatch.setenv("HOME", str(folder))
    code = program.run([command, *arguments.split()])
    told = capsys.readouterr().err
    # With a kubeconfig that is not there nothing but its absence can be wrong with what is consistent.
    assert code == (3 if told.startswith("error: bad-kubeconfig") else 2), told
    return told


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("--build 7", "--build is for the fleet file, and no environment is named"),
        ("--fleet rollonce.yaml", "--fleet is for the fleet file, and no environment is named"),
        ("--env production deployment/cso", "argument 'deployment/cso' does so too"),
        ("--env production -A", "argument '-A' does so too"),
        ("--env production --all", "argument '--all' does so too"),
        ("--env production -n other", "rollonce.yaml:6:16 says agents, and argument '-n other' says other"),
        ("--env production --context x", "rollonce.yaml:5:14 says prod, and argument '--context x' says x"),
        ("--env production --force-managed", "7:24: mayForce does not have managed, and argument '--force-managed'"),
        ("--env production --allow-unmatched", "7:24: mayForce does not have unmatched"),
        ("--env spread -n a", "rollonce.yaml:9:18 says 2 namespaces, and argument '-n a' says a"),
        ("--env open -l x=y", "names exclude -l and --all"),
        (
            "--env open agent=registry.example/agent:2",
            "rollonce.yaml:12:17 and argument 'agent=registry.example/agent:2'",
        ),
        ("--env production --exit-code", "--exit-code tells of pending changes"),
        ("--env spread -f agent.yaml", "9:18 says 2 namespaces, and the manifests of -f agent.yaml go to one"),
        ("--env production -f agent.yaml -n other", "6:16 says agents, and argument '-n other' says other"),
        ("--env production -f agent.yaml --force-managed", "7:24: mayForce does not have managed"),
        ("--env production -f agent.yaml --all", "the manifests of -f agent.yaml say which workloads are meant"),
        ("--build 7 -f agent.yaml", "--build is for the fleet file, and no environment is named"),
        ("--env open -f agent.yaml agent=registry.example/agent:2", "rollonce.yaml:12:17 and argument"),
    ],
)
def test_what_contradicts_the_file_is_an_error_that_names_both(
    arguments: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert told in said(arguments, tmp_path, capsys, monkeypatch, NAMES)


@pytest.mark.parametrize(
    ("arguments", "workloads"),
    [
        ("--env production -n agents --context prod --again", NAMES),
        ("--env production --no-wait --timeout 1h", NAMES.replace("]", ", sts/queue]")),
        ("--env open --context x -n y --allow-unmatched", NAMES),
        ("--env open deployment/ceo:agent=registry.example/agent:2", NAMES),
        ("--env open -l fleet=agents", KINDS),
        ("--env spread", KINDS),
        ("--env production -f agent.yaml --again", NAMES),
        ("--env open -f agent.yaml -n y", KINDS),
    ],
)
def test_what_the_file_leaves_open_the_command_line_fills_in(
    arguments: str,
    workloads: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing is wrong but that there is no cluster."""
    assert said(arguments, tmp_path, capsys, monkeypatch, workloads).startswith("error: bad-kubeconfig")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("--build 7", "--build is for the fleet file, and no environment is named"),
        ("--env production deployment/cso", "argument 'deployment/cso' does so too"),
        ("--env production -n other", "rollonce.yaml:6:16 says agents, and argument '-n other' says other"),
        ("--env nowhere", "nowhere"),
        ("--env production", "rollonce.yaml:5:14 names the context prod"),
        ("--env production -f agent.yaml", "rollonce.yaml:5:14 names the context prod"),
        ("--env spread -f agent.yaml", "9:18 says 2 namespaces, and the manifests of -f agent.yaml go to one"),
    ],
)
def test_a_plan_takes_the_file_as_converge_does(
    arguments: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert told in said(arguments, tmp_path, capsys, monkeypatch, NAMES, command="plan")


def test_a_context_that_is_not_there_is_named_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = said("--env production", tmp_path, capsys, monkeypatch, NAMES)
    assert told.startswith("error: bad-kubeconfig")
    assert "rollonce.yaml:5:14 names the context prod" in told


def test_another_selector_than_the_files_is_a_contradiction(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = said("--env open -l fleet=other", tmp_path, capsys, monkeypatch, KINDS)
    assert "says fleet=agents, and argument '-l fleet=other' says fleet=other" in told
