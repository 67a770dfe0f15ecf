"""kubectl apply, both ways, and diff."""

from __future__ import annotations

import pytest

from tests.contract import shapes
from tests.contract.twin import Twin

pytestmark = [pytest.mark.cluster, pytest.mark.contract]

IMAGE = "spec.template.spec.containers.0.image"


def test_client_side_apply_creates_changes_prunes_and_leaves_alone(twin: Twin) -> None:
    web = shapes.deployment()
    twin.kubectl("apply", "-f", "-", given=web)
    twin.settled("deployment/web")
    twin.kubectl("apply", "-f", "-", given=web)
    twin.settled("deployment/web")
    twin.kubectl("apply", "-f", "-", given=shapes.changed(web, IMAGE, "registry.example/web:2"))
    twin.settled("deployment/web")
    # What an earlier apply had and this one has not is taken away: an environment variable, a volume, a container.
    fewer = shapes.changed(web, "spec.template.spec.containers.0.env.1", None)
    fewer = shapes.changed(fewer, "spec.template.spec.containers.1", None)
    twin.kubectl("apply", "-f", "-", given=fewer)
    twin.settled("deployment/web")
    twin.objects("deployments", "replicasets")


def test_client_side_apply_keeps_what_others_set(twin: Twin) -> None:
    twin.kubectl("apply", "-f", "-", given=shapes.deployment())
    twin.settled("deployment/web")
    twin.kubectl("annotate", "deployment/web", "owner=someone")
    twin.settled("deployment/web")
    twin.kubectl("scale", "deployment/web", "--replicas=1")
    twin.settled("deployment/web")
    twin.kubectl("apply", "-f", "-", given=shapes.changed(shapes.deployment(), IMAGE, "registry.example/web:2"))
    twin.settled("deployment/web")
    twin.objects("deployments", "replicasets")


def test_server_side_apply_creates_changes_prunes_and_leaves_alone(twin: Twin) -> None:
    web = shapes.deployment()
    twin.kubectl("apply", "--server-side", "-f", "-", given=web)
    twin.settled("deployment/web")
    twin.kubectl("apply", "--server-side", "-f", "-", given=web)
    twin.settled("deployment/web")
    fewer = shapes.changed(web, "spec.template.spec.containers.0.env.1", None)
    twin.kubectl("apply", "--server-side", "-f", "-", given=fewer)
    twin.settled("deployment/web")
    twin.objects("deployments", "replicasets")


def test_a_conflict_of_server_side_apply_names_the_other_and_is_forced(twin: Twin) -> None:
    twin.kubectl("apply", "--server-side", "-f", "-", given=shapes.deployment())
    twin.settled("deployment/web")
    twin.kubectl("set", "image", "deployment/web", "web=registry.example/web:2", "sync=registry.example/sync:2")
    twin.settled("deployment/web")
    third = shapes.changed(shapes.deployment(), IMAGE, "registry.example/web:3")
    twin.kubectl("apply", "--server-side", "-f", "-", given=third, code=1)
    twin.kubectl("diff", "--server-side", "-f", "-", given=third, code=2)
    twin.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", given=third)
    twin.settled("deployment/web")
    twin.objects("deployments", "replicasets")


def test_server_side_apply_takes_over_from_client_side_apply(twin: Twin) -> None:
    twin.kubectl("apply", "-f", "-", given=shapes.deployment())
    twin.settled("deployment/web")
    fewer = shapes.changed(shapes.deployment(), "spec.template.spec.containers.0.env.1", None)
    twin.kubectl("apply", "--server-side", "-f", "-", given=fewer)
    twin.settled("deployment/web")
    twin.objects("deployments", "replicasets")


def test_client_side_apply_takes_over_from_create(twin: Twin) -> None:
    twin.kubectl("create", "-f", "-", given=shapes.deployment())
    twin.settled("deployment/web")
    twin.kubectl("apply", "-f", "-", given=shapes.changed(shapes.deployment(), IMAGE, "registry.example/web:2"))
    twin.settled("deployment/web")
    twin.objects("deployments")


def test_apply_prunes_objects_that_are_gone(twin: Twin) -> None:
    one, other = shapes.configmap("one"), shapes.configmap("other")
    for thing in (one, other):
        thing["metadata"]["labels"] = {"set": "mine"}
    twin.kubectl("apply", "-f", "-", given=shapes.as_list(one, other))
    twin.kubectl(
        "apply",
        "--prune",
        "-l",
        "set=mine",
        "--prune-allowlist=core/v1/ConfigMap",
        "-f",
        "-",
        given=shapes.as_list(one),
    )
    twin.kubectl("get", "configmap", "-l", "set=mine", "-o", "name")


@pytest.mark.parametrize("how", [(), ("--server-side",)], ids=["client", "server"])
def test_apply_of_what_is_invalid_is_refused_in_the_same_words(twin: Twin, how: tuple[str, ...]) -> None:
    web = shapes.deployment()
    for path, value in (
        ("spec.template.metadata.labels", {"app": "other"}),
        ("spec.template.spec.containers.0.image", ""),
        ("spec.template.spec.containers.0.name", "Not_A_Name"),
        ("spec.template.spec.containers", []),
        ("spec.replicas", -1),
        ("spec.replicas", "two"),
        ("spec.replica", 2),
        ("spec.template.spec.containers.0.imagePullPolicy", "Sometimes"),
        ("spec.template.spec.restartPolicy", "Never"),
        ("spec.template.spec.containers.0.volumeMounts.0.name", "absent"),
        ("metadata.name", "Web"),
        ("spec.strategy", {"type": "Recreate", "rollingUpdate": {"maxSurge": 1}}),
    ):
        twin.kubectl("apply", *how, "-f", "-", given=shapes.changed(web, path, value), code=1)


def test_a_dry_run_of_the_server_shows_and_keeps_nothing(twin: Twin) -> None:
    web = shapes.deployment()
    twin.kubectl("apply", "--dry-run=server", "-f", "-", given=web)
    twin.kubectl("get", "deployments")
    twin.kubectl("apply", "-f", "-", given=web)
    twin.settled("deployment/web")
    changed = shapes.changed(web, IMAGE, "registry.example/web:2")
    twin.kubectl("apply", "--dry-run=server", "-f", "-", given=changed)
    twin.kubectl("apply", "--server-side", "--force-conflicts", "--dry-run=server", "-f", "-", given=changed)
    twin.kubectl("set", "image", "deployment/web", "web=registry.example/web:3", "--dry-run=server")
    twin.settled("deployment/web")
    twin.objects("deployments", "replicasets")


def test_diff_shows_what_apply_would_change(twin: Twin) -> None:
    web = shapes.deployment()
    twin.kubectl("apply", "-f", "-", given=web)
    twin.settled("deployment/web")
    twin.kubectl("diff", "-f", "-", given=web)
    changed = shapes.changed(web, IMAGE, "registry.example/web:2")
    real, simulated = twin.ask([str(twin.program), "diff", "-f", "-"], shapes.as_list(changed))
    assert real.code == simulated.code == 1
    # Files that are compared have names of their own.
    shown = [[line for line in plain if line.startswith(("+ ", "- "))] for plain in map(_lines, (real, simulated))]
    assert shown[0] == shown[1] != []


def _lines(said: object) -> list[str]:
    return str(getattr(said, "stdout", "")).splitlines()
