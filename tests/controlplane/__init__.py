"""A real Kubernetes control plane on loopback, for tests and for people.

It is etcd, kube-apiserver, kube-controller-manager, kube-scheduler and kwok, built from source.
There is no kubelet: kwok plays the nodes, and what happens to containers is what `stages.yaml` says.
"""
