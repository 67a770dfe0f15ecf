"""Live objects as plain JSON, and edits for them; small alphabets, so that things meet."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import strategies as st

from rollonce.model import decode
from rollonce.model.kind import Kind
from rollonce.model.workload import Workload

Object = dict[str, Any]

NAMES = ("agent", "git-sync", "cai-runtime", "proxy", "setup")
IMAGES = ("a:1", "a:2", "registry.example:5000/b:1", "c@sha256:" + "0" * 64)
KINDS = {kind.title: kind for kind in Kind}


def read(thing: Object) -> Workload:
    """The workload that an object is decoded to."""
    return decode.workload(KINDS[thing["kind"]], msgspec.json.encode(thing))


def pod_spec(thing: Object) -> Object:
    """The pod spec of the object's template."""
    spec: Object = thing["spec"]
    if thing["kind"] == "CronJob":
        spec = spec["jobTemplate"]["spec"]
    found: Object = spec["template"]["spec"]
    return found


# Main containers, then init containers; `proxy` is a native sidecar where it is one of the latter.
LAYOUTS = (
    (("agent",), ()),
    (("agent", "git-sync"), ()),
    (("git-sync", "agent", "cai-runtime"), ()),
    (("agent", "proxy"), ("setup",)),
    (("cai-runtime", "agent"), ("proxy",)),
    (("agent",), ("setup", "proxy")),
    (("proxy",), ("agent", "git-sync")),
)


def objects(kinds: tuple[Kind, ...] = tuple(Kind)) -> st.SearchStrategy[Object]:
    """Objects as the API server stores them: empty maps and lists are left out."""
    return st.builds(
        _object,
        st.sampled_from(kinds),
        st.sampled_from(["ceo", "cso"]),
        st.sampled_from(LAYOUTS),
        st.lists(st.sampled_from([*IMAGES, ""]), min_size=3, max_size=3),
        st.none() | annotation_maps(),
    )


def _object(
    kind: Kind,
    name: str,
    layout: tuple[tuple[str, ...], tuple[str, ...]],
    images: list[str],
    annotations: dict[str, str] | None,
) -> Object:
    found = [_container(each, image) for each, image in zip(layout[0] + layout[1], images, strict=False)]
    main = len(layout[0])
    spec: Object = {"containers": found[:main], "restartPolicy": "Always"}
    if layout[1]:
        spec["initContainers"] = found[main:]
    template = {"metadata": {"labels": {"app": name}}, "spec": spec}
    metadata = {"name": name, "namespace": "agents", "uid": "u1", "resourceVersion": "100", "generation": 1}
    return {
        "kind": kind.title,
        "metadata": metadata | ({"annotations": annotations} if annotations else {}),
        "spec": {"jobTemplate": {"spec": {"template": template}}}
        if kind is Kind.CRON_JOB
        else {"replicas": 1, "template": template},
        "status": {},
    }


def _container(name: str, image: str) -> Object:
    always = {"restartPolicy": "Always"} if name == "proxy" else {}
    return {"name": name, "resources": {}} | always | ({"image": image} if image else {})


def annotation_maps() -> st.SearchStrategy[dict[str, str]]:
    """Maps of annotations, with ours or without."""
    names = ["team", "a/b~c", "rollonce.dev/deploy-id", "rollonce.dev/commit"]
    return st.dictionaries(st.sampled_from(names), st.sampled_from(["run-0", "run-1", "x", ""]), min_size=1)


def pairs() -> st.SearchStrategy[list[str]]:
    """Compatible pairs: one image for each left side."""
    scopes = ["", "deployment/ceo:", "deployment/cso:", "statefulset/ceo:", "cronjob/cso:"]
    lefts = [scope + name for scope in scopes for name in (*NAMES, "*")]
    chosen = st.dictionaries(st.sampled_from(lefts), st.sampled_from(IMAGES), min_size=1, max_size=5)
    return chosen.map(lambda images: [f"{left}={image}" for left, image in images.items()])


# --- everything that an edit may be of

VARIABLES = ("LOG", "A", "B", "API_TOKEN")
KEYS = ("app", "tier", "a/b-c")
AMOUNTS = ("1", "1000m", "0.5", "500m", "1Gi", "1024Mi")


def _entries() -> st.SearchStrategy[Object]:
    source = st.just({"valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}})
    # What is empty the API server leaves out.
    value = st.sampled_from(["x", "y", ""]).map(lambda text: {"value": text} if text else {})
    return st.builds(lambda name, rest: {"name": name, **rest}, st.sampled_from(VARIABLES), value | source)


def _amounts() -> st.SearchStrategy[Object]:
    # As the API server writes them.
    inner = st.dictionaries(st.sampled_from(["cpu", "memory"]), st.sampled_from(["1", "500m", "1Gi"]), min_size=1)
    return st.dictionaries(st.sampled_from(["requests", "limits"]), inner)


def _texts() -> st.SearchStrategy[dict[str, str]]:
    return st.dictionaries(st.sampled_from(KEYS), st.sampled_from(["x", "y", ""]), min_size=1)


@st.composite
def rich_objects(draw: st.DrawFn, kinds: tuple[Kind, ...] = tuple(Kind)) -> Object:
    """Objects with environments, resources, labels and annotations, or without the maps and lists for them."""
    thing: Object = draw(objects(kinds))
    spec = pod_spec(thing)
    for container in (*spec["containers"], *spec.get("initContainers", ())):
        env = draw(st.lists(_entries(), max_size=4))
        if env:
            container["env"] = env
        container["resources"] = draw(_amounts())
        if draw(st.booleans()) and not container["resources"]:
            del container["resources"]
    template = (
        thing["spec"]["jobTemplate"]["spec"]["template"] if thing["kind"] == "CronJob" else thing["spec"]["template"]
    )
    template["metadata"] = draw(st.fixed_dictionaries({}, optional={"labels": _texts(), "annotations": _texts()}))
    if thing["kind"] == "CronJob" and not template["metadata"]:
        del template["metadata"]
    labels = draw(st.none() | _texts())
    if labels is not None:
        thing["metadata"]["labels"] = labels
    return thing


def edits() -> st.SearchStrategy[list[str]]:
    """Compatible edits in the words of `builders.edit_of`: one value for each left side."""
    scopes = st.sampled_from(["", "deployment/ceo:", "cronjob/cso:"])
    containers = st.sampled_from([*NAMES[:3], "*"])
    places = st.sampled_from(["label", "annotation", "workload-label", "workload-annotation"])
    names = st.sampled_from(["requests.cpu", "limits.memory"])
    lefts = (
        st.builds("{}{}".format, scopes, containers)
        | st.builds("env {}{}:{}".format, scopes, containers, st.sampled_from([*VARIABLES, "NEW", "Z"]))
        | st.builds("resources {}{}:{}".format, scopes, containers, names)
        | st.builds("{} {}{}".format, places, scopes, st.sampled_from(KEYS[1:]))
        | st.just("restart")
    )
    return st.lists(lefts, min_size=1, max_size=6, unique=True).flatmap(_with_values)


def _with_values(lefts: list[str]) -> st.SearchStrategy[list[str]]:
    return st.tuples(*map(_with_value, lefts)).map(list)


def _with_value(left: str) -> st.SearchStrategy[str]:
    if left == "restart":
        return st.just(left)
    if " " not in left:
        return st.sampled_from(IMAGES).map(lambda image: f"{left}={image}")
    values = AMOUNTS if left.startswith("resources") else ("x", "y", "", "$(A)")[: 4 if left.startswith("env") else 3]
    return st.just(f"{left}-") | st.sampled_from(values).map(lambda value: f"{left}={value}")
