"""What is taken for a credential. Rather one value too many is hidden than one too few."""

from __future__ import annotations

import pytest

from rollonce.model import credential

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZ2VudCJ9.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    "name",
    [
        "TOKEN",
        "API_TOKEN",
        "githubToken",
        "DB_PASSWORD",
        "PGPASSWD",
        "CLIENT_SECRET",
        "SECRET_NAME",
        "AWS_SECRET_ACCESS_KEY",
        "API_KEY",
        "APIKEY",
        "SSH_KEY",
        "KEY",
        "GOOGLE_CREDENTIALS",
        "SENTRY_DSN",
        "MYSQL_PWD",
    ],
)
def test_by_name(name: str) -> None:
    assert credential.looks_like_one(name, "x")


@pytest.mark.parametrize(
    "value",
    [
        JWT,
        f"Bearer {JWT}",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIE",
        "AKIAIOSFODNN7EXAMPLE",
        "ghp_0123456789abcdefABCDEF",
        "postgres://agent:hunter2@db:5432/agents",
        "https://token@git.example/x",
        "redis://:hunter2@cache:6379",
        "Server=db;Password=hunter2;",
        "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b",
    ],
)
def test_by_form(value: str) -> None:
    assert credential.looks_like_one("SETTING", value)
    assert credential.shown("SETTING", value) == "(hidden)"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LOG_LEVEL", "debug"),
        ("REPLICAS", "3"),
        ("URL", "https://api.example/v1/agents?region=eu-west-1"),
        ("HOST", "agents-production-cluster-eu-west-1.internal.example"),
        ("IMAGE", "registry.example/agent:4f2c-1187"),
        ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"),
        ("MAX_TOKENS", "4096"),
        ("SIDECAR", f"registry.example/proxy@sha256:{'9f86d081884c7d65' * 4}"),
        ("GIT_COMMIT", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b"),
        ("GREETING", "a sentence with several words, and one number 7"),
        ("KEYBOARD", "qwertz"),
        ("MODE", "ReadWriteOncePodAccessMode"),
        ("TOKEN", ""),
    ],
)
def test_what_is_none_is_shown(name: str, value: str) -> None:
    assert credential.shown(name, value) == value


def test_a_count_is_a_number_and_nothing_else() -> None:
    assert credential.looks_like_one("MAX_TOKENS", "hunter2")
    assert credential.looks_like_one("GIT_COMMIT", "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY")


def test_the_words_of_others_are_cleared_also_where_they_quote() -> None:
    words = 'Invalid value: "two\\nlines": and hunter2, and hunter2more'
    assert credential.without(words, ["hunter2", "two\nlines", "hunter2more"]) == (
        'Invalid value: "(hidden)": and (hidden), and (hidden)'
    )
