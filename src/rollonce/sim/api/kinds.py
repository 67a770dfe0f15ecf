"""The built-in kinds: what is served where, and under which names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rollonce.sim.store import Collection


@dataclass(frozen=True, slots=True)
class Definition:
    """What a CustomResourceDefinition says of one version: its schema, and the columns that it prints."""

    schema: Mapping[str, Any]
    columns: tuple[Mapping[str, Any], ...] = ()
    scale: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """One resource as discovery tells of it."""

    group: str
    version: str
    resource: str
    kind: str
    namespaced: bool
    short: tuple[str, ...] = ()
    subresources: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    # The name in the table of published types; of a custom kind the fallback, and what defines it.
    type: str = "*"
    definition: Definition | None = None
    names: str = ""

    @property
    def singular(self) -> str:
        """The name of one."""
        return self.names or self.kind.lower()

    @property
    def api_version(self) -> str:
        """As in an object's apiVersion."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def collection(self) -> Collection:
        """Where the store keeps them."""
        return Collection(self.group, self.resource)

    @property
    def qualified(self) -> str:
        """The resource as errors name it: `deployments.apps`."""
        return f"{self.resource}.{self.group}" if self.group else self.resource

    @property
    def qualified_kind(self) -> str:
        """The kind as errors name it: `Deployment.apps`."""
        return f"{self.kind}.{self.group}" if self.group else self.kind


_RBAC = "rbac.authorization.k8s.io"
_NET = "networking.k8s.io"
_ADM = "admissionregistration.k8s.io"
_FLOW = "flowcontrol.apiserver.k8s.io"
_RESOURCE = "resource.k8s.io"

_POD_PARTS = "attach binding ephemeralcontainers eviction exec log portforward proxy resize status"
# group/version, resource, kind, namespaced, short names, subresources, categories
_ROWS: tuple[tuple[str, str, str, str, bool, str, str, str], ...] = (
    ("", "v1", "bindings", "Binding", True, "", "", ""),
    ("", "v1", "componentstatuses", "ComponentStatus", False, "cs", "", ""),
    ("", "v1", "configmaps", "ConfigMap", True, "cm", "", ""),
    ("", "v1", "endpoints", "Endpoints", True, "ep", "", ""),
    ("", "v1", "events", "Event", True, "ev", "", ""),
    ("", "v1", "limitranges", "LimitRange", True, "limits", "", ""),
    ("", "v1", "namespaces", "Namespace", False, "ns", "status finalize", ""),
    ("", "v1", "nodes", "Node", False, "no", "status", ""),
    ("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", True, "pvc", "status", ""),
    ("", "v1", "persistentvolumes", "PersistentVolume", False, "pv", "status", ""),
    ("", "v1", "pods", "Pod", True, "po", _POD_PARTS, "all"),
    ("", "v1", "podtemplates", "PodTemplate", True, "", "", ""),
    ("", "v1", "replicationcontrollers", "ReplicationController", True, "rc", "status scale", "all"),
    ("", "v1", "resourcequotas", "ResourceQuota", True, "quota", "status", ""),
    ("", "v1", "secrets", "Secret", True, "", "", ""),
    ("", "v1", "serviceaccounts", "ServiceAccount", True, "sa", "", ""),
    ("", "v1", "services", "Service", True, "svc", "status", "all"),
    (_ADM, "v1", "mutatingadmissionpolicies", "MutatingAdmissionPolicy", False, "", "", "api-extensions"),
    (_ADM, "v1", "mutatingadmissionpolicybindings", "MutatingAdmissionPolicyBinding", False, "", "", "api-extensions"),
    (_ADM, "v1", "mutatingwebhookconfigurations", "MutatingWebhookConfiguration", False, "", "", "api-extensions"),
    (_ADM, "v1", "validatingadmissionpolicies", "ValidatingAdmissionPolicy", False, "", "status", "api-extensions"),
    (
        _ADM, "v1", "validatingadmissionpolicybindings", "ValidatingAdmissionPolicyBinding", False, "", "",
        "api-extensions",
    ),
    (_ADM, "v1", "validatingwebhookconfigurations", "ValidatingWebhookConfiguration", False, "", "", "api-extensions"),
    (
        "apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", False, "crd crds",
        "status", "api-extensions",
    ),
    ("apiregistration.k8s.io", "v1", "apiservices", "APIService", False, "", "status", "api-extensions"),
    ("apps", "v1", "controllerrevisions", "ControllerRevision", True, "", "", ""),
    ("apps", "v1", "daemonsets", "DaemonSet", True, "ds", "status", "all"),
    ("apps", "v1", "deployments", "Deployment", True, "deploy", "status scale", "all"),
    ("apps", "v1", "replicasets", "ReplicaSet", True, "rs", "status scale", "all"),
    ("apps", "v1", "statefulsets", "StatefulSet", True, "sts", "status scale", "all"),
    ("authentication.k8s.io", "v1", "selfsubjectreviews", "SelfSubjectReview", False, "", "", ""),
    ("authentication.k8s.io", "v1", "tokenreviews", "TokenReview", False, "", "", ""),
    ("authorization.k8s.io", "v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview", False, "", "", ""),
    ("authorization.k8s.io", "v1", "selfsubjectrulesreviews", "SelfSubjectRulesReview", False, "", "", ""),
    ("authorization.k8s.io", "v1", "subjectaccessreviews", "SubjectAccessReview", False, "", "", ""),
    ("authorization.k8s.io", "v1", "localsubjectaccessreviews", "LocalSubjectAccessReview", True, "", "", ""),
    ("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler", True, "hpa", "status", "all"),
    ("autoscaling", "v1", "horizontalpodautoscalers", "HorizontalPodAutoscaler", True, "hpa", "status", "all"),
    ("batch", "v1", "cronjobs", "CronJob", True, "cj", "status", "all"),
    ("batch", "v1", "jobs", "Job", True, "", "status", "all"),
    (
        "certificates.k8s.io", "v1", "certificatesigningrequests", "CertificateSigningRequest", False, "csr",
        "status", "",
    ),
    ("coordination.k8s.io", "v1", "leases", "Lease", True, "", "", ""),
    ("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", True, "", "", ""),
    ("events.k8s.io", "v1", "events", "Event", True, "ev", "", ""),
    (_FLOW, "v1", "flowschemas", "FlowSchema", False, "", "status", ""),
    (_FLOW, "v1", "prioritylevelconfigurations", "PriorityLevelConfiguration", False, "", "status", ""),
    (_NET, "v1", "ingressclasses", "IngressClass", False, "", "", ""),
    (_NET, "v1", "ingresses", "Ingress", True, "ing", "status", ""),
    (_NET, "v1", "ipaddresses", "IPAddress", False, "ip", "", ""),
    (_NET, "v1", "networkpolicies", "NetworkPolicy", True, "netpol", "", ""),
    (_NET, "v1", "servicecidrs", "ServiceCIDR", False, "", "status", ""),
    ("node.k8s.io", "v1", "runtimeclasses", "RuntimeClass", False, "", "", ""),
    ("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", True, "pdb", "status", ""),
    (_RBAC, "v1", "clusterrolebindings", "ClusterRoleBinding", False, "", "", ""),
    (_RBAC, "v1", "clusterroles", "ClusterRole", False, "", "", ""),
    (_RBAC, "v1", "rolebindings", "RoleBinding", True, "", "", ""),
    (_RBAC, "v1", "roles", "Role", True, "", "", ""),
    (_RESOURCE, "v1", "deviceclasses", "DeviceClass", False, "", "", ""),
    (_RESOURCE, "v1", "resourceclaims", "ResourceClaim", True, "", "status", ""),
    (_RESOURCE, "v1", "resourceclaimtemplates", "ResourceClaimTemplate", True, "", "", ""),
    (_RESOURCE, "v1", "resourceslices", "ResourceSlice", False, "", "", ""),
    ("scheduling.k8s.io", "v1", "priorityclasses", "PriorityClass", False, "pc", "", ""),
    ("storage.k8s.io", "v1", "csidrivers", "CSIDriver", False, "", "", ""),
    ("storage.k8s.io", "v1", "csinodes", "CSINode", False, "", "", ""),
    ("storage.k8s.io", "v1", "csistoragecapacities", "CSIStorageCapacity", True, "", "", ""),
    ("storage.k8s.io", "v1", "storageclasses", "StorageClass", False, "sc", "", ""),
    ("storage.k8s.io", "v1", "volumeattachments", "VolumeAttachment", False, "", "status", ""),
    ("storage.k8s.io", "v1", "volumeattributesclasses", "VolumeAttributesClass", False, "vac", "", ""),
)  # fmt: skip

_TYPES = {
    ("autoscaling", "v1", "HorizontalPodAutoscaler"): "autoscalingv1.HorizontalPodAutoscaler",
    ("events.k8s.io", "v1", "Event"): "eventsv1.Event",
    (_RESOURCE, "v1", "ResourceClaim"): "resourcev1.ResourceClaim",
}
# As discovery lists them: a name that two groups have, as `events`, means the first.
_GROUPS = (
    "", "apiregistration.k8s.io", "apps", "events.k8s.io", "authentication.k8s.io", "authorization.k8s.io",
    "autoscaling", "batch", "certificates.k8s.io", _NET, "policy", _RBAC, "storage.k8s.io", _ADM,
    "apiextensions.k8s.io", "scheduling.k8s.io", "coordination.k8s.io", "node.k8s.io", "discovery.k8s.io", _RESOURCE,
    _FLOW,
)  # fmt: skip
BUILT_IN: tuple[Kind, ...] = tuple(
    Kind(
        group,
        version,
        resource,
        kind,
        namespaced,
        tuple(short.split()),
        tuple(subresources.split()),
        tuple(categories.split()),
        _TYPES.get((group, version, kind), kind),
    )
    for group, version, resource, kind, namespaced, short, subresources, categories in sorted(
        _ROWS, key=lambda row: _GROUPS.index(row[0])
    )
)
# Asked and answered, never stored.
REVIEWS = frozenset({
    "selfsubjectaccessreviews", "selfsubjectrulesreviews", "subjectaccessreviews", "localsubjectaccessreviews",
    "selfsubjectreviews", "tokenreviews",
})  # fmt: skip


class Kinds:
    """What is served now."""

    def __init__(self) -> None:
        self._served = {(kind.group, kind.version, kind.resource): kind for kind in BUILT_IN}
        self._first: dict[Collection, Kind] = {}
        self._index()

    def find(self, group: str, version: str, resource: str) -> Kind | None:
        """None where nothing is served there."""
        return self._served.get((group, version, resource))

    def has(self, group: str) -> bool:
        """Whether anything of a group is served."""
        return group in self._groups

    def of(self, collection: Collection) -> Kind | None:
        """The first version that is served of a stored collection."""
        return self._first.get(collection)

    def add(self, kind: Kind) -> None:
        """Serves one more kind, as a CustomResourceDefinition does."""
        self._served[kind.group, kind.version, kind.resource] = kind
        self._index()

    def drop(self, kind: Kind) -> None:
        """Serves a kind no more."""
        self._served.pop((kind.group, kind.version, kind.resource), None)
        self._index()

    def _index(self) -> None:
        self._groups = frozenset(kind.group for kind in self._served.values())
        self._first = {}
        for kind in self._served.values():
            self._first.setdefault(kind.collection, kind)

    def all(self) -> tuple[Kind, ...]:
        """In order of their making."""
        return tuple(self._served.values())
