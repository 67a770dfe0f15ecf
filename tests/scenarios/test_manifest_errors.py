"""What `converge -f` does not take, each known before anything is sent; and where it takes manifests from."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from unittest import mock

import pytest

from tests.controlplane import manifests
from tests.scenarios import fleet
from tests.scenarios.backends import real_only
from tests.scenarios.interposer import Interposer
from tests.scenarios.manifest_folder import Folder, Object, backup, config, written
from tests.scenarios.world import World, image

CEO, CSO = fleet.BOTH
B1 = image("agent", "b1")


def nowhere(thing: Object) -> Object:
    """In a namespace that is not there."""
    return {**thing, "metadata": {**thing["metadata"], "namespace": "nowhere"}}


BROKEN = {
    "unknown field": (
        "refused-manifest",
        ".spec.template.spec.containerz: field not declared in schema",
        {
            **fleet.ceo("b1"),
            "spec": {**fleet.ceo("b1")["spec"], "template": {"metadata": {}, "spec": {"containerz": []}}},
        },
    ),
    "no valid object": ("refused-manifest", "replicas", fleet.ceo("b1", replicas=-1)),
    "wrong type": ("refused-manifest", "data", {**config("settings"), "data": {"A": {"b": "c"}}}),
    "unserved kind": ("unserved-kind", "the cluster serves no Backup of scenario.example/v1", backup("x")),
    "misspelt kind": ("unserved-kind", "the nearest kind is ConfigMap", {**config("x"), "kind": "ConfigMaps"}),
    "no name": ("malformed-manifest", "generateName", {**config("x"), "metadata": {"generateName": "x-"}}),
    "no workload": (
        "malformed-manifest",
        "",
        {**fleet.ceo("b1"), "spec": {"template": {"metadata": {}, "spec": {"containers": 1}}}},
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_manifest_that_the_server_does_not_take_stops_all_before_anything_is_sent(
    world: World, folder: Folder, case: str
) -> None:
    """In its words, with file and line; also where other objects are fine."""
    slug, words, thing = BROKEN[case]
    folder.has(config("fine", A="1"), thing)
    seen = Interposer()
    run = folder.converge(interposer=seen)
    assert (run.code, run.err.splitlines()[0]) == (2, f"error: {slug}"), run.out + run.err
    assert f"{folder.path}/1.json:1: " in run.err
    assert words in run.err
    assert written(seen) == []
    tried = [request.path for request in seen.requests if ("dryRun", "All") in request.query]
    assert len(tried) == len(set(tried))  # its word is final, also where it comes as a fault of the server


def test_no_credential_of_a_workload_is_repeated(world: World, folder: Folder) -> None:
    """Neither by us nor by the server, which quotes what it does not take."""
    thing: Object = fleet.ceo("b1")
    twice = [{"name": "API_PIN", "value": "48151623"}] * 2
    for variables in (twice, [{"name": "API_PIN", "value": 48151623}]):
        thing["spec"]["template"]["spec"]["containers"][0]["env"] = variables
        folder.has(thing)
        run = folder.converge()
        assert run.code == 2
        assert "env" in run.err
        assert "48151623" not in run.out + run.err


@real_only("users and their rights")
def test_a_right_that_is_missing_shows_before_anything_is_sent(world: World, folder: Folder) -> None:
    """The trial needs the rights of the write; that of autoscalers only serves to know whose replicas are."""
    world.has(fleet.ceo("b1"), server_side=False)
    for name, resource in (("workloads", "deployments.apps"), ("config", "configmaps")):
        verbs = "get,watch,patch" if name == "workloads" else "get"
        world.kubectl("create", "role", f"apply-{name}", f"--verb={verbs}", f"--resource={resource}")
        world.kubectl("create", "rolebinding", f"apply-{name}", f"--role=apply-{name}", "--user=spare-3")
    folder.has(config("settings", A="1"), fleet.ceo("b2"))
    seen = Interposer()
    run = folder.converge(user="spare-3", interposer=seen)
    assert (run.code, run.err.splitlines()[0]) == (3, "error: forbidden"), run.err
    assert written(seen) == []
    folder.has(fleet.ceo("b2"))
    allowed = folder.converge(user="spare-3")
    assert allowed.code == 0, allowed.out + allowed.err
    assert "whether an autoscaler sets replicas" in allowed.out


def test_a_typo_among_the_pairs_is_an_error(world: World, folder: Folder) -> None:
    """As without manifests, and also where nothing is there yet."""
    folder.has(fleet.ceo("b1"))
    run = folder.converge(f"agnet={B1}")
    assert (run.code, run.err.splitlines()[0]) == (2, "error: unknown-container")
    assert 'did you mean "agent"?' in run.err
    assert folder.converge(f"agnet={B1}", "--allow-unmatched", "--dry-run").code == 0


def test_one_object_twice_is_an_error_that_names_both_places(world: World, folder: Folder) -> None:
    """They would contradict each other."""
    folder.has(config("settings", A="1"), config("settings", A="2"))
    run = folder.converge()
    assert (run.code, run.err.splitlines()[0]) == (2, "error: malformed-manifest")
    assert f"{folder.path}/1.json:1: configmap/settings is given a second time, after {folder.path}/0.json:1" in run.err


@real_only("namespaces that lack and rights to make them")
def test_a_namespace_that_is_not_there_is_an_error_unless_it_is_made(world: World, folder: Folder) -> None:
    """Then nothing can be tried in it, and all is made."""
    folder.has(nowhere(config("settings", A="1")))
    run = folder.world.rollonce("converge", "-f", str(folder.path), user="applier")
    assert (run.code, run.err.splitlines()[0]) == (2, "error: namespace-absent"), run.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("-f", "x", "deployment/agent-ceo"), "the reference 'deployment/agent-ceo'"),
        (("-f", "x", "-k", "y"), "-f and -k exclude each other"),
        (("-f", "x", "-l", "a=b"), "-l"),
        (("-f", "x", "-A"), "-A"),
        (("-f", "x", "--all"), "--all"),
        (("-f", "x", "--patch", "y"), "--patch"),
        (("-f", "x", "--plan", "y"), "--plan"),
        (("-R", "deploy/x", "a=b"), "-R is for manifests"),
        (("--roll-on-config", "deploy/x", "a=b"), "--roll-on-config is for manifests"),
        (("--take-ownership", "spec.replicas", "deploy/x", "a=b"), "--take-ownership is for manifests"),
    ],
)
def test_options_that_say_the_same_thing_twice_or_for_nothing(
    world: World, arguments: tuple[str, ...], words: str
) -> None:
    """Known before a cluster is asked."""
    run = world.rollonce("converge", *arguments)
    assert (run.code, run.err.splitlines()[0]) == (2, "error: usage")
    assert words in run.err


def test_a_folder_alone_or_with_those_below_it_or_standard_input(world: World, folder: Folder) -> None:
    """As kubectl takes them."""
    below = folder.path / "below"
    below.mkdir()
    (below / "more.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: more}\n")
    (folder.path / "a.json").write_text(json.dumps(config("settings", A="1")))
    assert json.loads(folder.converge("--dry-run", "-o", "json").out)["objects"][0]["name"] == "settings"
    deep = folder.converge("-R", "--dry-run", "-o", "json").json()
    assert [o["name"] for o in deep["objects"]] == ["settings", "more"]
    text = io.TextIOWrapper(io.BytesIO(json.dumps(manifests.as_list(config("piped", A="1"))).encode()))
    with mock.patch.object(sys, "stdin", text):
        run = world.converge("-f", "-", user="applier")
    assert run.code == 0, run.err
    assert world.get("configmap/piped")["data"] == {"A": "1"}


@real_only("kubectl itself builds it")
def test_kustomize_builds_what_is_applied(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The images of the deploy go over those of the folder."""
    (tmp_path / "ceo.json").write_text(json.dumps(fleet.ceo("dev")))
    (tmp_path / "kustomization.yaml").write_text("resources: [ceo.json]\nlabels: [{pairs: {team: x}}]\n")
    programs = world.backend.kubectl.plane.kubectl.parent  # type: ignore[attr-defined]
    arguments = ("-k", str(tmp_path), *[pair for pair in fleet.pairs("b1") if not pair.startswith("cai")])
    with monkeypatch.context() as patch:
        patch.setenv("PATH", "/nowhere")
        run = world.converge(*arguments, user="applier", environment={"PATH": "/nowhere"})
        assert (run.code, run.err.splitlines()[0]) == (2, "error: unreadable-manifest")
        assert "kubectl is not there" in run.err
    run = world.converge(*arguments, user="applier", environment={"PATH": str(programs)})
    assert run.code == 0, run.err
    assert world.images(CEO)["agent"] == B1
    assert world.get(CEO)["metadata"]["labels"] == {"team": "x"}
