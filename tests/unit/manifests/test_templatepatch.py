"""A file of `--patch`."""

from __future__ import annotations

import msgspec
import pytest

from rollonce.errors import MalformedEdit, MalformedReference, UnknownKind
from rollonce.manifests import templatepatch
from tests.unit.builders import named


@pytest.mark.parametrize(
    "content",
    [b"spec: {hostNetwork: yes}\n", b'{"spec":{"hostNetwork":true}}', b"---\n---\nspec:\n  hostNetwork: true"],
)
def test_yaml_or_json(content: bytes) -> None:
    edit = templatepatch.read(content, "part.yaml", act="converge")
    assert msgspec.json.decode(edit.body) == {"spec": {"hostNetwork": True}}
    assert (edit.workload, edit.origin) == (None, "--patch 'part.yaml'")


def test_it_may_be_for_one_workload() -> None:
    assert templatepatch.target("deploy/ceo:a/part.yaml", act="converge") == (named("deployment/ceo"), "a/part.yaml")
    for file in ("part.yaml", "./a:b", "/a/b:c", "../a:b", "-"):
        assert templatepatch.target(file, act="converge") == (None, file)


@pytest.mark.parametrize(("text", "error"), [("a:b", MalformedReference), ("pod/x:b", UnknownKind)])
def test_what_is_before_a_colon_is_a_workload(text: str, error: type[Exception]) -> None:
    with pytest.raises(error) as caught:
        templatepatch.target(text, act="converge")
    assert f"write a file whose name has a colon as ./{text}" in caught.value.hint  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("content", "fact"),
    [
        (b"", "part.yaml: it has 0 documents"),
        (b"spec: {}\n---\nspec: {}\n", "part.yaml: it has 2 documents"),
        (b"- a\n", "part.yaml:1: a part of a pod template is a mapping"),
        (b"{}", "part.yaml:1: a part of a pod template is a mapping"),
        (b"\ncontainers: []\n", "part.yaml:2: a pod template has no containers"),
        (b"spec: {template: {}}\n", "part.yaml:1: this is a part of a workload"),
        (b"spec: {jobTemplate: {}}\n", "part.yaml:1: this is a part of a workload"),
        (b'spec: {a: "\\uD800"}', "part.yaml:1: found invalid Unicode"),
        (b"spec: [\n", "part.yaml:2: "),
    ],
)
def test_what_is_no_part_of_a_template_is_named_with_its_line(content: bytes, fact: str) -> None:
    with pytest.raises(MalformedEdit) as caught:
        templatepatch.read(content, "part.yaml", act="converge")
    assert caught.value.fact.startswith(fact)
    assert "below spec.template" in caught.value.hint


def test_an_error_does_not_quote_the_file() -> None:
    with pytest.raises(MalformedEdit) as caught:
        templatepatch.read(b"env: [{name: A, value: hunter2\n", "part.yaml", act="converge")
    assert "hunter2" not in f"{caught.value.act} {caught.value.fact}"
