"""Who would put a direct write back: an operator, Argo CD, Flux. That would be a second roll."""

from __future__ import annotations

from rollonce.model.workload import Workload

# https://argo-cd.readthedocs.io/en/stable/user-guide/resource_tracking/
_ARGO_MARKS = ("argocd.argoproj.io/instance", "argocd.argoproj.io/tracking-id")
_ARGO_MANAGERS = frozenset({"argocd-controller", "argocd-application-controller"})
# https://fluxcd.io/flux/faq/ : labels of what kustomize-controller and helm-controller apply
_FLUX_MARKS = ("kustomize.toolkit.fluxcd.io/name", "helm.toolkit.fluxcd.io/name")
_FLUX_MANAGERS = frozenset({"kustomize-controller", "helm-controller"})


def manager(workload: Workload) -> str:
    """Who manages the workload and how that is known, in words; empty where nobody does.

    The label `app.kubernetes.io/instance` is no evidence: helm sets it as well.
    """
    if workload.controller:
        return f"it is owned by {workload.controller} (controlling ownerReference)"
    for who, marks, managers in (
        ("Argo CD", _ARGO_MARKS, _ARGO_MANAGERS),
        ("Flux", _FLUX_MARKS, _FLUX_MANAGERS),
    ):
        mark = next((m for m in marks if m in (workload.labels or {}) or m in (workload.annotations or {})), "")
        if mark:
            return f"{who} manages it ({mark})"
        writer = next((m for m in workload.managers if m in managers), "")
        if writer:
            return f"{who} manages it (field manager {writer})"
    return ""
