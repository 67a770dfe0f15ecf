"""The kinds of workloads, and where the API serves them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True)
class Resource:
    """A collection that the API serves: group, version, plural name."""

    group: str
    version: str
    plural: str

    def path(self, namespace: str | None = None, name: str | None = None) -> str:
        """Path of the collection, or of one object in it; None as namespace means all namespaces."""
        base = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        scope = f"/namespaces/{namespace}" if namespace is not None else ""
        return f"{base}{scope}/{self.plural}" + (f"/{name}" if name is not None else "")

    def __str__(self) -> str:
        return f"{self.plural}.{self.group}" if self.group else self.plural


class Kind(Enum):
    """A workload's kind. `singular` is how references are printed."""

    DEPLOYMENT = ("Deployment", Resource("apps", "v1", "deployments"), "deploy")
    STATEFUL_SET = ("StatefulSet", Resource("apps", "v1", "statefulsets"), "sts")
    DAEMON_SET = ("DaemonSet", Resource("apps", "v1", "daemonsets"), "ds")
    CRON_JOB = ("CronJob", Resource("batch", "v1", "cronjobs"), "cj")

    def __init__(self, title: str, resource: Resource, short: str) -> None:
        self.title = title
        self.resource = resource
        self.short = short
        self.singular = title.lower()

    def __str__(self) -> str:
        return self.title

    @classmethod
    def named(cls, singular: str) -> Kind:
        """The kind whose singular that is; raises KeyError."""
        return _BY_SINGULAR[singular]


_BY_SINGULAR = {kind.singular: kind for kind in Kind}


CLAIMS = Resource("", "v1", "persistentvolumeclaims")
REPLICA_SETS = Resource("apps", "v1", "replicasets")
CONTROLLER_REVISIONS = Resource("apps", "v1", "controllerrevisions")
PODS = Resource("", "v1", "pods")
EVENTS = Resource("", "v1", "events")
SECRETS = Resource("", "v1", "secrets")
NAMESPACES = Resource("", "v1", "namespaces")
ACCESS_REVIEWS = Resource("authorization.k8s.io", "v1", "selfsubjectaccessreviews")
