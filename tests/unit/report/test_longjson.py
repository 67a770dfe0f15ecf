"""Documents that are written piece by piece."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from rollonce.report import longjson


class Item(Struct):
    name: str
    inner: list[int]


class Document(Struct):
    first: str
    some: list[Item]
    more: list[Item]
    last: int


texts = st.text(alphabet='ab"\\\n[]{}: é', max_size=8)
items = st.lists(st.builds(Item, texts, st.lists(st.integers(0, 9), max_size=2)), max_size=4)


@given(texts, items, items)
def test_the_bytes_are_those_of_the_whole(first: str, some: list[Item], more: list[Item]) -> None:
    whole = msgspec.json.format(msgspec.json.encode(Document(first, some, more, 7)), indent=2) + b"\n"
    assert b"".join(longjson.pieces(Document(first, [], [], 7), {"some": some, "more": more})) == whole


def test_a_list_that_is_no_list_of_the_document_is_refused() -> None:
    with pytest.raises(ValueError, match="others"):
        list(longjson.pieces(Document("", [], [], 7), {"others": []}))


def test_it_comes_in_pieces() -> None:
    many = [Item("x" * 1000, []) for _ in range(500)]
    parts = list(longjson.pieces(Document("", [], [], 7), {"some": many}))
    assert len(parts) > 5
    assert max(map(len, parts)) < 100_000
