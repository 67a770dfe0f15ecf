"""Scalars are what kubectl's reader takes them for; each row was tried with `kubectl patch --local -o json`."""

from __future__ import annotations

import pytest

from rollonce.text import document, scalars

CASES: list[tuple[str, scalars.Value]] = [
    ("0644", 420),
    ("0o644", 420),
    ("08", 8),
    ("0x1F", 31),
    ("0b101", 5),
    ("-0b101", -5),
    ("1_000", 1000),
    ("+7", 7),
    ("-0", 0),
    ("9223372036854775807", 9223372036854775807),
    ("yes", True),
    ("y", True),
    ("off", False),
    ("N", False),
    ("True", True),
    ("tRUE", "tRUE"),
    ("~", None),
    ("Null", None),
    ("1.0", 1),
    ("1.50", 1.5),
    (".5", 0.5),
    ("1e3", 1000),
    ("1.2.3", "1.2.3"),
    ("12:30", "12:30"),
    ("2026-01-01", "2026-01-01"),
    ("100m", "100m"),
    ('"0644"', "0644"),
    ("'yes'", "yes"),
    ("!!str 0644", "0644"),
    ("! 12", "12"),
    ('!!int "12"', 12),
    ("!!float 3", 3),
    ('!!bool "yes"', True),
]


@pytest.mark.parametrize(("written", "value"), CASES)
def test_a_scalar_has_the_value_that_kubectl_gives_it(written: str, value: scalars.Value) -> None:
    node = document.parse(f"a: {written}\n".encode())
    assert node is not None
    assert document.plain(node) == {"a": value}
    assert isinstance(document.plain(node)["a"], type(value))  # type: ignore[index]


@pytest.mark.parametrize(
    ("written", "key"), [("on", "true"), ("0644", "420"), ("'on'", "on"), ("a.b/c", "a.b/c"), ("1.5", "1.5")]
)
def test_a_key_is_a_string(written: str, key: str) -> None:
    node = document.parse(f"{written}: x\n".encode())
    assert node is not None
    assert document.plain(node) == {key: "x"}


def test_block_scalars_anchors_and_merges() -> None:
    text = b"a: &a\n  k: 1\n  l: 2\nb:\n  <<: *a\n  l: 3\nc: |\n  two\n  lines\nd: >-\n  folded\n  text\n"
    node = document.parse(text)
    assert node is not None
    assert document.plain(node) == {
        "a": {"k": 1, "l": 2},
        "b": {"k": 1, "l": 3},
        "c": "two\nlines\n",
        "d": "folded text",
    }


def test_nodes_know_line_and_column() -> None:
    node = document.parse(b"a:\n  - b: c\n")
    assert isinstance(node, document.Mapping)
    inner = node.fields["a"]
    assert isinstance(inner, document.Sequence)
    item = inner.items[0]
    assert isinstance(item, document.Mapping)
    value = item.fields["b"]
    assert [(part.line, part.column) for part in (inner, item, value)] == [(2, 3), (2, 5), (2, 8)]


def test_a_text_has_several_documents() -> None:
    assert [document.plain(node) for node in document.documents(b"a: 1\n---\n---\nb: 2\n...\n")] == [
        {"a": 1},
        None,
        {"b": 2},
    ]
