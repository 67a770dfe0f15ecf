"""Manifests with their place in a cluster: the collection that serves them, and their namespace."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rollonce.errors import MalformedManifest, UnservedKind
from rollonce.manifests.manifest import Manifest
from rollonce.model.kind import Kind, Resource
from rollonce.model.nearest import nearest
from rollonce.model.thing import ObjectKey, Served
from rollonce.model.workload import WorkloadKey

# Kinds of the same version by name, per apiVersion; an apiVersion that nobody serves is not among them.
Catalogue = Mapping[str, Mapping[str, Served]]

# What others need to be there first. A kind that is in neither list comes between the first one and the workloads.
_FIRST = (
    "Namespace",
    "CustomResourceDefinition",
    "PriorityClass",
    "StorageClass",
    "ResourceQuota",
    "LimitRange",
    "NetworkPolicy",
    "ServiceAccount",
    "ClusterRole",
    "ClusterRoleBinding",
    "Role",
    "RoleBinding",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Secret",
    "ConfigMap",
    "Service",
)
# What refers to workloads, or would judge what is sent before them.
_LAST = (
    "PodDisruptionBudget",
    "HorizontalPodAutoscaler",
    "APIService",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
)
_WORKLOADS = len(_FIRST) + 1


@dataclass(frozen=True, slots=True)
class Placed:
    """A manifest, and where its object is; `kind` is that of a workload, None for any other object.

    `new` where the server does not know its kind yet: the run defines it.
    """

    manifest: Manifest
    key: ObjectKey
    resource: Resource
    kind: Kind | None
    new: bool = False

    @property
    def namespace(self) -> str | None:
        """As the client takes it."""
        return self.key.namespace or None

    @property
    def workload_key(self) -> WorkloadKey:
        """The key as a workload."""
        return WorkloadKey(self.key.kind.lower(), self.key.namespace, self.key.name)

    @property
    def rank(self) -> int:
        """When it is its turn: the lower the earlier."""
        if self.kind is not None:
            return _WORKLOADS
        kind = self.manifest.kind
        if kind in _LAST:
            return _WORKLOADS + 1 + _LAST.index(kind)
        return _FIRST.index(kind) if kind in _FIRST else len(_FIRST)

    @property
    def last(self) -> bool:
        """Whether it comes after the workloads."""
        return self.rank > _WORKLOADS


def place(
    manifests: Iterable[Manifest], catalogue: Catalogue, namespace: str, *, said: bool, act: str
) -> tuple[Placed, ...]:
    """Each manifest with its place. `said` tells that the namespace was asked for, so that no other one may be named.

    Raises MalformedManifest and UnservedKind, both naming file and line.
    """
    found: dict[ObjectKey, Placed] = {}
    for manifest in manifests:
        one = _one(manifest, catalogue, namespace, said=said, act=act)
        other = found.setdefault(one.key, one)
        if other is not one:
            raise MalformedManifest(
                f"{manifest.place}: {one.key} is given a second time, after {other.manifest.place}",
                act=act,
                hint="two manifests of one object would contradict each other: leave one of them out",
            )
    return tuple(found.values())


def _one(manifest: Manifest, catalogue: Catalogue, namespace: str, *, said: bool, act: str) -> Placed:
    if not manifest.name:
        raise MalformedManifest(
            f"{manifest.place}: it has generateName, and each run would make one more",
            act=act,
            hint="give it a metadata.name, or create it by kubectl create",
        )
    served = _served(manifest, catalogue, act)
    if served.namespaced and said and manifest.namespace not in ("", namespace):
        raise MalformedManifest(
            f"{manifest.place}: {manifest.kind}/{manifest.name} is for namespace {manifest.namespace}, "
            f"and -n says {namespace}",
            act=act,
            hint="leave -n out, or fix the manifest",
        )
    space = (manifest.namespace or namespace) if served.namespaced else ""
    key = ObjectKey(space, manifest.kind, manifest.name, served.resource.group)
    kind = next((k for k in Kind if k.resource == served.resource), None)
    return Placed(manifest, key, served.resource, kind, served.new)


def _served(manifest: Manifest, catalogue: Catalogue, act: str) -> Served:
    kinds = catalogue.get(manifest.api_version)
    served = (kinds or {}).get(manifest.kind)
    if served is not None:
        return served
    what = f"{manifest.place}: the cluster serves no {manifest.kind} of {manifest.api_version}"
    if kinds is None:
        raise UnservedKind(
            what, act=act, hint="fix apiVersion, or put the CustomResourceDefinition among the manifests"
        )
    close = nearest(manifest.kind, kinds)
    raise UnservedKind(what, act=act, hint=f"the nearest kind is {close}" if close else "fix kind or apiVersion")
