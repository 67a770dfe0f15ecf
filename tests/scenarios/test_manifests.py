"""`converge -f`: manifests with a deploy's images and edits folded in, each object in one server-side apply."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rollonce.wire import Request
from tests.controlplane import manifests
from tests.scenarios import fleet
from tests.scenarios.backends import real_only
from tests.scenarios.interposer import Interposer
from tests.scenarios.world import Run, World, image

CEO, CSO = fleet.BOTH
Object = dict[str, Any]


class Folder:
    """Manifests in files of a folder, as a repository has them."""

    def __init__(self, world: World, path: Path) -> None:
        self.world, self.path = world, path

    def has(self, *objects: Object) -> None:
        """These and no others."""
        for file in self.path.iterdir():
            file.unlink()
        for n, thing in enumerate(objects):
            (self.path / f"{n}.json").write_text(json.dumps(self.world.backend.prepared(thing)))

    def converge(self, *arguments: str, **options: Any) -> Run:
        """`converge -f` of the folder."""
        return self.world.converge("-f", str(self.path), *arguments, **{"user": "applier", **options})


@pytest.fixture
def folder(world: World, tmp_path: Path) -> Folder:
    """An empty one."""
    return Folder(world, tmp_path)


def config(name: str, **data: str) -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def written(run: Interposer) -> list[Request]:
    """The requests that wrote."""
    return [r for r in run.requests if r.method == "PATCH" and ("dryRun", "All") not in r.query]


def test_what_is_not_there_is_made_with_the_images_of_the_deploy(world: World, folder: Folder) -> None:
    """Other kinds first, then workloads; a manifest's image is only a place to put one in."""
    folder.has(fleet.cso("dev"), config("settings", LOG="info"), fleet.ceo("dev"))
    seen = Interposer()
    run = folder.converge(*fleet.pairs("b1"), interposer=seen)
    assert run.code == 0, run.out + run.err
    assert [r.path.rpartition("/")[2] for r in written(seen)][0] == "settings"
    assert len(written(seen)) == 3
    assert world.images(CEO) == {"agent": image("agent", "b1"), "git-sync": image("git-sync", "b1")}
    assert world.revision(CSO) == 1
    assert world.get("configmap/settings")["data"] == {"LOG": "info"}


def test_the_two_steps_of_a_pipeline_become_one_and_the_next_run_sends_nothing(world: World, folder: Folder) -> None:
    """Config and all images: one roll for each workload, and then none."""
    folder.has(config("settings", LOG="info"), fleet.ceo("dev"), fleet.cso("dev"))
    assert folder.converge(*fleet.pairs("b1")).code == 0
    folder.has(config("settings", LOG="debug"), fleet.ceo("dev", minReadySeconds=1), fleet.cso("dev"))
    run = folder.converge(*fleet.pairs("b2"), "--set-env", "agent:BUILD=b2")
    assert run.code == 0, run.out + run.err
    assert (world.revision(CEO), world.revision(CSO)) == (2, 2)
    assert world.get("configmap/settings")["data"] == {"LOG": "debug"}
    assert world.get(CEO)["spec"]["minReadySeconds"] == 1
    seen = Interposer()
    again = folder.converge(*fleet.pairs("b2"), "--set-env", "agent:BUILD=b2", interposer=seen)
    assert (again.code, written(seen)) == (0, []), again.out
    assert (world.revision(CEO), world.revision(CSO)) == (2, 2)
