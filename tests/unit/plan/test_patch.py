"""The patch as it is sent, operation by operation."""

from __future__ import annotations

from tests.unit.builders import operations, patch_for, wish, workload

T = "/spec/template/spec"
DEPLOY = "/metadata/annotations/rollonce.dev~1deploy-id"
COMMIT = "/metadata/annotations/rollonce.dev~1commit"


def test_everything_that_is_wanted_is_tested_also_what_is_true_already() -> None:
    live = workload(images="agent=a1 log=l1 git-sync=g2", annotations={"revision": "7"})
    assert operations(patch_for(live, wish("agent=a2", "git-sync=g2"))) == [
        'test /metadata/uid "u1"',
        f'test {T}/containers/0/name "agent"',
        f'test {T}/containers/0/image "a1"',
        f'test {T}/containers/2/name "git-sync"',
        f'test {T}/containers/2/image "g2"',
        f"test {DEPLOY} null",
        f'add {DEPLOY} "run-2"',
        f'add {T}/containers/0/image "a2"',
    ]


def test_the_deploy_id_that_was_read_is_tested() -> None:
    live = workload(annotations={"rollonce.dev/deploy-id": "run-1"})
    assert operations(patch_for(live, wish("agent=a2", commit="4f2c0d9")))[3:] == [
        f'test {DEPLOY} "run-1"',
        f"test {COMMIT} null",
        f'add {DEPLOY} "run-2"',
        f'add {COMMIT} "4f2c0d9"',
        f'add {T}/containers/0/image "a2"',
    ]


def test_without_a_map_of_annotations_its_absence_is_tested() -> None:
    """Adding the map where a racing writer has put one would wipe theirs."""
    assert operations(patch_for(workload(), wish("agent=a2", commit="4f2c0d9")))[3:] == [
        "test /metadata/annotations null",
        'add /metadata/annotations {"rollonce.dev/deploy-id":"run-2","rollonce.dev/commit":"4f2c0d9"}',
        f'add {T}/containers/0/image "a2"',
    ]


def test_an_empty_map_of_annotations_is_a_map() -> None:
    assert operations(patch_for(workload(annotations={}), wish("agent=a2")))[3:5] == [
        f"test {DEPLOY} null",
        f'add {DEPLOY} "run-2"',
    ]


def test_a_stale_commit_does_not_stay_beside_our_deploy_id() -> None:
    live = workload(annotations={"rollonce.dev/deploy-id": "run-1", "rollonce.dev/commit": "0ld0ld0"})
    assert operations(patch_for(live, wish("agent=a2")))[3:] == [
        f'test {DEPLOY} "run-1"',
        f'test {COMMIT} "0ld0ld0"',
        f'add {DEPLOY} "run-2"',
        f"remove {COMMIT}",
        f'add {T}/containers/0/image "a2"',
    ]


def test_init_containers_and_sidecars_have_a_list_of_their_own() -> None:
    live = workload(images="init:setup=s1 agent=a1 sidecar:proxy=p1", annotations={})
    assert operations(patch_for(live, wish("proxy=p2", "setup=s2", "agent=a1"))) == [
        'test /metadata/uid "u1"',
        f'test {T}/containers/0/name "agent"',
        f'test {T}/containers/0/image "a1"',
        f'test {T}/initContainers/0/name "setup"',
        f'test {T}/initContainers/0/image "s1"',
        f'test {T}/initContainers/1/name "proxy"',
        f'test {T}/initContainers/1/image "p1"',
        f"test {DEPLOY} null",
        f'add {DEPLOY} "run-2"',
        f'add {T}/initContainers/0/image "s2"',
        f'add {T}/initContainers/1/image "p2"',
    ]


def test_a_cron_job_has_its_template_deeper() -> None:
    lines = operations(patch_for(workload("cronjob/report"), wish("agent=a2")))
    deep = "/spec/jobTemplate/spec/template/spec/containers/0"
    assert f'test {deep}/name "agent"' in lines
    assert f'test {deep}/image "a1"' in lines
    assert f'add {deep}/image "a2"' in lines


def test_a_container_without_an_image_is_tested_as_such() -> None:
    lines = operations(patch_for(workload(images="agent="), wish("agent=a2")))
    assert lines[1:3] == [f'test {T}/containers/0/name "agent"', f"test {T}/containers/0/image null"]


def test_each_workload_gets_one_patch_however_many_pairs_name_it() -> None:
    lines = operations(patch_for(workload(), wish("agent=a2", "deployment/ceo:agent=a3", "*=a4")))
    assert [line for line in lines if line.startswith("add /spec")] == [f'add {T}/containers/0/image "a3"']
