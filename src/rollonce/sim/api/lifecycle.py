"""What comes and goes with other objects: a namespace's own objects, and what a CustomResourceDefinition serves."""

from __future__ import annotations

from rollonce.sim.api import crds
from rollonce.sim.clockwork import timestamp
from rollonce.sim.kernel import CONTROLLER_MANAGER, Kernel
from rollonce.sim.store import Change, Collection, Key

NAMESPACES = Collection("", "namespaces")
DEFINITIONS = Collection(crds.GROUP, crds.RESOURCE)
CERTIFICATES = "kube-root-ca.crt"
# There is no certificate authority: over plain HTTP nobody asks for one.
AUTHORITY = ""
CERTIFICATES_NOTE = (
    "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the "
    "internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes "
    "clusters."
)


class Lifecycle:
    """Listens to the store of a kernel."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        for collection in (NAMESPACES, DEFINITIONS):
            for thing in kernel.store.list(collection):
                key = Key(*collection, "", thing["metadata"]["name"])
                self._note(Change(kernel.store.version, "ADDED", key, thing, None))
        kernel.store.listen(self._note)

    def _note(self, change: Change) -> None:
        collection = change.key.collection
        if collection == NAMESPACES and change.type == "ADDED":
            self._fill(change.key.name)
        elif collection == DEFINITIONS:
            self._serve(change)

    def _fill(self, namespace: str) -> None:
        """The account and the certificates that controllers put into every namespace."""
        manager, store = CONTROLLER_MANAGER, self._kernel.store
        account = Key("", "serviceaccounts", namespace, "default")
        if store.get(account) is None:
            head = {"kind": "ServiceAccount", "apiVersion": "v1", "metadata": {"name": "default"}}
            self._kernel.create(account, head, manager=manager)
        bundle = Key("", "configmaps", namespace, CERTIFICATES)
        if store.get(bundle) is None:
            annotations = {"kubernetes.io/description": CERTIFICATES_NOTE}
            metadata = {"name": CERTIFICATES, "annotations": annotations}
            made = {"kind": "ConfigMap", "apiVersion": "v1", "metadata": metadata, "data": {"ca.crt": AUTHORITY}}
            self._kernel.create(bundle, made, manager=manager)

    def _serve(self, change: Change) -> None:
        kinds, store = self._kernel.kinds, self._kernel.store
        before = crds.served(change.previous) if change.previous is not None else []
        for kind in before:
            kinds.drop(kind)
        if change.type != "DELETED":
            for kind in crds.served(change.object):
                kinds.add(kind)
            known = {each["type"] for each in (change.object.get("status") or {}).get("conditions") or ()}
            if "Established" not in known:
                done = crds.established(change.object, timestamp(self._kernel.clockwork.now))
                self._kernel.update(change.key, done, manager="kube-apiserver", subresource="status")
            return
        group, plural = change.object["spec"]["group"], change.object["spec"]["names"]["plural"]
        for thing in store.list(Collection(group, plural)):
            metadata = thing["metadata"]
            store.remove(Key(group, plural, metadata.get("namespace", ""), metadata["name"]))
