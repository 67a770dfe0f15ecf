"""Bodies in YAML, as curl users send them."""

from __future__ import annotations

import pytest

from tests.sim.agreement.pair import Pair
from tests.sim.agreement.things import CONFIGMAPS, DEPLOYMENTS, stored

pytestmark = pytest.mark.cluster
APPLY = "application/apply-patch+yaml"
WEB = b"""\
# a Deployment
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels: &labels {app: web}
spec:
  replicas: 0
  paused: true
  selector: {matchLabels: *labels}
  template:
    metadata:
      labels: *labels
    spec:
      containers:
      - name: main
        image: registry.example/web:1
        args: ["1", 'two', "3"]
        command:
        - sh
        - |
          one
          two
"""
CONF = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\ndata: {k: '1', l: \"yes\"}\n"


def test_a_manifest_is_applied_and_created(pair: Pair) -> None:
    pair.ask("PATCH", f"{DEPLOYMENTS}/web", WEB, media=APPLY, query="fieldManager=me", see=stored)
    pair.ask(
        "PATCH", f"{DEPLOYMENTS}/web", WEB.replace(b"web:1", b"web:2"), media=APPLY, query="fieldManager=me", see=stored
    )
    pair.ask("POST", CONFIGMAPS, CONF, media="application/yaml")
    pair.ask("PUT", f"{CONFIGMAPS}/conf", CONF.replace(b"'1'", b"'2'"), media="application/yaml")
    pair.ask("PATCH", f"{CONFIGMAPS}/conf", CONF + b"---\nnot: read\n", media=APPLY, query="fieldManager=me&force=true")


@pytest.mark.parametrize(
    "body",
    [
        b"just text", b"- a\n- b\n", b"", b"# nothing\n", b"null", b"a: b: c", b"{", b"\tx: y", b"a: [", b"3", b"true",
        b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\ndata: {k: 1}\n",
        b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\ndata: {1: a}\n",
        b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\ndata: {k: yes}\n",
    ],
)  # fmt: skip
def test_what_is_no_manifest_is_refused(pair: Pair, body: bytes) -> None:
    def reason(answer: object) -> object:
        # Where in the text it is, and what was expected there, is each parser's own.
        assert isinstance(answer, dict)
        if "yaml: " in str(answer.get("message")):
            return {**answer, "message": str(answer["message"]).partition("yaml: ")[0]}
        return answer

    pair.ask("PATCH", f"{CONFIGMAPS}/conf", body, media=APPLY, query="fieldManager=me", see=reason)
