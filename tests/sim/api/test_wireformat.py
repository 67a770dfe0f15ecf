"""Bodies in protobuf, as kubectl 1.36 sends them (seen in its log with -v=9)."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollonce.sim.api import wireformat

# kubectl create deployment web --image=registry.example/web:1 --replicas=2
DEPLOYMENT = bytes.fromhex("""
6b 38 73 00 0a 15 0a 07  61 70 70 73 2f 76 31 12 0a 44 65 70 6c 6f 79 6d  65 6e 74 12 bb 01 0a 1f
0a 03 77 65 62 12 00 1a  00 22 00 2a 00 32 00 38 00 42 00 5a 0a 0a 03 61  70 70 12 03 77 65 62 12
89 01 08 02 12 0c 0a 0a  0a 03 61 70 70 12 03 77 65 62 1a 6f 0a 1c 0a 00  12 00 1a 00 22 00 2a 00
32 00 38 00 42 00 5a 0a  0a 03 61 70 70 12 03 77 65 62 12 4f 12 31 0a 03  77 65 62 12 16 72 65 67
69 73 74 72 79 2e 65 78  61 6d 70 6c 65 2f 77 65 62 3a 31 2a 00 42 00 6a  00 72 00 80 01 00 88 01
00 90 01 00 a2 01 00 1a  00 32 00 42 00 4a 00 52 00 58 00 60 00 68 00 82  01 00 8a 01 00 9a 01 00
c2 01 00 22 02 0a 00 28  00 38 00 1a 0c 08 00 10 00 18 00 20 00 28 00 38  00 1a 00 22 00
""")


def _field(number: int, value: bytes) -> bytes:
    """One field whose value is bytes, all short enough for one byte of length."""
    assert number < 16
    assert len(value) < 128
    return bytes([number << 3 | 2, len(value)]) + value


def _object(api_version: str, kind: str, raw: bytes) -> bytes:
    head = _field(1, api_version.encode()) + _field(2, kind.encode())
    return wireformat.MAGIC + _field(1, head) + _field(2, raw)


def test_what_kubectl_sends_is_what_it_means() -> None:
    """Zeros that are no pointers are absent fields, as they are in the JSON of the same client."""
    labels = {"app": "web"}
    container = {"name": "web", "image": "registry.example/web:1"}
    assert wireformat.decode(DEPLOYMENT) == {
        "kind": "Deployment",
        "apiVersion": "apps/v1",
        "metadata": {"name": "web", "labels": labels},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }


def test_a_zero_behind_a_pointer_is_a_value() -> None:
    no_replicas = _object("apps/v1", "Deployment", _field(2, b"\x08\x00\x28\x00"))
    assert wireformat.decode(no_replicas)["spec"] == {"replicas": 0}


def test_bytes_become_base64() -> None:
    entry = _field(1, b"release") + _field(2, b"\x00\xff")
    secret = _object("v1", "Secret", _field(2, entry))
    assert wireformat.decode(secret)["data"] == {"release": base64.b64encode(b"\x00\xff").decode()}


@pytest.mark.parametrize("group", ["v1", "apps/v1"])
def test_options_of_a_delete_are_of_every_group(group: str) -> None:
    assert wireformat.decode(_object(group, "DeleteOptions", _field(4, b"Foreground"))) == {
        "kind": "DeleteOptions",
        "apiVersion": group,
        "propagationPolicy": "Foreground",
    }


def test_every_message_that_is_named_is_in_the_table() -> None:
    seen, open_ = set(), set(wireformat._kinds().values())
    while open_:
        message = open_.pop()
        seen.add(message)
        inner = {field.type.removeprefix("items:") for field in wireformat._fields_of(message).values()}
        open_ |= {type_ for type_ in inner if "." in type_} - seen
    assert len(seen) > 400


@given(st.binary(max_size=300), st.integers(0, len(DEPLOYMENT)), st.sampled_from(["cut", "put", "alone"]))
def test_any_bytes_are_an_object_or_malformed(noise: bytes, place: int, how: str) -> None:
    body = {
        "cut": DEPLOYMENT[:place],
        "put": DEPLOYMENT[:place] + noise + DEPLOYMENT[place:],
        "alone": _object("v1", "Pod", b"") + noise,
    }[how]
    try:
        decoded = wireformat.decode(body)
    except wireformat.Malformed:
        return
    assert isinstance(decoded, dict)


def test_no_message_is_within_itself() -> None:
    """So what a client sends cannot be deeper than the table, and needs no bound."""

    def visit(message: str, above: tuple[str, ...]) -> None:
        assert message not in above
        for field in wireformat._fields_of(message).values():
            if "." in (inner := field.type.removeprefix("items:")):
                visit(inner, (*above, message))

    for message in wireformat._kinds().values():
        visit(message, ())
