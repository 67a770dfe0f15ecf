"""What clients look up before they write."""

from __future__ import annotations

from rollonce.sim.api import openapi
from rollonce.sim.api.kinds import Kind, Kinds


def test_every_group_that_is_served_has_a_document_at_its_address() -> None:
    kinds = Kinds()
    root = openapi.answer("/openapi/v3", kinds)
    assert root is not None
    assert {"api/v1", "apis/apps/v1", "apis/batch/v1"} <= set(root["paths"])
    for place, told in root["paths"].items():
        path, _, digest = told["serverRelativeURL"].partition("?hash=")
        assert path == f"/openapi/v3/{place}"
        assert len(digest) == 32
        assert openapi.answer(path, kinds) is not None


def test_a_patch_takes_field_validation() -> None:
    document = openapi.answer("/openapi/v3/apis/apps/v1", Kinds())
    assert document is not None
    patch = document["paths"]["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]["patch"]
    assert "fieldValidation" in {parameter["name"] for parameter in patch["parameters"]}
    assert patch["x-kubernetes-group-version-kind"] == {"group": "apps", "version": "v1", "kind": "Deployment"}


def test_a_kind_that_is_added_changes_the_hash_of_its_group_alone() -> None:
    kinds = Kinds()
    before = openapi.answer("/openapi/v3", kinds)
    kinds.add(Kind("apps", "v1", "things", "Thing", namespaced=True))
    after = openapi.answer("/openapi/v3", kinds)
    assert before is not None
    assert after is not None
    assert {place for place in after["paths"] if after["paths"][place] != before["paths"].get(place)} == {
        "apis/apps/v1"
    }


def test_what_is_not_served_has_none() -> None:
    assert openapi.answer("/openapi/v3/apis/nothing/v1", Kinds()) is None
    assert openapi.answer("/openapi/v2", Kinds()) is None
