"""Files, folders and standard input, as kubectl takes them."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from rollonce.app import sources
from rollonce.errors import MalformedManifest, UnreadableManifest

ONE = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.yaml", "a.yml", "c.json", "images.txt", "d.yaml.bak"):
        text = '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "%s"}}' if name == "c.json" else ONE
        (tmp_path / name).write_text(text % name.replace(".", "-"))
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "e.yaml").write_text(ONE % "e")
    return tmp_path


def test_a_folder_is_read_in_the_order_of_its_names_and_not_below(folder: Path) -> None:
    assert [manifest.name for manifest in sources.load([str(folder)])] == ["a-yml", "b-yaml", "c-json"]


def test_a_file_that_is_named_may_have_any_ending(folder: Path) -> None:
    (found,) = sources.load([str(folder / "d.yaml.bak")])
    assert (found.name, str(found.place)) == ("d-yaml-bak", f"{folder / 'd.yaml.bak'}:1")


def test_standard_input_is_a_dash() -> None:
    (found,) = sources.load(["-"], stdin=io.BytesIO((ONE % "x").encode()))
    assert str(found.place) == "standard input:1"


@pytest.mark.parametrize("name", ["missing", "empty", "-"])
def test_what_is_not_there_is_an_error(name: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UnreadableManifest):
        sources.load([name if name == "-" else str(tmp_path / name)])


def test_a_malformed_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text(ONE % "a" + "---\nkind: [\n")
    with pytest.raises(MalformedManifest, match=r"x\.yaml:\d+: "):
        sources.load([str(tmp_path)])
