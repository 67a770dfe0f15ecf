"""One operation for each workload, with its reason."""

from __future__ import annotations

import pytest

from rollonce.model.workload import Workload
from rollonce.plan import decide
from rollonce.plan.decide import Wish
from rollonce.plan.operation import Note, Patch, Refuse, RefuseReason, Skip, SkipReason, images
from tests.unit.builders import key, patch_for, wish, workload

OURS = {"rollonce.dev/deploy-id": "run-2"}


def refusal(live: Workload, wanted: Wish) -> Refuse:
    operation = decide.one(live, wanted)
    assert isinstance(operation, Refuse), operation
    return operation


def test_one_patch_for_all_that_differs_in_every_kind_of_container() -> None:
    live = workload(images="agent=a1 git-sync=g2 init:setup=s1 sidecar:proxy=p1")
    patch = patch_for(live, wish("agent=a2", "git-sync=g2", "setup=s2", "proxy=p2"))
    assert [(c.container, c.role.value, c.old, c.new) for c in images(patch.changes)] == [
        ("agent", "container", "a1", "a2"),
        ("setup", "init container", "s1", "s2"),
        ("proxy", "native sidecar", "p1", "p2"),
    ]


def test_nothing_is_sent_where_nothing_differs() -> None:
    live = workload(images="agent=a2 git-sync=g2")
    assert decide.one(live, wish("agent=a2", "git-sync=g2")) == Skip(
        live.key, SkipReason.CONVERGED, "already on target images, skipping", live
    )


def test_a_workload_without_any_of_the_containers_is_skipped_with_the_nearest_names() -> None:
    live = workload(images="agent=a1 git-sync=g1")
    skip = decide.one(live, wish("git-snyc=g2", "zebra=z2"))
    assert isinstance(skip, Skip)
    assert skip.reason is SkipReason.NO_CONTAINER
    assert [(r.reason, r.detail) for r in skip.remarks] == [
        (Note.ABSENT_CONTAINER, 'no container "git-snyc", skipped; the nearest name is "git-sync"'),
        (Note.ABSENT_CONTAINER, 'no container "zebra", skipped'),
    ]


def test_a_container_that_is_absent_here_is_remarked_and_the_others_change() -> None:
    patch = patch_for(
        workload(images="agent=a1"), wish("agent=a2", "cai-runtime=c2", "deployment/cso:proxy=p2", "*=a2")
    )
    assert [remark.detail for remark in patch.remarks] == ['no container "cai-runtime", skipped']


def test_absent_workloads_are_skipped_and_the_plan_is_in_the_order_of_keys() -> None:
    live = [workload("statefulset/db"), workload("deployment/cso"), workload("deployment/zoo", namespace="a")]
    gone = {key("deployment/agent"): "there is no deployment/agent"}
    plan = decide.decide(live, gone, wish("agent=a2"))
    assert [(o.key.namespace, str(o.key)) for o in plan.operations] == [
        ("a", "deployment/zoo"),
        ("agents", "deployment/agent"),
        ("agents", "deployment/cso"),
        ("agents", "statefulset/db"),
    ]
    assert plan.operations[1] == Skip(key("deployment/agent"), SkipReason.ABSENT, "there is no deployment/agent", None)
    assert [str(p.key) for p in plan.patches] == ["deployment/zoo", "deployment/cso", "statefulset/db"]
    assert plan.refusals == ()


@pytest.mark.parametrize(
    ("live", "who"),
    [
        (workload(owner="Fleet/agents"), "it is owned by Fleet/agents (controlling ownerReference)"),
        (
            workload(labels={"argocd.argoproj.io/instance": "x"}),
            "Argo CD manages it (argocd.argoproj.io/instance)",
        ),
        (
            workload(annotations={"argocd.argoproj.io/tracking-id": "x"}),
            "Argo CD manages it (argocd.argoproj.io/tracking-id)",
        ),
        (workload(managers=("kubectl", "argocd-controller")), "Argo CD manages it (field manager argocd-controller)"),
        (
            workload(labels={"kustomize.toolkit.fluxcd.io/name": "x"}),
            "Flux manages it (kustomize.toolkit.fluxcd.io/name)",
        ),
        (
            workload(labels={"helm.toolkit.fluxcd.io/name": "x"}),
            "Flux manages it (helm.toolkit.fluxcd.io/name)",
        ),
        (workload(managers=("helm-controller",)), "Flux manages it (field manager helm-controller)"),
    ],
)
def test_who_would_put_it_back_is_named_and_the_change_refused(live: Workload, who: str) -> None:
    refused = refusal(live, wish("agent=a2"))
    assert refused.reason is RefuseReason.MANAGED
    assert refused.detail == f"{who} and would put the change back, which is a second roll"
    assert "--force-managed" in refused.hint
    assert [(c.old, c.new) for c in images(refused.changes)] == [("a1", "a2")]
    assert isinstance(decide.one(live, wish("agent=a2", force_managed=True)), Patch)


def test_what_is_managed_and_on_target_is_skipped() -> None:
    assert isinstance(decide.one(workload(owner="Fleet/agents", images="agent=a2"), wish("agent=a2")), Skip)


def test_helm_labels_are_no_sign_of_argo() -> None:
    live = workload(labels={"app.kubernetes.io/instance": "x", "app.kubernetes.io/managed-by": "Helm"})
    assert isinstance(decide.one(live, wish("agent=a2")), Patch)


def test_a_second_roll_in_one_deploy_is_refused_and_says_what_differs() -> None:
    live = workload(images="agent=a2 git-sync=g1", annotations=OURS)
    refused = refusal(live, wish("agent=a2", "git-sync=g2"))
    assert refused.reason is RefuseReason.SECOND_ROLL
    assert "deploy run-2 has changed it already" in refused.detail
    assert [(c.container, c.old, c.new) for c in images(refused.changes)] == [("git-sync", "g1", "g2")]
    assert "--again" in refused.hint


def test_again_lifts_the_refusal_of_a_second_roll() -> None:
    assert isinstance(decide.one(workload(annotations=OURS), wish("agent=a2", again=True)), Patch)


def test_another_deploy_may_change_it() -> None:
    assert isinstance(decide.one(workload(annotations={"rollonce.dev/deploy-id": "run-1"}), wish("agent=a2")), Patch)


def test_a_cron_job_may_change_twice_for_nothing_rolls_there() -> None:
    live = workload("cronjob/report", annotations=OURS)
    assert isinstance(decide.one(live, wish("agent=a2")), Patch)


def test_what_is_being_deleted_is_not_changed() -> None:
    refused = refusal(workload(deleting=True, owner="Fleet/x", annotations=OURS), wish("agent=a2", again=True))
    assert refused.reason is RefuseReason.DELETING


def test_reaches_says_whether_every_wanted_image_is_there() -> None:
    live = workload(images="agent=a2 git-sync=g1")
    assert decide.reaches(live, wish("agent=a2", "absent=x"))
    assert not decide.reaches(live, wish("agent=a2", "git-sync=g2"))
