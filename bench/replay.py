"""A server that replays pages of lists: 100,000 ReplicaSets in etcd would measure etcd.

`python -m bench.replay COUNT` prints its address when its pages are ready, and serves until it is ended. The
ReplicaSets are of about 7 KB, fifty to a namespace: of five Deployments with ten revisions each, from a pipeline of two
steps. The pages are kept as an API server sends them, packed by gzip; every other list is empty.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from typing import Any
from urllib.parse import parse_qs, urlsplit

from rollonce.sim.api import discovery
from rollonce.sim.api.kinds import Kinds

PAGE = 500
DEPLOYMENTS = 5
REVISIONS = 10
VARIABLES = 40
APPS = "/apis/apps/v1"
_META = {"terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File"}


def replica_sets(count: int) -> Iterator[dict[str, Any]]:
    """The ReplicaSets, in the order of a list."""
    for number in range(count):
        place, revision = divmod(number, REVISIONS)
        namespace, deployment = divmod(place, DEPLOYMENTS)
        yield _replica_set(f"team-{namespace:04}", f"agent-{deployment}", revision)


def deployments(count: int) -> Iterator[dict[str, Any]]:
    """The Deployments of so many ReplicaSets, in the order of a list: one of each to the last of its ReplicaSets."""
    return (_deployment(newest) for newest in islice(replica_sets(count), REVISIONS - 1, None, REVISIONS))


def _deployment(newest: dict[str, Any]) -> dict[str, Any]:
    owner, born = newest["metadata"]["ownerReferences"][0], newest["metadata"]["creationTimestamp"]
    managed = newest["metadata"]["managedFields"][0] | {"manager": "kubectl-client-side-apply", "time": born}
    template = newest["spec"]["template"]
    return {
        "metadata": {
            "name": owner["name"],
            "namespace": newest["metadata"]["namespace"],
            "uid": owner["uid"],
            "resourceVersion": "7",
            "generation": REVISIONS,
            "creationTimestamp": "2026-11-10T09:00:00Z",
            "labels": {"app": owner["name"]},
            "annotations": {
                "deployment.kubernetes.io/revision": str(REVISIONS),
                "kubectl.kubernetes.io/last-applied-configuration": json.dumps({"spec": {"template": template}}),
            },
            "managedFields": [managed],
        },
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"app": owner["name"]}},
            "strategy": {"type": "Recreate"},
            "template": template,
        },
        "status": {"replicas": 1, "updatedReplicas": 1, "readyReplicas": 1, "availableReplicas": 1}
        | {"observedGeneration": REVISIONS},
    }


def _replica_set(namespace: str, deployment: str, revision: int) -> dict[str, Any]:
    # Two steps a build: first the agent's image, two minutes later the sidecar's.
    builds = {"agent": (revision + 1) // 2, "git-sync": revision // 2}
    variables = [
        {"name": f"SETTING_{n}", "value": f"{namespace}-{deployment}-{n}-{'x' * 40}"} for n in range(VARIABLES)
    ]
    containers: list[dict[str, Any]] = []
    for name, build in builds.items():
        image = f"registry.example/{name}:{build + 40_960:x}-{1000 + build}"
        containers.append({"name": name, "image": image, "resources": {}, **_META})
    containers[0]["env"] = variables
    labels = {"app": deployment, "pod-template-hash": f"{deployment}{revision:03}"}
    owned: dict[str, Any] = {
        f'k:{{"name":"SETTING_{n}"}}': {".": {}, "f:name": {}, "f:value": {}} for n in range(VARIABLES)
    }
    name = f"{deployment}-{revision:03}"
    return {
        "metadata": {
            "name": name,
            "namespace": namespace,
            "uid": f"{namespace}-{name}",
            "resourceVersion": "7",
            "generation": 2,
            "creationTimestamp": f"2026-11-{10 + revision // 2:02}T09:{2 * (revision % 2):02}:00Z",
            "labels": labels,
            "annotations": {
                "deployment.kubernetes.io/desired-replicas": "1",
                "deployment.kubernetes.io/max-replicas": "2",
                "deployment.kubernetes.io/revision": str(revision + 1),
            },
            "ownerReferences": [
                {"apiVersion": "apps/v1", "kind": "Deployment", "name": deployment, "uid": f"{namespace}-{deployment}"}
                | {"controller": True, "blockOwnerDeletion": True}
            ],
            "managedFields": [
                {"manager": "kube-controller-manager", "operation": "Update", "apiVersion": "apps/v1"}
                | {"time": "2026-11-20T09:00:00Z", "fieldsType": "FieldsV1"}
                | {"fieldsV1": {"f:spec": {"f:template": {"f:spec": {"f:containers": {"f:env": owned}}}}}}
            ],
        },
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": containers, "restartPolicy": "Always", "dnsPolicy": "ClusterFirst"},
            },
        },
        "status": {"replicas": 0, "observedGeneration": 2},
    }


def pages(kind: str, objects: Iterator[dict[str, Any]], count: int) -> list[bytes]:
    """The packed pages of a list."""
    packed = []
    for start in range(0, count, PAGE):
        left = max(count - start - PAGE, 0)
        metadata: dict[str, Any] = {"resourceVersion": "7"}
        if left:
            metadata |= {"continue": str(start + PAGE), "remainingItemCount": left}
        page = {
            "kind": f"{kind}List",
            "apiVersion": "apps/v1",
            "metadata": metadata,
            "items": list(islice(objects, PAGE)),
        }
        packed.append(gzip.compress(json.dumps(page, separators=(",", ":")).encode(), 4))
    return packed


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    kinds = Kinds()
    held: dict[str, list[bytes]]

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        if asked.path in self.held:
            start = int(parse_qs(asked.query).get("continue", ["0"])[0])
            self._send(self.held[asked.path][start // PAGE], "application/json", packed=True)
            return
        found = discovery.answer(asked.path, self.headers.get("accept", ""), self.kinds)
        if found is None:
            found = {"kind": "List", "apiVersion": "v1", "metadata": {"resourceVersion": "7"}, "items": []}
        media = "application/json"
        if found["kind"] == "APIGroupDiscoveryList":
            media += ";g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
        self._send(json.dumps(found).encode(), media, packed=False)

    def _send(self, body: bytes, media: str, *, packed: bool) -> None:
        self.send_response(200)
        self.send_header("Content-Type", media)
        self.send_header("Content-Length", str(len(body)))
        if packed:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as http.server names it
        """Says nothing."""


def main() -> None:
    """Serves on a free port of loopback."""
    count = int(sys.argv[1])
    _Handler.held = {
        f"{APPS}/replicasets": pages("ReplicaSet", replica_sets(count), count),
        f"{APPS}/deployments": pages("Deployment", deployments(count), count // REVISIONS),
    }
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
