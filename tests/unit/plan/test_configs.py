"""Which config pods use, and the digests that a template carries."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollonce.plan import configs
from rollonce.plan.configs import Config

SETTINGS = ("ConfigMap", "settings")
NOTED = "config.rollonce.dev/configmap.settings"


def template(container: dict[str, Any] | None = None, **pod: Any) -> dict[str, Any]:
    return {"spec": {"containers": [{"name": "agent", **(container or {})}], **pod}}


@pytest.mark.parametrize(
    ("used", "by"),
    [
        (SETTINGS, template(volumes=[{"name": "v", "configMap": {"name": "settings"}}])),
        (("Secret", "s"), template(volumes=[{"name": "v", "secret": {"secretName": "s"}}])),
        (SETTINGS, template(volumes=[{"name": "v", "projected": {"sources": [{"configMap": {"name": "settings"}}]}}])),
        (("Secret", "s"), template(volumes=[{"name": "v", "projected": {"sources": [{"secret": {"name": "s"}}]}}])),
        (SETTINGS, template({"envFrom": [{"configMapRef": {"name": "settings"}}]})),
        (("Secret", "s"), template({"envFrom": [{"secretRef": {"name": "s"}}]})),
        (SETTINGS, template({"env": [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "settings"}}}]})),
        (("Secret", "s"), template({"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s"}}}]})),
        (SETTINGS, template(initContainers=[{"name": "i", "envFrom": [{"configMapRef": {"name": "settings"}}]}])),
    ],
)
def test_what_pods_mount_or_take_variables_from(used: tuple[str, str], by: dict[str, Any]) -> None:
    assert configs.references(by) == {used}


def test_what_is_not_used_by_a_running_pod_does_not_count() -> None:
    """Pull secrets are for the kubelet."""
    assert (
        configs.references(template(imagePullSecrets=[{"name": "s"}], volumes=[{"name": "v", "emptyDir": {}}])) == set()
    )
    assert configs.references({}) == set()


def test_a_digest_is_carried_from_its_first_change_on_for_as_long_as_it_is_used() -> None:
    uses = template(volumes=[{"name": "v", "configMap": {"name": "settings"}}])
    due, idle = Config("new", due=True), Config("new", due=False)
    assert configs.carried(uses, {}, {SETTINGS: idle}) == {}
    assert configs.carried(uses, {}, {SETTINGS: due}) == {NOTED: "new"}
    assert configs.carried(uses, {NOTED: "old"}, {SETTINGS: idle}) == {NOTED: "new"}
    assert configs.carried(uses, {NOTED: "old"}, {}) == {NOTED: "old"}
    assert configs.carried(template(), {NOTED: "old"}, {SETTINGS: due}) == {}


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=4))
def test_a_digest_does_not_depend_on_the_order_and_tells_data_apart(data: dict[str, str]) -> None:
    thing = {"kind": "ConfigMap", "data": data}
    turned = {"kind": "ConfigMap", "data": dict(reversed(data.items()))}
    assert configs.digest(thing) == configs.digest(turned)
    assert configs.digest(thing) != configs.digest({**thing, "data": {**data, "one more": ""}})
    assert configs.digest(thing) != configs.digest({**thing, "binaryData": {"one more": ""}})


def test_long_names_make_names_of_annotations_all_the_same() -> None:
    """A name of an annotation has 63 characters at most, that of an object 253."""
    long = configs.annotation(("Secret", "a" * 200))
    assert len(long.partition("/")[2]) <= 63
    assert long != configs.annotation(("Secret", "a" * 199 + "b"))
    assert configs.annotation(SETTINGS) == NOTED
