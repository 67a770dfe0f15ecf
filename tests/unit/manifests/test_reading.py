"""Text to manifests: documents, lists, places, and text that is none of it."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollonce.errors import MalformedManifest
from rollonce.manifests import reading
from rollonce.manifests.manifest import Manifest

TWO = b"""# the fleet
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: agents}
data:
  on: yes
---
# nothing here
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: agent-ceo
"""


def read(text: bytes, size: int = 1 << 20) -> list[Manifest]:
    chunks = (text[start : start + size] for start in range(0, len(text), size))
    return list(reading.read(chunks, "fleet.yaml"))


def test_each_document_is_a_manifest_with_its_place() -> None:
    settings, ceo = read(TWO)
    assert (settings.kind, settings.namespace, settings.name, str(settings.place)) == (
        "ConfigMap",
        "agents",
        "settings",
        "fleet.yaml:2",
    )
    assert (ceo.api_version, ceo.namespace, ceo.name, str(ceo.place)) == ("apps/v1", "", "agent-ceo", "fleet.yaml:10")
    assert not ceo.live


def test_values_are_what_kubectl_makes_of_them() -> None:
    assert json.loads(read(TWO)[0].body)["data"] == {"true": True}


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
def test_a_dump_is_read_item_by_item_however_it_arrives(size: int) -> None:
    items = [
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": f'p"{n}\\', "uid": f"u{n}"}, "spec": {"items": [{}]}}
        for n in range(3)
    ]
    text = json.dumps({"apiVersion": "v1", "items": items, "kind": "List"}, indent=2).encode()
    found = read(text, size)
    assert [json.loads(manifest.body) for manifest in found] == items
    assert [text.splitlines()[manifest.place.line - 1].strip() for manifest in found] == [b"{"] * 3
    assert all(manifest.live for manifest in found)


def test_lists_in_lists_and_typed_lists_are_unpacked() -> None:
    one = b'{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "%s"}}'
    inner = b'{"apiVersion": "v1", "kind": "ConfigMapList", "metadata": {}, "items": [' + one % b"a" + b"]}"
    text = b'{"apiVersion": "v1", "kind": "List", "items": [' + inner + b"," + one % b"b" + b"]}\n" + one % b"c"
    assert [manifest.name for manifest in read(text)] == ["a", "b", "c"]
    yaml = b"kind: List\napiVersion: v1\nitems:\n- {apiVersion: v1, kind: Secret, metadata: {name: s}}\n"
    assert [str(manifest.place) for manifest in read(yaml)] == ["fleet.yaml:4"]


def test_an_empty_list_is_no_manifest() -> None:
    assert read(b'{"apiVersion": "v1", "items": [], "kind": "List", "metadata": {"resourceVersion": ""}}') == []
    assert read(b"") == read(b"# nothing\n---\n") == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"a: b: c\n", "fleet.yaml:1: mapping values are not allowed"),
        (b"kind: Pod\nmetadata: {name: p}\n", "fleet.yaml:1: apiVersion is missing"),
        (b"apiVersion: v1\nkind: Pod\n", "fleet.yaml:1: metadata.name is missing"),
        (b"- a\n", "fleet.yaml:1: a manifest is a mapping"),
        (b"apiVersion: v1\nkind: [Pod]\n", "fleet.yaml:1: Expected `str"),
        (b"x: 1\n---\na: *nobody\n", "fleet.yaml:1: kind is missing"),
        (b'{"apiVersion": "v1",\n "kind": "Pod"', "fleet.yaml:2: the text ends within an object"),
        (b'{"items": [\n{"kind": "Pod"},\n 3]}', "fleet.yaml:2: apiVersion is missing"),
        (b'{"items": [3]}', "fleet.yaml:1: an item that is no object"),
        (b'{"a": tru}', "fleet.yaml:1: JSON is malformed"),
        (b"{}]", "fleet.yaml:1: "),
        (b"\xff\xfe", "fleet.yaml:1: not UTF-8"),
        (b"a: 1\nb: .inf\n", "fleet.yaml:2: .inf is no number"),
        (b"[" * 200_000, "nested deeper"),
        (b'{"a":' * 200_000, "nested deeper"),
    ],
)
def test_what_is_malformed_is_an_error_with_its_line(text: bytes, said: str) -> None:
    with pytest.raises(MalformedManifest) as caught:
        read(text)
    assert said in caught.value.fact


def test_a_few_lines_of_aliases_do_not_become_millions_of_values() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    with pytest.raises(MalformedManifest, match="too large once its aliases are written out"):
        read("\n".join(lines).encode())


def test_merges_do_not_grow_without_bound() -> None:
    wide = "a: &a {" + ", ".join(f"k{n}: 1" for n in range(2000)) + "}\n"
    with pytest.raises(MalformedManifest, match="merges"):
        read((wide + "".join(f"b{n}: {{<<: *a}}\n" for n in range(900))).encode())


def _texts() -> Iterator[st.SearchStrategy[bytes]]:
    yield st.binary(max_size=200)
    yield st.text(alphabet='{}[]",:\\ \nab&*-<', max_size=60).map(str.encode)


@given(st.one_of(*_texts()), st.integers(1, 9))
def test_any_text_is_read_or_refused(text: bytes, size: int) -> None:
    with contextlib.suppress(MalformedManifest):
        read(text, size)
