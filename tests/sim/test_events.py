"""What the controllers, the scheduler and the kubelets of the simulated cluster say, and how long it is kept."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from rollonce.sim.cluster import START, SimCluster
from rollonce.sim.controllers import PROFILES
from rollonce.sim.correlation import BURST, SIMILAR
from rollonce.sim.events import LIFETIME
from tests.sim.api.asking import DEPLOYMENTS, Asking, deployment

Json = dict[str, Any]
EVENTS = "/api/v1/namespaces/default/events"
CURRENT = "/apis/events.k8s.io/v1/namespaces/default/events"
CLAIMS = "/api/v1/namespaces/default/persistentvolumeclaims"
JOBS = "/apis/batch/v1/namespaces/default/jobs"


class World(Asking):
    """A cluster with controllers."""

    def __init__(self, profile: str = "none") -> None:
        super().__init__()
        self.cluster = SimCluster(profile=PROFILES[profile])

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.cluster.advance(self.now)

    def image(self, name: str, container: str, image: str) -> None:
        containers = [{"name": container, "image": image}]
        code, said = self.patch(name, {"spec": {"template": {"spec": {"containers": containers}}}}, "strategic")
        assert code == 200, said

    def events(self, path: str = EVENTS, **query: str) -> list[Json]:
        code, found = self.ask("GET", path, **query)
        assert code == 200, found
        items: list[Json] = found["items"]
        return items

    def told(self, kind: str, **query: str) -> list[tuple[str, str]]:
        """Reason and message of the Events of a kind of objects, in their order."""
        selector = ",".join([f"involvedObject.kind={kind}", *(f"{name}={value}" for name, value in query.items())])
        found = self.events(fieldSelector=selector)
        found.sort(key=lambda each: str(each["metadata"]["name"]).rpartition(".")[2])
        return [(each["reason"], each["message"]) for each in found]

    def pods(self) -> list[Json]:
        items: list[Json] = self.ask("GET", "/api/v1/namespaces/default/pods")[1]["items"]
        return items


def reasons(told: list[tuple[str, str]]) -> list[str]:
    return [reason for reason, _ in told]


def timeless(thing: Json) -> Json:
    """An object less the versions, which grow when Events are written down."""
    del thing["metadata"]["resourceVersion"]
    thing.get("involvedObject", {}).pop("resourceVersion", None)
    return thing


def test_a_rollout_is_told_as_a_kubelet_and_the_controllers_tell_it() -> None:
    world = World("local")
    world.create(deployment("web", web="w:1"))
    world.wait(60)
    (rs,) = world.ask("GET", "/apis/apps/v1/namespaces/default/replicasets")[1]["items"]
    (pod,) = world.pods()
    name, pod_name = rs["metadata"]["name"], pod["metadata"]["name"]
    assert world.told("Deployment") == [("ScalingReplicaSet", f"Scaled up replica set {name} from 0 to 1")]
    assert world.told("ReplicaSet") == [("SuccessfulCreate", f"Created pod: {pod_name}")]
    assert world.told("Pod") == [
        ("Scheduled", f"Successfully assigned default/{pod_name} to {pod['spec']['nodeName']}"),
        ("Pulling", 'Pulling image "w:1"'),
        ("Pulled", 'Successfully pulled image "w:1" in 10s (10s including waiting). Image size: 0 bytes.'),
        ("Created", "Container created"),
        ("Started", "Container started"),
    ]
    world.ask("DELETE", f"{DEPLOYMENTS}/web")
    world.wait(60)
    assert world.told("Pod")[5:] == [("Killing", "Stopping container web")]


def test_an_event_is_about_the_object_as_its_writer_read_it() -> None:
    world = World()
    made = world.create(deployment("web", web="w:1"))
    world.wait(10)
    (pod,) = world.pods()
    (scaled,) = world.events(fieldSelector="reason=ScalingReplicaSet")
    about = {"kind": "Deployment", "apiVersion": "apps/v1", "namespace": "default", "name": "web"}
    versions = {name: made["metadata"][name] for name in ("uid", "resourceVersion")}
    assert scaled["involvedObject"] == about | versions
    (started,) = world.events(fieldSelector="reason=Started")
    assert started["involvedObject"]["fieldPath"] == "spec.containers{web}"
    assert started["involvedObject"]["uid"] == pod["metadata"]["uid"]
    assert started["source"] == {"component": "kubelet", "host": pod["spec"]["nodeName"]}
    assert (started["reportingComponent"], started["reportingInstance"]) == ("kubelet", pod["spec"]["nodeName"])
    owners = {
        e["reason"]: (o["manager"], o["apiVersion"]) for e in world.events() for o in e["metadata"]["managedFields"]
    }
    assert owners["ScalingReplicaSet"] == ("kube-controller-manager", "v1")
    assert owners["Scheduled"] == ("kube-scheduler", "events.k8s.io/v1")
    assert owners["Started"] == ("kubelet", "v1")


def test_both_groups_show_the_same_events() -> None:
    world = World()
    world.create(deployment("web", web="w:1"))
    world.wait(10)
    core, current = world.events(), world.events(CURRENT)
    assert [each["metadata"] for each in core] == [each["metadata"] for each in current]
    for one, other in zip(core, current, strict=True):
        assert one["involvedObject"] == other["regarding"]
        assert one["message"] == other["note"]
        assert one["source"] == other["deprecatedSource"]
        assert one.get("count") == other.get("deprecatedCount")
        assert one["eventTime"] == other["eventTime"]
        assert one["reportingComponent"] == other["reportingController"]
    (bound,) = world.events(CURRENT, fieldSelector="regarding.kind=Pod,reason=Scheduled")
    assert bound["eventTime"]
    assert bound["action"] == "Binding"
    assert world.ask("GET", CURRENT, fieldSelector="involvedObject.kind=Pod")[0] == 400


def test_what_is_posted_through_one_group_is_there_in_the_other() -> None:
    world = World()
    about = {"kind": "Pod", "namespace": "default", "name": "p"}
    posted = {
        "metadata": {"name": "p.1"}, "regarding": about, "reason": "Odd", "note": "so", "type": "Normal",
        "action": "Do", "eventTime": "2026-01-01T00:00:00.000000Z", "reportingController": "x.example/y",
        "reportingInstance": "y-1",
    }  # fmt: skip
    assert world.ask("POST", CURRENT, posted)[0] == 201
    (found,) = world.events(fieldSelector="involvedObject.name=p,source=x.example/y")
    assert (found["message"], found["firstTimestamp"], found["source"]) == ("so", None, {})
    assert world.ask("DELETE", f"{EVENTS}/p.1")[0] == 200
    assert world.events(CURRENT) == []


def test_what_happens_again_is_counted() -> None:
    world = World("local")
    world.create(deployment("bad", web="w:crash"))
    world.wait(600)
    found = {each["reason"]: each for each in world.events(fieldSelector="involvedObject.kind=Pod")}
    (pod,) = world.pods()
    restarts = pod["status"]["containerStatuses"][0]["restartCount"]
    assert restarts > 2
    assert found["Started"]["count"] == restarts
    back_off = found["BackOff"]
    named = f"{pod['metadata']['name']}_default({pod['metadata']['uid']})"
    assert (back_off["type"], back_off["count"]) == ("Warning", restarts)
    assert back_off["message"] == f"Back-off restarting failed container web in pod {named}"
    assert back_off["firstTimestamp"] < back_off["lastTimestamp"]
    assert back_off["firstTimestamp"] == back_off["metadata"]["creationTimestamp"]


def test_similar_events_are_combined_and_too_many_are_left_out() -> None:
    """client-go combines from the tenth message on, and sends 25 about one object."""
    world = World()
    made = deployment("many", web="w:1")
    made["spec"]["replicas"] = 40
    world.create(made)
    world.wait(10)
    assert len(world.pods()) == 40
    found = world.events(fieldSelector="involvedObject.kind=ReplicaSet")
    assert len(found) == SIMILAR
    (combined,) = (each for each in found if each["message"].startswith("(combined from similar events): Created pod"))
    assert combined["count"] == BURST - (SIMILAR - 1)
    assert combined["reportingComponent"] == ""


def test_an_event_lives_for_an_hour_after_its_last_write() -> None:
    world = World()
    watch = world.watch_at(EVENTS, resourceVersion="0", timeoutSeconds="7200")
    world.create(deployment("web", web="w:1"))
    world.wait(10)
    (scaled,) = world.events(fieldSelector="reason=ScalingReplicaSet")
    name = scaled["metadata"]["name"]
    world.wait(LIFETIME / 2)
    assert world.ask("PATCH", f"{EVENTS}/{name}", {"metadata": {"labels": {"a": "b"}}}, media="merge")[0] == 200
    world.wait(LIFETIME / 2)
    assert [each["metadata"]["name"] for each in world.events()] == [name]
    world.wait(LIFETIME / 2)
    assert world.events() == []
    seen = [msgspec.json.decode(line) for line in watch.take().splitlines()]
    ended = [each["object"]["metadata"]["name"] for each in seen if each["type"] == "DELETED"]
    added = [each["object"]["metadata"]["name"] for each in seen if each["type"] == "ADDED"]
    assert sorted(ended) == sorted(added)
    assert ended[-1] == name


def test_who_watches_sees_an_event_when_it_happens() -> None:
    world = World("local")
    watch = world.watch_at(EVENTS, resourceVersion="0")
    world.create(deployment("web", web="w:1"))
    world.wait(2)
    early = watch.take()
    assert b"Pulling image" in early
    assert b"Successfully pulled" not in early
    due = world.cluster.next_due()
    assert due is not None
    world.wait(60)
    assert b"Successfully pulled" in watch.take()


def test_what_nobody_reads_is_not_written_and_wakes_nobody() -> None:
    """Seeding says ten things a workload: no versions, no timers, no syncs come of it."""
    world = World()
    world.create(deployment("web", web="w:1"))
    world.wait(LIFETIME / 2)
    store = world.cluster.kernel.store
    assert not [each for each in store.since(0) if each.key.resource == "events"]
    assert world.cluster.next_due() is None
    before = store.version
    assert len(world.events()) == 7
    assert store.version == before + 7


def test_reading_changes_nothing_but_versions() -> None:
    """Names, uids and times are those that they would have been, whoever reads when."""

    def played(*, reads: bool) -> list[Json]:
        world = World("local")
        world.create(deployment("web", web="w:1"))
        for image in ("w:2", "w:crash"):
            world.wait(50)
            if reads:
                world.events()
            world.image("web", "web", image)
        world.wait(300)
        return [timeless(each) for each in (*world.events(), *world.pods())]

    assert played(reads=False) == played(reads=True)


def backed_off(world: World) -> int:
    return sum(each["count"] for each in world.events(fieldSelector="reason=BackOff"))


def test_a_fork_tells_its_own_story() -> None:
    world = World("local")
    world.create(deployment("bad", web="w:crash"))
    world.wait(40)
    world.events()
    world.wait(1)
    twin = World("local")
    twin.cluster, twin.now = world.cluster.fork(), world.now
    twin.wait(500)
    assert backed_off(twin) > 3
    assert backed_off(world) == 3
    world.wait(500)
    assert [timeless(each) for each in world.events()] == [timeless(each) for each in twin.events()]


@pytest.mark.parametrize("strategy", ["RollingUpdate", "Recreate"])
def test_a_volume_that_is_busy_elsewhere_is_told(strategy: str) -> None:
    """A rolling update waits for ever for the pod that it waits to replace; Recreate waits until it is detached."""
    world = World("cloud")
    spec = {
        "accessModes": ["ReadWriteOnce"], "volumeName": "pv-1", "resources": {"requests": {"storage": "1Gi"}},
    }  # fmt: skip
    assert world.ask("POST", CLAIMS, {"metadata": {"name": "work"}, "spec": spec})[0] == 201
    made = deployment("web", web="w:1")
    volume = {"name": "work", "persistentVolumeClaim": {"claimName": "work"}}
    made["spec"]["template"]["spec"]["volumes"] = [volume]
    made["spec"]["strategy"] = {"type": strategy}
    world.create(made)
    world.wait(200)
    (old,) = world.pods()
    world.image("web", "web", "w:2")
    world.wait(600)
    attached = ("SuccessfulAttachVolume", 'AttachVolume.Attach succeeded for volume "pv-1" ')
    why = "Volume is already exclusively attached to one node and can't be attached to another"
    if strategy == "RollingUpdate":
        why = f"Volume is already used by pod(s) {old['metadata']['name']}"
    busy = ("FailedAttachVolume", f'Multi-Attach error for volume "pv-1" {why}')
    told = world.told("Pod", source="attachdetach-controller")
    assert told == [attached, busy] + [attached] * (strategy == "Recreate")


@pytest.mark.parametrize(
    ("image", "said"),
    [
        ("w:2", ["Killing", "Pulling", "Pulled", "Created", "Started"]),
        ("w:image-pull", ["Killing", "Pulling", "Failed", "Failed", "BackOff", "Failed"]),
        ("w:crash", ["Killing", "Pulling", "Pulled", "Created", "Started", "BackOff"]),
    ],
)
def test_an_image_that_is_changed_in_place_restarts_one_container(image: str, said: list[str]) -> None:
    world = World("local")
    world.create(deployment("web", web="w:1", sync="s:1"))
    world.wait(60)
    (pod,) = world.pods()
    path = f"/api/v1/namespaces/default/pods/{pod['metadata']['name']}"
    before = len(world.told("Pod"))
    change = {"spec": {"containers": [{"name": "web", "image": image}]}}
    assert world.ask("PATCH", path, change, media="strategic")[0] == 200
    world.wait(60)
    world.told("Pod")
    after = world.events(fieldSelector="involvedObject.fieldPath=spec.containers{web}")
    told = reasons(world.told("Pod"))
    # Created and Started happen again: they are counted, and stand where they stood.
    new = told[before:]
    again = {each["reason"] for each in after if (each.get("count") or 0) > 1}
    assert [reason for reason in said if reason not in again] == new
    assert again == {"Created", "Started"} & set(said)


def test_init_containers_come_first_and_one_that_fails_is_the_last() -> None:
    world = World()
    made = deployment("web", web="w:1")
    made["spec"]["template"]["spec"]["initContainers"] = [
        {"name": "first", "image": "i:1"},
        {"name": "second", "image": "i:crash"},
    ]
    world.create(made)
    world.wait(60)
    found = world.events(fieldSelector="reason=Started")
    assert {each["involvedObject"]["fieldPath"] for each in found} == {
        "spec.initContainers{first}", "spec.initContainers{second}",
    }  # fmt: skip


def test_a_pod_that_fits_nowhere_says_why() -> None:
    world = World()
    world.ask("PATCH", "/api/v1/nodes/node-0", {"spec": {"unschedulable": True}}, media="merge")
    made = deployment("web", web="w:1")
    made["spec"]["template"]["spec"]["nodeSelector"] = {"no": "where"}
    world.create(made)
    world.wait(10)
    (told,) = world.told("Pod")
    words = (
        "0/3 nodes are available: 1 node(s) were unschedulable, 2 node(s) didn't match Pod's node affinity/selector. "
        "no new claims to deallocate, preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling."
    )
    assert told == ("FailedScheduling", words)
    (pod,) = world.pods()
    assert pod["status"]["conditions"][0]["message"] == words


def test_a_job_tells_how_it_ended() -> None:
    world = World()
    for name, image in (("good", "j:1"), ("bad", "j:crash")):
        pod = {"restartPolicy": "Never", "containers": [{"name": "c", "image": image}]}
        made = {"metadata": {"name": name}, "spec": {"backoffLimit": 0, "template": {"spec": pod}}}
        assert world.ask("POST", JOBS, made)[0] == 201
    world.wait(60)
    assert reasons(world.told("Job", **{"involvedObject.name": "good"})) == ["SuccessfulCreate", "Completed"]
    failed = world.told("Job", **{"involvedObject.name": "bad"})
    assert failed[1:] == [("BackoffLimitExceeded", "Job has reached the specified backoff limit")]


def test_events_go_with_their_namespace() -> None:
    world = World()
    world.ask("POST", "/api/v1/namespaces", {"metadata": {"name": "gone"}})
    world.ask("POST", "/apis/apps/v1/namespaces/gone/deployments", deployment("web", web="w:1"))
    world.wait(10)
    world.ask("DELETE", "/api/v1/namespaces/gone")
    world.wait(10)
    assert world.events("/api/v1/namespaces/gone/events", fieldSelector="reason=Scheduled") == []


def test_names_end_in_the_time_of_the_event() -> None:
    world = World()
    world.create(deployment("web", web="w:1"))
    world.wait(10)
    moments = [int(each["metadata"]["name"].rpartition(".")[2], 16) for each in world.events()]
    assert len(set(moments)) == len(moments)
    assert all(START * 1e9 < moment < (START + 10) * 1e9 for moment in moments)
