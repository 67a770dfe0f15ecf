"""Templates as fields: what is equal, what differs, what is never shown."""

from __future__ import annotations

from typing import Any

import pytest

from rollonce.history import credential, template
from tests.unit.history import pictures


def read(**more: Any) -> template.Template:
    return template.read(pictures.template("agent=a git-sync=g", **more))


def test_the_controllers_own_label_is_no_part_of_it() -> None:
    assert read(hash_="5747bbfc76").digest == read().digest


def test_an_image_is_told_by_its_container() -> None:
    [change] = template.compare(read(), template.read(pictures.template("agent=b git-sync=g")))
    assert (change.container, change.path) == ("agent", "containers[agent].image")


def test_what_is_added_or_dropped_has_no_other_side() -> None:
    [change] = template.compare(read(), read(env={"MODE": "prod"}))[:1]
    assert (change.old, change.path) == (None, "containers[agent].env[MODE].name")


def test_the_order_of_env_matters_and_is_told_where_nothing_else_differs() -> None:
    one, other = read(env={"A": "1", "B": "2"}), read(env={"B": "2", "A": "1"})
    assert [change.path for change in template.compare(one, other)] == ["containers[agent].env(order)"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DB_PASSWORD", "hunter2"),
        ("API_TOKEN", "swordfish"),
        ("HOME_PAGE", "https://user:hunter2@db.example/x"),
        ("CONFIG", "-----BEGIN RSA PRIVATE KEY-----"),
        ("SOMETHING", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.x"),
        ("BLOB", "Zm9vYmFyQmF6UXV4MTIzNDU2Nzg5MDEyMzQ1Njc4OTA"),
        ("FLAGS", "--user=a --password=hunter2"),
    ],
)
def test_a_credential_is_neither_kept_nor_shown_and_its_change_is(name: str, value: str) -> None:
    one, other = read(env={name: value}), read(env={name: value + "0"})
    assert value not in str(one.fields)
    [change] = template.compare(one, other)
    assert (change.old, change.new) == (credential.SHOWN, credential.SHOWN)


def test_the_value_after_a_switch_for_a_password_is_one() -> None:
    held = pictures.template("agent=a")
    held["spec"]["containers"][0]["args"] = ["--password", "hunter2", "--mode", "fast"]
    fields = str(template.read(held).fields)
    assert "hunter2" not in fields
    assert "fast" in fields


@pytest.mark.parametrize(
    ("name", "value"),
    [("MODE", "prod"), ("COMMIT", "4f2c9d1e4f2c9d1e4f2c9d1e4f2c9d1e4f2c9d1e"), ("URL", "https://example/path")],
)
def test_an_ordinary_value_is_shown(name: str, value: str) -> None:
    changes = template.compare(read(), read(env={name: value}))
    assert value in {change.new for change in changes}


@pytest.mark.parametrize("value", [None, [], "x", {}, {"spec": None}, {"spec": {}}, {"spec": {"containers": None}}])
def test_what_is_no_template_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="pod template"):
        template.read(value)


def test_labels_read_as_people_say_them() -> None:
    assert template.label("containers[agent].image") == "agent"
    assert template.label("containers[agent].env[MODE].value") == "agent env MODE"
    assert template.label("metadata.annotations[team/x]") == "annotation team/x"
    assert template.label(template.RESTARTED_AT) == "restartedAt"
    assert template.label("volumes[work].configMap.name") == "volumes[work].configMap.name"
