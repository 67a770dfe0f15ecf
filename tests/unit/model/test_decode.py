"""JSON as the API server sends it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollonce.errors import UnreadableAnswer
from rollonce.model import decode
from rollonce.model.kind import Kind
from rollonce.model.workload import (
    Claim,
    Condition,
    Container,
    CronJob,
    DaemonSet,
    Deployment,
    OnDelete,
    Recreate,
    Role,
    Rolling,
    StatefulSet,
    Template,
    Variable,
    Workload,
    WorkloadKey,
)

AGENT: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {
        "name": "agent-ceo",
        "namespace": "agents",
        "uid": "0b7e",
        "resourceVersion": "4711",
        "generation": 7,
        "creationTimestamp": "2026-01-01T10:00:00Z",
        "annotations": {"deployment.kubernetes.io/revision": "1142"},
        "labels": {"app": "agent-ceo"},
        "ownerReferences": [
            {"apiVersion": "v1", "kind": "ConfigMap", "name": "seed", "uid": "1"},
            {"apiVersion": "ai.example/v1", "kind": "Fleet", "name": "agents", "uid": "2", "controller": True},
        ],
        "managedFields": [
            {"manager": "kubectl-set", "operation": "Update", "time": "2026-01-01T10:00:00Z", "fieldsV1": {"f:x": {}}},
            {"manager": "kube-controller-manager", "operation": "Update", "subresource": "status"},
        ],
    },
    "spec": {
        "replicas": 2,
        "paused": True,
        "progressDeadlineSeconds": 600,
        "revisionHistoryLimit": 10,
        "strategy": {"type": "Recreate"},
        "selector": {"matchLabels": {"app": "agent-ceo"}},
        "template": {
            "metadata": {"creationTimestamp": None, "labels": {"app": "agent-ceo"}},
            "spec": {
                "initContainers": [
                    {"name": "setup", "image": "setup:1", "env": [{"name": "A", "value": "b"}]},
                    {"name": "proxy", "image": "proxy:1", "restartPolicy": "Always"},
                ],
                "containers": [
                    {"name": "agent", "image": "agent:1", "resources": {}},
                    {"name": "git-sync", "image": "git-sync:1"},
                ],
                "volumes": [
                    {"name": "work", "persistentVolumeClaim": {"claimName": "ceo-work"}},
                    {"name": "tmp", "emptyDir": {}},
                ],
            },
        },
    },
    "status": {
        "observedGeneration": 6,
        "replicas": 2,
        "updatedReplicas": 1,
        "readyReplicas": 1,
        "availableReplicas": 1,
        "unavailableReplicas": 1,
        "terminatingReplicas": 0,
        "conditions": [
            {
                "type": "Progressing",
                "status": "False",
                "reason": "ProgressDeadlineExceeded",
                "message": "too late",
                "lastUpdateTime": "2026-01-01T10:10:00Z",
                "lastTransitionTime": "2026-01-01T10:10:00Z",
            },
            {"type": "Available", "status": "True"},
        ],
    },
}


def read(kind: Kind, thing: dict[str, Any]) -> Workload:
    return decode.workload(kind, json.dumps(thing).encode())


def without(thing: dict[str, Any], *path: str) -> dict[str, Any]:
    """A copy that lacks what the path leads to."""
    copy: dict[str, Any] = json.loads(json.dumps(thing))
    at = copy
    for step in path[:-1]:
        at = at[step]
    del at[path[-1]]
    return copy


def test_a_deployment_with_everything() -> None:
    assert read(Kind.DEPLOYMENT, AGENT) == Workload(
        key=WorkloadKey("deployment", "agents", "agent-ceo"),
        uid="0b7e",
        resource_version="4711",
        generation=7,
        containers=(
            Container("agent", "agent:1", Role.MAIN, 0, None, {"requests": None, "limits": None}),
            Container("git-sync", "git-sync:1", Role.MAIN, 1),
            Container("setup", "setup:1", Role.INIT, 0, (Variable("A", "b", "", b'{"name": "A", "value": "b"}'),)),
            Container("proxy", "proxy:1", Role.SIDECAR, 1),
        ),
        behaviour=Deployment(
            strategy=Recreate(),
            replicas=2,
            paused=True,
            progress_deadline=600,
            observed_generation=6,
            current=2,
            updated=1,
            ready=1,
            available=1,
            conditions=(
                Condition("Progressing", "False", "ProgressDeadlineExceeded", "too late", "2026-01-01T10:10:00Z"),
                Condition("Available", "True"),
            ),
        ),
        annotations={"deployment.kubernetes.io/revision": "1142"},
        labels={"app": "agent-ceo"},
        controller="Fleet/agents",
        managers=("kubectl-set",),
        claims=(Claim("ceo-work"),),
        selector=frozenset({"app"}),
        changed="2026-01-01T10:00:00Z",
        template=Template({"labels": {"app": "agent-ceo"}, "annotations": None}),
    )


def test_the_least_that_a_server_may_send() -> None:
    bare = read(Kind.DEPLOYMENT, {"metadata": {"name": "x"}})
    assert bare.annotations is None
    assert bare.containers == ()
    assert bare.behaviour == Deployment(Rolling(), 1)


@pytest.mark.parametrize(
    "path",
    [
        ("metadata", "annotations"),
        ("metadata", "labels"),
        ("metadata", "ownerReferences"),
        ("metadata", "managedFields"),
        ("spec", "replicas"),
        ("spec", "strategy"),
        ("spec", "template", "spec", "containers"),
        ("spec", "template", "spec", "initContainers"),
        ("spec", "template", "spec", "volumes"),
        ("status", "conditions"),
        ("status", "observedGeneration"),
    ],
)
def test_null_is_as_good_as_absent(path: tuple[str, ...]) -> None:
    absent = without(AGENT, *path)
    null = json.loads(json.dumps(AGENT))
    at = null
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = None
    assert read(Kind.DEPLOYMENT, null) == read(Kind.DEPLOYMENT, absent)


def test_no_annotations_is_told_from_an_empty_map() -> None:
    assert read(Kind.DEPLOYMENT, without(AGENT, "metadata", "annotations")).annotations is None
    empty = json.loads(json.dumps(AGENT))
    empty["metadata"]["annotations"] = {}
    assert read(Kind.DEPLOYMENT, empty).annotations == {}


def test_a_deletion_timestamp_means_that_it_is_being_deleted() -> None:
    assert not read(Kind.DEPLOYMENT, AGENT).deleting
    doomed = json.loads(json.dumps(AGENT))
    doomed["metadata"]["deletionTimestamp"] = "2026-01-01T10:00:00Z"
    assert read(Kind.DEPLOYMENT, doomed).deleting


def test_a_status_that_was_never_written_has_no_observed_generation() -> None:
    fresh = read(Kind.DEPLOYMENT, without(AGENT, "status")).behaviour
    assert isinstance(fresh, Deployment)
    assert fresh.observed_generation is None


@pytest.mark.parametrize(
    ("strategy", "rolling"),
    [
        ({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": 0}}, Rolling("25%", 0)),
        ({"type": "RollingUpdate", "rollingUpdate": None}, Rolling()),
        ({"rollingUpdate": {"maxSurge": 1}}, Rolling(1)),
    ],
)
def test_limits_of_a_rolling_update_are_kept_as_written(strategy: dict[str, Any], rolling: Rolling) -> None:
    found = read(Kind.DEPLOYMENT, {"metadata": {"name": "x"}, "spec": {"strategy": strategy}}).behaviour
    assert isinstance(found, Deployment)
    assert found.strategy == rolling


def test_a_stateful_set() -> None:
    found = read(
        Kind.STATEFUL_SET,
        {
            "metadata": {"name": "db", "namespace": "agents", "generation": 2},
            "spec": {
                "replicas": 3,
                "minReadySeconds": 5,
                "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 2}},
                "volumeClaimTemplates": [
                    {
                        "kind": "PersistentVolumeClaim",
                        "metadata": {"name": "data"},
                        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {}},
                        "status": {"phase": "Pending"},
                    }
                ],
            },
            "status": {
                "observedGeneration": 2,
                "replicas": 3,
                "readyReplicas": 3,
                "availableReplicas": 2,
                "updatedReplicas": 1,
                "currentReplicas": 2,
                "currentRevision": "db-1",
                "updateRevision": "db-2",
                "collisionCount": 0,
            },
        },
    )
    assert found.behaviour == StatefulSet(Rolling(partition=2), 3, 5, 2, 3, 1, 3, 2, "db-1", "db-2")
    assert found.claims == (Claim("data", ("ReadWriteOnce",)),)


def test_a_daemon_set() -> None:
    found = read(
        Kind.DAEMON_SET,
        {
            "metadata": {"name": "log", "namespace": "agents", "generation": 3},
            "spec": {"updateStrategy": {"type": "OnDelete"}},
            "status": {
                "currentNumberScheduled": 4,
                "desiredNumberScheduled": 5,
                "numberAvailable": 2,
                "numberMisscheduled": 0,
                "numberReady": 3,
                "observedGeneration": 3,
                "updatedNumberScheduled": 1,
            },
        },
    )
    assert found.behaviour == DaemonSet(OnDelete(), 3, 5, 4, 1, 3, 2)


def test_a_cron_job_has_its_template_one_level_deeper() -> None:
    spec = {"template": {"spec": {"containers": [{"name": "report", "image": "report:1"}]}}}
    found = read(
        Kind.CRON_JOB,
        {"metadata": {"name": "r", "namespace": "agents"}, "spec": {"jobTemplate": {"spec": spec}}, "status": {}},
    )
    assert found.behaviour == CronJob()
    assert found.containers == (Container("report", "report:1", Role.MAIN, 0),)
    assert found.template_pointer == "/spec/jobTemplate/spec/template"


def test_a_claim_and_its_access_modes() -> None:
    raw = b'{"metadata":{"name":"work","namespace":"agents"},"spec":{"accessModes":["ReadWriteOncePod"]},"status":{}}'
    assert decode.claim(raw) == ("agents", Claim("work", ("ReadWriteOncePod",)))
    assert decode.claim(b'{"metadata":{"name":"work"},"spec":{"accessModes":null}}') == ("", Claim("work"))


def test_the_name_of_an_object_that_came_as_metadata_only() -> None:
    assert decode.name(b'{"kind":"PartialObjectMetadata","metadata":{"name":"ceo"}}') == "ceo"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"<html>welcome</html>",
        b"null",
        b"[]",
        b"{}",
        b'{"metadata":null}',
        b'{"metadata":{}}',
        b'{"metadata":{"name":1}}',
        b'{"metadata":{"name":"x"},"spec":{"replicas":"two"}}',
        b'{"metadata":{"name":"x","annotations":{"a":1}}}',
        b'{"metadata":{"name":"x"}',
        b'{"metadata":{"name":"\xff"}}',
        b'{"kind":"Status","status":"Failure","code":500}',
    ],
)
def test_what_is_no_such_object_is_an_unreadable_answer(raw: bytes) -> None:
    with pytest.raises(UnreadableAnswer) as caught:
        decode.workload(Kind.DEPLOYMENT, raw)
    assert "Deployment" in caught.value.fact
    assert caught.value.hint


@given(st.binary(max_size=60), st.integers(0, 2000), st.sampled_from(list(Kind)))
def test_a_damaged_answer_is_a_workload_or_an_error_of_ours(noise: bytes, place: int, kind: Kind) -> None:
    whole = json.dumps(AGENT).encode()
    place = min(place, len(whole))
    try:
        decode.workload(kind, whole[:place] + noise + whole[place + len(noise) :])
    except UnreadableAnswer:
        return


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_nesting_without_end_is_an_unreadable_answer(opening: bytes) -> None:
    with pytest.raises(UnreadableAnswer):
        decode.workload(Kind.DEPLOYMENT, b'{"metadata":{"name":"x"},"extra":' + opening * 200_000)
