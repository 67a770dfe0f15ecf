"""The users of the control plane and what each may do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

_WORKLOADS = (("apps", "deployments"), ("apps", "statefulsets"), ("apps", "daemonsets"), ("batch", "cronjobs"))
_EVIDENCE = (
    ("apps", "replicasets"),
    ("apps", "controllerrevisions"),
    ("batch", "jobs"),
    ("events.k8s.io", "events"),
    ("", "events"),
    ("", "pods"),
    ("", "persistentvolumeclaims"),
    ("", "namespaces"),
)
_CLAIMS = (("", "persistentvolumeclaims"),)
# What manifests of a deploy have beside workloads.
_OTHERS = (
    ("", "namespaces"),
    ("", "configmaps"),
    ("", "secrets"),
    ("", "services"),
    ("", "serviceaccounts"),
    ("autoscaling", "horizontalpodautoscalers"),
    ("policy", "poddisruptionbudgets"),
    ("apiextensions.k8s.io", "customresourcedefinitions"),
    ("scenario.example", "backups"),
)


@dataclass(frozen=True, slots=True)
class Rule:
    """Verbs that are allowed on (API group, resource) pairs."""

    verbs: tuple[str, ...]
    resources: tuple[tuple[str, str], ...]

    def to_object(self) -> dict[str, Any]:
        """As an entry of a ClusterRole's `rules`."""
        return {
            "apiGroups": sorted({group for group, _ in self.resources}),
            "resources": sorted({resource for _, resource in self.resources}),
            "verbs": list(self.verbs),
        }


@dataclass(frozen=True, slots=True)
class User:
    """A user with a token; `rules` become a ClusterRole of the same name, bound in the whole cluster."""

    name: str
    groups: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()


# Requests of these are the control plane's own and stay out of the audit log.
SUPERVISOR = User("controlplane", ("system:masters",))
MACHINERY = (
    User("system:kube-controller-manager", ("system:masters",)),
    User("system:kube-scheduler", ("system:masters",)),
    User("kwok", ("system:masters",)),
    SUPERVISOR,
)
PEOPLE = (
    User("admin", ("system:masters",)),
    User("deployer", rules=(Rule(("get", "list", "watch", "patch"), _WORKLOADS), Rule(("list",), _CLAIMS))),
    User(
        "applier",
        rules=(Rule(("get", "list", "watch", "patch", "create"), _WORKLOADS + _OTHERS), Rule(("list",), _CLAIMS)),
    ),
    User(
        "looker",
        rules=(
            Rule(("get", "list", "watch", "patch"), _WORKLOADS),
            Rule(("list",), _CLAIMS),
            Rule(("list", "watch"), (("", "pods"), ("", "events"))),
        ),
    ),
    *(
        User(
            name,
            rules=(
                Rule(("get", "list", "watch", "patch"), _WORKLOADS),
                Rule(("list",), (("apps", "replicasets"), ("apps", "controllerrevisions"), *_CLAIMS)),
                Rule(("list", "watch", *more), (("", "pods"),)),
            ),
        )
        for name, more in (("undoer", ("delete",)), ("undoer-without-delete", ()))
    ),
    User("lister", rules=(Rule(("get", "list", "patch"), _WORKLOADS), Rule(("list",), _CLAIMS))),
    User("reader", rules=(Rule(("get", "list", "watch"), _WORKLOADS + _EVIDENCE),)),
    User("nobody"),
    # A file of tokens is read once at the start: tests that want a user of their own bind a Role to one of these.
    *(User(f"spare-{number}") for number in range(1, 9)),
)
ALL = MACHINERY + PEOPLE


def roles(users: Iterable[User]) -> Iterable[tuple[str, dict[str, Any]]]:
    """Path and object of each ClusterRole and ClusterRoleBinding to create."""
    group = "rbac.authorization.k8s.io"
    prefix = f"/apis/{group}/v1"
    for user in users:
        if not user.rules:
            continue
        name = f"rollonce-test:{user.name}"
        yield f"{prefix}/clusterroles", {"metadata": {"name": name}, "rules": [rule.to_object() for rule in user.rules]}
        yield (
            f"{prefix}/clusterrolebindings",
            {
                "metadata": {"name": name},
                "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": name},
                "subjects": [{"apiGroup": group, "kind": "User", "name": user.name}],
            },
        )
