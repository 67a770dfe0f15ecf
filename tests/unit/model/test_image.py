"""Image references."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollonce.errors import MalformedImage
from rollonce.model import image
from rollonce.model.image import ImageParts

SHA = "sha256:" + "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("agent", ("agent", "", "")),
        ("agent:1.2", ("agent", "1.2", "")),
        ("registry.example/team/agent:4f2c-1187", ("registry.example/team/agent", "4f2c-1187", "")),
        ("localhost:5000/agent", ("localhost:5000/agent", "", "")),
        ("localhost:5000/agent:5000", ("localhost:5000/agent", "5000", "")),
        ("[::1]:5000/agent:1", ("[::1]:5000/agent", "1", "")),
        ("Registry.Example/agent:V1_x", ("Registry.Example/agent", "V1_x", "")),
        (f"agent@{SHA}", ("agent", "", SHA)),
        (f"registry.example:443/agent:1@{SHA}", ("registry.example:443/agent", "1", SHA)),
        ("a.b/c__d/e-f--g.h_i:_t", ("a.b/c__d/e-f--g.h_i", "_t", "")),
        ("agent@sha512:" + "a" * 128, ("agent", "", "sha512:" + "a" * 128)),
        ("agent:" + "t" * 128, ("agent", "t" * 128, "")),
        ("a" * 255 + ":1", ("a" * 255, "1", "")),
    ],
)
def test_a_reference_is_repository_tag_and_digest(text: str, parts: tuple[str, str, str]) -> None:
    assert image.check(text, act="converge") == text
    assert image.split(text) == ImageParts(*parts)


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("", "the image is empty"),
        (" ", "white space"),
        ("agent:1 ", "white space"),
        ("agent: 1", "white space"),
        ("agent:1\n", "white space"),
        ("agent:1\x00", "unprintable"),
        ("Agent:1", "upper-case"),
        ("registry.example/Team/agent:1", "upper-case"),
        ("agent@sha256:abc", "digest"),
        (f"agent@{SHA[:-1]}", "64 lower-case hexadecimal digits"),
        (f"agent@{SHA.upper().replace('SHA', 'sha')}", "64 lower-case hexadecimal digits"),
        ("agent@md5:" + "a" * 32, "unknown algorithm 'md5'"),
        ("agent@", "digest"),
        ("agent@latest", "digest"),
        ("agent:" + "t" * 129, "not an image reference"),
        ("agent:-t", "not an image reference"),
        ("agent:", "not an image reference"),
        ("agent:a:b", "not an image reference"),
        ("https://registry.example/agent:1", "not an image reference"),
        ("registry.example//agent", "not an image reference"),
        ("/agent", "not an image reference"),
        ("agent/", "not an image reference"),
        ("-agent", "not an image reference"),
        ("agent*", "not an image reference"),
        ("a" * 256 + ":1", "the image's name has 256 characters, 255 are allowed"),
    ],
)
def test_a_malformed_image_is_refused_with_what_is_wrong(text: str, fact: str) -> None:
    with pytest.raises(MalformedImage) as caught:
        image.check(text, act="converge")
    assert fact in caught.value.fact
    assert caught.value.hint


@given(st.text())
def test_any_text_is_a_reference_or_refused(text: str) -> None:
    try:
        image.check(text, act="converge")
    except MalformedImage:
        return
    parts = image.split(text)
    assert parts is not None
    tag = f":{parts.tag}" if parts.tag else ""
    digest = f"@{parts.digest}" if parts.digest else ""
    assert parts.repository + tag + digest == text
