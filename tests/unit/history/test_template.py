"""Templates as fields: what is equal, what differs, what is never shown."""

from __future__ import annotations

from itertools import pairwise, product
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollonce.history import credential, difference, template
from rollonce.history.template import Change
from tests.unit.history import pictures


def read(**more: Any) -> template.Template:
    return template.read(pictures.template("agent=a git-sync=g", **more))


def compare(old: template.Template, new: template.Template) -> tuple[Change, ...]:
    return difference.shown(difference.between(old, new))


def test_the_controllers_own_label_is_no_part_of_it() -> None:
    assert read(hash_="5747bbfc76").digest == read().digest


def test_an_image_is_told_by_its_container() -> None:
    [change] = compare(read(), template.read(pictures.template("agent=b git-sync=g")))
    assert (change.container, change.path) == ("agent", "containers[agent].image")


def test_what_is_added_or_dropped_has_no_other_side() -> None:
    [change] = compare(read(), read(env={"MODE": "prod"}))[:1]
    assert (change.old, change.path) == (None, "containers[agent].env[MODE].name")


def test_the_order_of_env_matters_and_is_told_where_nothing_else_differs() -> None:
    one, other = read(env={"A": "1", "B": "2"}), read(env={"B": "2", "A": "1"})
    assert [change.path for change in compare(one, other)] == ["containers[agent].env(order)"]


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
def test_a_credential_is_not_shown_and_its_change_is(name: str, value: str) -> None:
    one, other = read(env={name: value}), read(env={name: value + "0"})
    assert value not in repr(one)
    [change] = compare(one, other)
    assert (change.old, change.new) == (credential.SHOWN, credential.SHOWN)


def test_the_value_after_a_switch_for_a_password_is_one() -> None:
    held = pictures.template("agent=a")
    held["spec"]["containers"][0]["args"] = ["--password", "hunter2", "--mode", "fast"]
    told = str(compare(template.read(pictures.template("agent=a")), template.read(held)))
    assert "hunter2" not in told
    assert "fast" in told


@pytest.mark.parametrize(
    ("name", "value"),
    [("MODE", "prod"), ("COMMIT", "4f2c9d1e4f2c9d1e4f2c9d1e4f2c9d1e4f2c9d1e"), ("URL", "https://example/path")],
)
def test_an_ordinary_value_is_shown(name: str, value: str) -> None:
    changes = compare(read(), read(env={name: value}))
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


_scalars = st.none() | st.booleans() | st.integers(0, 3) | st.text("ab:", max_size=3)
_words = st.text("ab", min_size=1, max_size=2)
_anything = st.recursive(
    _scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_words, inner, max_size=3), max_leaves=6
)
_variables = st.lists(st.fixed_dictionaries({"name": _words, "value": _scalars}), max_size=3)
_containers = st.lists(
    st.fixed_dictionaries({"name": _words, "image": _words}, optional={"env": _variables, "args": _anything}),
    min_size=1,
    max_size=3,
)
_templates = st.fixed_dictionaries(
    {
        "metadata": st.fixed_dictionaries({}, optional={"labels": st.dictionaries(_words, _words, max_size=2)}),
        "spec": st.fixed_dictionaries(
            {"containers": _containers}, optional={"initContainers": _containers, "volumes": _anything}
        ),
    }
)


def _every_field(held: template.Template) -> dict[str, str]:
    values = difference._values(held.shape)
    found = {path: text for path, _, text in difference._walk(values["spec"], "", "")}
    for part, inside in values["metadata"].items():
        found |= {f"metadata.{part}[{name}]": difference._text(value) for name, value in inside.items()}
    return dict(held.by_path) | found


@given(_templates, _templates)
def test_what_differs_is_what_a_list_of_all_fields_says(one: Any, other: Any) -> None:
    """Only what is unequal is taken apart; the answer is that of taking everything apart."""
    before, after = template.read(one), template.read(other)
    fields = _every_field(before), _every_field(after)
    paths = {path for path in fields[0].keys() | fields[1].keys() if fields[0].get(path) != fields[1].get(path)}
    told = {path for path in paths if not path.endswith("(order)")} or paths
    assert {change.path for change in compare(before, after)} == told
    assert (before.digest == after.digest) == (before == after)


@given(st.lists(_templates, min_size=2, max_size=5))
def test_a_reader_that_has_seen_others_reads_the_same(many: list[Any]) -> None:
    reader = template.Reader()
    for each in (*many, *many):
        assert reader.read(msgspec.json.encode(each)) == template.read(each)


def test_an_image_that_is_no_containers_is_a_field_like_any_other() -> None:
    """A volume of type rbd names an image too; the reader must not take it for one of a container."""

    def held(image: str, disk: str) -> Any:
        made = pictures.template(f"agent={image}")
        made["spec"]["volumes"] = [{"name": "disk", "rbd": {"image": disk}}]
        return made

    reader = template.Reader()
    one, other = (reader.read(msgspec.json.encode(held("a", disk))) for disk in ("d1", "d2"))
    assert [change.path for change in compare(one, other)] == ["volumes[disk].rbd.image"]
    before, after = difference.marks([difference.between(one, other)])
    assert before["volumes[disk].rbd.image"] != after["volumes[disk].rbd.image"]


@given(st.lists(_templates, min_size=1, max_size=6))
def test_what_is_remembered_of_a_history_is_equal_where_its_fields_are(many: list[Any]) -> None:
    """Of the fields that differ somewhere each revision knows whether it has the value of another one."""
    held = [template.read(each) for each in many]
    steps = [difference.between(one, other) for one, other in pairwise(held)]
    marks, fields = difference.marks(steps), [_every_field(each) for each in held]
    images = {path for each in held for path, _ in each.by_path}
    for path in {path for step in steps for path in step} - images:
        for (one, here), (other, there) in product(zip(marks, fields, strict=True), repeat=2):
            assert (one.get(path) == other.get(path)) == (here.get(path) == there.get(path))


def test_what_is_remembered_of_a_history_shows_no_credential() -> None:
    held = [read(env={"DB_PASSWORD": value}) for value in ("hunter2", "swordfish")]
    marks = difference.marks([difference.between(*held)])
    assert "hunter2" not in repr(marks)
    assert marks[0].keys() == marks[1].keys() == {"containers[agent].env[DB_PASSWORD].value"}
