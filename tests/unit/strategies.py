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
