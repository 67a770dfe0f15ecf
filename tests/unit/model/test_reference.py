"""References as kubectl takes them, and what is not one."""

from __future__ import annotations

import pytest

from rollonce.errors import MalformedReference, MissingArguments, UnknownKind
from rollonce.model import reference
from rollonce.model.kind import Kind
from rollonce.model.reference import Every, Selection

SPELLINGS = {
    Kind.DEPLOYMENT: "deployment deployments deploy Deployment DEPLOY deployment.apps deployments.apps "
    "deployment.v1.apps deployments.v1.apps deploy.apps deploy.v1.apps",
    Kind.STATEFUL_SET: "statefulset statefulsets sts StatefulSet statefulset.apps statefulsets.v1.apps sts.apps",
    Kind.DAEMON_SET: "daemonset daemonsets ds DaemonSet daemonset.apps daemonsets.v1.apps ds.apps",
    Kind.CRON_JOB: "cronjob cronjobs cj CronJob cronjob.batch cronjobs.v1.batch cj.batch",
}


def select(words: str, *, namespace: str | None = "agents", selector: str = "", everything: bool = False) -> Selection:
    return reference.select(
        words.split(), namespace=namespace, selector=selector, everything=everything, act="converge"
    )


@pytest.mark.parametrize(("word", "kind"), [(w, k) for k, words in SPELLINGS.items() for w in words.split()])
def test_every_spelling_that_kubectl_takes_means_the_kind(word: str, kind: Kind) -> None:
    assert reference.kind(word, act="converge") is kind


@pytest.mark.parametrize(
    ("words", "targets"),
    [
        ("deployment/ceo", "deployment/ceo"),
        ("deploy/ceo sts/db ds/log cj/report", "deployment/ceo statefulset/db daemonset/log cronjob/report"),
        ("deploy ceo cso", "deployment/ceo deployment/cso"),
        ("deploy,sts ceo", "deployment/ceo statefulset/ceo"),
        ("deploy/ceo deployment/ceo deployments.apps/ceo", "deployment/ceo"),
        ("deploy/a.b-c.9", "deployment/a.b-c.9"),
    ],
)
def test_names_come_one_by_one_or_after_their_kind(words: str, targets: str) -> None:
    assert [str(t) for t in select(words).targets] == targets.split()


def test_kinds_without_names_mean_all_that_the_selector_takes() -> None:
    chosen = select("deploy,sts", selector="app=agent", namespace=None)
    assert chosen.targets == (Every("deployment"), Every("statefulset"))
    assert str(chosen) == "all deployments, all statefulsets with labels app=agent in all namespaces"


def test_all_takes_every_workload_of_the_kind() -> None:
    assert select("ds", everything=True).targets == (Every("daemonset"),)


def test_a_long_selection_is_told_shortly() -> None:
    chosen = select("deploy a b c d e f")
    assert str(chosen) == "deployment/a, deployment/b, deployment/c, deployment/d and 2 more in namespace agents"


@pytest.mark.parametrize(
    ("words", "options", "fact"),
    [
        ("", {}, "no workload is named"),
        ("deploy", {}, "the kind deployment is named, and neither names nor -l nor --all"),
        ("deploy ceo", {"selector": "a=b"}, "names exclude -l and --all"),
        ("deploy/ceo", {"selector": "a=b"}, "names exclude -l and --all"),
        ("deploy/ceo", {"everything": True}, "names exclude -l and --all"),
        ("deploy", {"selector": "a=b", "everything": True}, "-l and --all exclude each other"),
        ("deploy/ceo", {"namespace": None}, "names exclude -A: a name belongs to one namespace"),
        ("deploy", {"namespace": None}, "the kind deployment is named, and neither names nor -l nor --all"),
    ],
)
def test_options_that_exclude_each_other_are_told_apart(words: str, options: dict[str, object], fact: str) -> None:
    with pytest.raises(MissingArguments) as caught:
        select(words, **options)  # type: ignore[arg-type]
    assert caught.value.fact == fact
    assert caught.value.hint


@pytest.mark.parametrize(
    "words",
    [
        "/ceo",
        "deploy/",
        "deploy/a/b",
        "/",
        "deploy/ceo cso",
        "cso deploy/ceo",
        "deploy/Ceo",
        "deploy/ce_o",
        "deploy/-ceo",
        "deploy/ceo-",
        "deploy/a..b",
        "deploy Ceo",
        "deploy/" + "a" * 254,
    ],
)
def test_a_malformed_reference_is_refused(words: str) -> None:
    with pytest.raises(MalformedReference) as caught:
        select(words)
    assert caught.value.act == "converge"
    assert caught.value.hint


def test_the_longest_name_is_253_characters() -> None:
    assert len(select("deploy/" + "a" * 253).targets) == 1


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("deploymnet", 'did you mean "deployment"? kinds are: deployment, statefulset, daemonset, cronjob'),
        ("statefullset", 'did you mean "statefulset"? kinds are: deployment, statefulset, daemonset, cronjob'),
        ("service", "kinds are: deployment, statefulset, daemonset, cronjob"),
        ("deployment.extensions.example", "kinds are: deployment, statefulset, daemonset, cronjob"),
        ("", "kinds are: deployment, statefulset, daemonset, cronjob"),
    ],
)
def test_an_unknown_kind_is_refused_with_the_one_that_was_meant(word: str, hint: str) -> None:
    with pytest.raises(UnknownKind) as caught:
        reference.kind(word, act="converge")
    assert caught.value.fact == f"there is no kind of workload {word!r}"
    assert caught.value.hint == hint


@pytest.mark.parametrize(
    ("word", "what"),
    [
        ("pod", "a pod"),
        ("pods", "a pod"),
        ("po", "a pod"),
        ("Pod", "a pod"),
        ("rs", "a ReplicaSet"),
        ("replicasets", "a ReplicaSet"),
        ("rc", "a ReplicationController"),
        ("job", "a Job"),
        ("jobs", "a Job"),
    ],
)
def test_what_has_no_template_of_its_own_is_explained(word: str, what: str) -> None:
    with pytest.raises(UnknownKind) as caught:
        select(f"{word}/ceo")
    assert caught.value.fact == f"{word!r} is {what}, which has no template that rolls"
    assert caught.value.hint.startswith("name the workload that owns it")
