"""Values of the options that edit."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollonce.errors import MalformedEdit, MalformedReference, RollonceError, UnknownKind
from rollonce.model import argument
from rollonce.model.edit import Amount, EnvEdit, MetadataEdit, Place, ResourceEdit, RestartEdit
from tests.unit.builders import edit_of, named


def test_a_variable_is_set_or_removed_in_a_container_of_all_or_of_one_workload() -> None:
    assert edit_of("env agent:LOG=a=b: c") == EnvEdit("agent", "LOG", "a=b: c", None, "--set-env 'agent:LOG=a=b: c'")
    assert edit_of("env agent:LOG-") == EnvEdit("agent", "LOG", None, None, "--set-env 'agent:LOG-'")
    assert edit_of("env agent:LOG=") == EnvEdit("agent", "LOG", "", None, "--set-env 'agent:LOG='")
    one = edit_of("env deploy/ceo:*:LOG=x")
    assert isinstance(one, EnvEdit)
    assert (one.container, one.name, one.value, one.workload) == ("*", "LOG", "x", named("deployment/ceo"))
    assert one.target == "deployment/ceo:*:LOG"


def test_a_request_or_limit_is_set_or_removed() -> None:
    wanted = edit_of("resources agent:requests.cpu=500m")
    assert wanted == ResourceEdit(
        "agent", Amount.REQUESTS, "cpu", "500m", None, "--resources 'agent:requests.cpu=500m'"
    )
    gone = edit_of("resources sts/db:agent:limits.nvidia.com/gpu-")
    assert isinstance(gone, ResourceEdit)
    assert (gone.amount, gone.name, gone.value) == (Amount.LIMITS, "nvidia.com/gpu", None)
    assert gone.target == "statefulset/db:agent:limits.nvidia.com/gpu"


@pytest.mark.parametrize("place", list(Place))
def test_labels_and_annotations_are_of_the_pods_or_of_the_workload(place: Place) -> None:
    one = argument.metadata(place, "deploy/ceo:app.kubernetes.io/part-of=x", act="converge")
    option = argument.OPTIONS[place]
    assert one == MetadataEdit(
        place,
        "app.kubernetes.io/part-of",
        "x",
        named("deployment/ceo"),
        f"{option} 'deploy/ceo:app.kubernetes.io/part-of=x'",
    )
    assert argument.metadata(place, "tier-", act="converge").value is None


def test_an_annotation_may_have_any_value() -> None:
    assert argument.metadata(Place.ANNOTATION, "note=a: b/c = ü", act="converge").value == "a: b/c = ü"


def test_a_restart_is_for_all_or_for_one() -> None:
    assert argument.restart("now", "", act="converge") == RestartEdit("now", None, "--restart")
    assert argument.restart("now", "sts/db", act="converge").workload == named("statefulset/db")


@pytest.mark.parametrize(
    ("words", "error", "fact"),
    [
        ("env agent:LOG", MalformedEdit, "neither = nor -"),
        ("env LOG=x", MalformedEdit, "it names no container"),
        ("env :LOG=x", MalformedEdit, "it names no container"),
        ("env Agent:LOG=x", MalformedEdit, "'Agent' is not a container's name"),
        ("env agent:=x", MalformedEdit, "'' is not the name of an environment variable"),
        ("env agent:1LOG=x", MalformedEdit, "'1LOG' is not the name"),
        ("env agent:A B=x", MalformedEdit, "'A B' is not the name"),
        ("env ceo:agent:LOG=x", MalformedReference, "'ceo' is not of the form"),
        ("env pod/ceo:agent:LOG=x", UnknownKind, "a pod"),
        ("resources agent:cpu=1", MalformedEdit, "'cpu' is not a request or limit"),
        ("resources agent:wants.cpu=1", MalformedEdit, "'wants.cpu' is not a request or limit"),
        ("resources agent:requests.=1", MalformedEdit, "'requests.' is not a request or limit"),
        ("resources agent:requests.cpu=much", MalformedEdit, "'much' is not an amount"),
        ("resources agent:requests.cpu=-1", MalformedEdit, "'-1' is not an amount"),
        ("resources agent:requests.cpu=", MalformedEdit, "'' is not an amount"),
        ("label tier=a b", MalformedEdit, "'a b' is not a value that a label may have"),
        (f"label tier={'x' * 64}", MalformedEdit, "is not a value that a label may have"),
        ("label -tier=a", MalformedEdit, "'-tier' is not a key"),
        ("annotation A_B/c=a", MalformedEdit, "'A_B/c' is not a key"),
        ("annotation a/b/c=a", MalformedEdit, "'a/b/c' is not a key"),
        ("workload-annotation rollonce.dev/deploy-id=x", MalformedEdit, "is written by rollonce itself"),
        ("restart ceo", MalformedReference, "'ceo' is not of the form"),
    ],
)
def test_what_is_malformed_is_refused_with_the_form(words: str, error: type[RollonceError], fact: str) -> None:
    with pytest.raises(error) as caught:
        edit_of(words)
    assert fact in caught.value.fact
    assert caught.value.hint


@given(st.text(max_size=30) | st.text("ab:/=-.*\ud800 1", max_size=30))
def test_any_text_is_an_edit_or_an_error_of_ours(text: str) -> None:
    for option in ("env", "resources", *Place):
        with contextlib.suppress(RollonceError):
            edit_of(f"{option} {text}")


@pytest.mark.parametrize(
    "words",
    [
        "env agent:API_TOKEN=hunter2",
        "env Agent:API_TOKEN=hunter2",
        "env API_TOKEN=hunter2",
        "env agent:API_TOKEN hunter2",
        "env hunter2",
        "env agent:1API_TOKEN=hunter2",
        "agent:API_TOKEN=hunter2",
        "label token=hunter 2",
    ],
)
def test_no_error_and_no_origin_repeats_a_credential(words: str) -> None:
    try:
        told = repr(edit_of(words))
    except RollonceError as error:
        told = f"{error.act} {error.fact} {error.hint}"
    assert "hunter" not in told
