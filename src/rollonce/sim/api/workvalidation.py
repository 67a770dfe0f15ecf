"""What may not be in a workload (pkg/apis/apps/validation/validation.go, pkg/apis/batch/validation/validation.go)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from rollonce.sim.api import names, podvalidation, selectors, status
from rollonce.sim.api.kinds import Kind
from rollonce.sim.api.status import Cause
from rollonce.sim.store import Object

KINDS = frozenset({"deployments", "statefulsets", "daemonsets", "replicasets", "jobs", "cronjobs"})
_STATEFULSET_FIELDS = (
    "replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy", "minReadySeconds",
)  # fmt: skip
_STATEFULSET_RULE = (
    "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', "
    "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
)
_PERCENT = (
    "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for "
    "validation is '[0-9]+%')"
)


def check(kind: Kind, thing: Object, live: Object | None) -> Iterator[Cause]:
    """What is wrong in the spec."""
    spec = thing.get("spec") or {}
    before = None if live is None else live.get("spec") or {}
    match kind.resource:
        case "deployments":
            yield from _deployment(spec, before)
        case "statefulsets":
            yield from _statefulset(spec, before)
        case "daemonsets":
            yield from _daemonset(spec, before)
        case "replicasets":
            yield from names.natural(spec.get("replicas"), "spec.replicas")
            yield from names.natural(spec.get("minReadySeconds"), "spec.minReadySeconds")
            yield from _selected(spec, "replica set")
            if before is not None and spec.get("selector") != before.get("selector"):
                yield status.bad("spec.selector", spec.get("selector"), "field is immutable")
        case "jobs":
            yield from _job(spec, before)
        case "cronjobs":
            yield from _cronjob(spec)


def claim(spec: dict[str, Any], at: str) -> Iterator[Cause]:
    """The spec of a claim."""
    if not spec.get("accessModes"):
        yield status.required(f"{at}.accessModes", "at least 1 access mode is required")
    if "storage" not in ((spec.get("resources") or {}).get("requests") or {}):
        yield status.required(f"{at}.resources[storage]")


def _selected(spec: dict[str, Any], named: str) -> Iterator[Cause]:
    """Selector and template, which belong together."""
    selector, template = spec.get("selector"), spec.get("template") or {}
    wrong = list(names.selector(selector, "spec.selector"))
    if selector is None:
        yield status.required("spec.selector")
    else:
        yield from wrong
        if not selector.get("matchLabels") and not selector.get("matchExpressions"):
            yield status.bad("spec.selector", selector, f"empty selector is invalid for {named}")
    if wrong:
        yield status.bad("spec.selector", selector, "invalid label selector")
        return
    yield from _template(selector, template)


def _template(selector: Any, template: dict[str, Any]) -> Iterator[Cause]:
    labels = (template.get("metadata") or {}).get("labels") or {}
    empty = selector is not None and not selector.get("matchLabels") and not selector.get("matchExpressions")
    if not empty and not selectors.matches(selector, labels):
        yield status.bad("spec.template.metadata.labels", labels or None, "`selector` does not match template `labels`")
    yield from _pod(template, "spec.template")
    pod = template.get("spec") or {}
    if pod.get("restartPolicy", "Always") != "Always":
        yield status.unsupported("spec.template.spec.restartPolicy", pod["restartPolicy"], ["Always"])
    if pod.get("activeDeadlineSeconds") is not None:
        yield status.forbidden(
            "spec.template.spec.activeDeadlineSeconds", "activeDeadlineSeconds in ReplicaSet is not Supported"
        )


def _pod(template: dict[str, Any], at: str, *, job: bool = False) -> Iterator[Cause]:
    metadata = template.get("metadata") or {}
    yield from names.labels(metadata.get("labels"), f"{at}.labels")
    yield from names.annotation_keys(metadata.get("annotations"), f"{at}.annotations")
    yield from podvalidation.pod_spec(template.get("spec") or {}, f"{at}.spec", job=job)


def _deployment(spec: dict[str, Any], before: dict[str, Any] | None) -> Iterator[Cause]:
    yield from names.natural(spec.get("replicas"), "spec.replicas")
    yield from _selected(spec, "deployment")
    yield from _strategy(spec.get("strategy") or {})
    for field in ("minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"):
        yield from names.natural(spec.get(field), f"spec.{field}")
    deadline = spec.get("progressDeadlineSeconds")
    if deadline is not None and deadline <= spec.get("minReadySeconds", 0):
        yield status.bad("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds")
    if before is not None and spec.get("selector") != before.get("selector"):
        yield status.bad("spec.selector", spec.get("selector"), "field is immutable")


def _strategy(strategy: dict[str, Any]) -> Iterator[Cause]:
    rolling, at = strategy.get("rollingUpdate"), "spec.strategy.rollingUpdate"
    if strategy.get("type") == "Recreate":
        if rolling is not None:
            yield status.forbidden(at, "may not be specified when strategy `type` is 'Recreate'")
    elif strategy.get("type") != "RollingUpdate":
        yield status.unsupported("spec.strategy", _internal(strategy), ["Recreate", "RollingUpdate"])
    elif isinstance(rolling, dict):
        yield from _share(rolling.get("maxUnavailable"), f"{at}.maxUnavailable")
        yield from _share(rolling.get("maxSurge"), f"{at}.maxSurge")
        if _number(rolling.get("maxUnavailable")) == 0 and _number(rolling.get("maxSurge")) == 0:
            yield status.bad(f"{at}.maxUnavailable", rolling.get("maxUnavailable"), "may not be 0 when `maxSurge` is 0")
        yield from _most(rolling.get("maxUnavailable"), f"{at}.maxUnavailable")


def _internal(strategy: dict[str, Any]) -> dict[str, Any]:
    """As the internal type, which has no JSON names, is printed."""
    rolling = strategy.get("rollingUpdate")
    shown = None if rolling is None else {name[0].upper() + name[1:]: value for name, value in rolling.items()}
    return {"Type": strategy.get("type"), "RollingUpdate": shown}


def _share(value: Any, at: str) -> Iterator[Cause]:
    if isinstance(value, str):
        if not re.fullmatch(r"[0-9]+%", value):
            yield status.bad(at, value, _PERCENT)
    else:
        yield from names.natural(value, at)


def _most(value: Any, at: str) -> Iterator[Cause]:
    if isinstance(value, str) and value.endswith("%") and value[:-1].isdigit() and int(value[:-1]) > 100:
        yield status.bad(at, value, "must not be greater than 100%")


def _number(value: Any) -> int:
    """What counts of a share; what cannot be read is nothing."""
    text = str(value).removesuffix("%")
    return int(text) if text.lstrip("-").isdigit() else 0


def _statefulset(spec: dict[str, Any], before: dict[str, Any] | None) -> Iterator[Cause]:
    policy = spec.get("podManagementPolicy")
    if policy not in ("OrderedReady", "Parallel"):
        yield status.bad("spec.podManagementPolicy", policy, "must be 'OrderedReady' or 'Parallel'")
    yield from _ordered(spec.get("updateStrategy") or {})
    kept = spec.get("persistentVolumeClaimRetentionPolicy") or {}
    for field in ("whenDeleted", "whenScaled"):
        if kept.get(field) not in ("Retain", "Delete"):
            at = f"spec.persistentVolumeClaimRetentionPolicy.{field}"
            yield status.unsupported(at, kept.get(field), ["Retain", "Delete"])
    yield from names.natural(spec.get("replicas"), "spec.replicas")
    yield from names.natural(spec.get("minReadySeconds"), "spec.minReadySeconds")
    if "ordinals" in spec:
        yield from names.natural((spec["ordinals"] or {}).get("start"), "spec.ordinals.start")
    if before is None and spec.get("serviceName"):
        yield from names.label(spec["serviceName"], "spec.serviceName")
    selector, template = spec.get("selector"), spec.get("template") or {}
    wrong = list(names.selector(selector, "spec.selector"))
    if selector is None:
        yield status.required("spec.selector")
    else:
        yield from wrong
        if not selector.get("matchLabels") and not selector.get("matchExpressions"):
            yield status.bad("spec.selector", selector, "empty selector is invalid for statefulset")
    if wrong:
        yield status.bad("spec.selector", selector, "")
    else:
        yield from _template(selector, template)
    for index, each in enumerate(spec.get("volumeClaimTemplates") or ()):
        if before is None:
            yield from claim(each.get("spec") or {}, f"spec.volumeClaimTemplates[{index}].spec")
    if before is not None and _fixed(spec) != _fixed(before):
        yield status.forbidden("spec", _STATEFULSET_RULE)


def _fixed(spec: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in spec.items() if name not in _STATEFULSET_FIELDS}


def _ordered(strategy: dict[str, Any]) -> Iterator[Cause]:
    at, rolling = "spec.updateStrategy", strategy.get("rollingUpdate")
    match strategy.get("type"):
        case "OnDelete":
            if rolling is not None:
                shown = {"Partition": rolling.get("partition", 0), "MaxUnavailable": rolling.get("maxUnavailable")}
                yield status.bad(f"{at}.rollingUpdate", shown, "only allowed for updateStrategy 'RollingUpdate'")
        case "RollingUpdate":
            if isinstance(rolling, dict):
                yield from names.natural(rolling.get("partition"), f"{at}.rollingUpdate.partition")
        case _:
            yield status.bad(at, _internal(strategy), "must be 'RollingUpdate' or 'OnDelete'")


def _daemonset(spec: dict[str, Any], before: dict[str, Any] | None) -> Iterator[Cause]:
    selector = spec.get("selector")
    if before is not None and selector != before.get("selector"):
        yield status.bad("spec.selector", selector, "field is immutable")
    yield from names.selector(selector, "spec.selector")
    template = spec.get("template") or {}
    labels = (template.get("metadata") or {}).get("labels") or {}
    if selector is not None and not selectors.matches(selector, labels):
        yield status.bad("spec.template.metadata.labels", labels or None, "`selector` does not match template `labels`")
    if selector is not None and not selector.get("matchLabels") and not selector.get("matchExpressions"):
        yield status.bad("spec.selector", selector, "empty selector is invalid for daemonset")
    yield from _pod(template, "spec.template")
    pod = template.get("spec") or {}
    if pod.get("restartPolicy", "Always") != "Always":
        yield status.unsupported("spec.template.spec.restartPolicy", pod["restartPolicy"], ["Always"])
    if pod.get("activeDeadlineSeconds") is not None:
        yield status.forbidden(
            "spec.template.spec.activeDeadlineSeconds", "activeDeadlineSeconds in DaemonSet is not Supported"
        )
    yield from names.natural(spec.get("minReadySeconds"), "spec.minReadySeconds")
    yield from _spread(spec.get("updateStrategy") or {})
    yield from names.natural(spec.get("revisionHistoryLimit"), "spec.revisionHistoryLimit")


def _spread(strategy: dict[str, Any]) -> Iterator[Cause]:
    at, rolling = "spec.updateStrategy.rollingUpdate", strategy.get("rollingUpdate")
    if strategy.get("type") == "OnDelete":
        return
    if strategy.get("type") != "RollingUpdate":
        yield status.unsupported("spec.updateStrategy", _internal(strategy), ["RollingUpdate", "OnDelete"])
    elif isinstance(rolling, dict):
        yield from _share(rolling.get("maxUnavailable"), f"{at}.maxUnavailable")
        yield from _share(rolling.get("maxSurge"), f"{at}.maxSurge")
        down, up = _number(rolling.get("maxUnavailable")), _number(rolling.get("maxSurge"))
        if down and up:
            yield status.bad(
                f"{at}.maxSurge", rolling.get("maxSurge"), "may not be set when maxUnavailable is non-zero"
            )
        if not down and not up:
            yield status.required(f"{at}.maxUnavailable", "cannot be 0 when maxSurge is 0")
        yield from _most(rolling.get("maxUnavailable"), f"{at}.maxUnavailable")
        yield from _most(rolling.get("maxSurge"), f"{at}.maxSurge")


def _job(spec: dict[str, Any], before: dict[str, Any] | None) -> Iterator[Cause]:
    for field in ("parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished"):
        yield from names.natural(spec.get(field), f"spec.{field}")
    yield from _pod(spec.get("template") or {}, "spec.template", job=True)
    if before is not None:
        for field in ("completions", "selector", "template", "completionMode"):
            if spec.get(field) != before.get(field) and not (field == "template" and before.get("suspend")):
                yield status.bad(f"spec.{field}", spec.get(field), "field is immutable")


def _cronjob(spec: dict[str, Any]) -> Iterator[Cause]:
    schedule = spec.get("schedule")
    if not schedule:
        yield status.required("spec.schedule")
    elif not schedule.startswith("@") and len(schedule.split()) != 5:
        count = len(schedule.split())
        yield status.bad("spec.schedule", schedule, f"expected exactly 5 fields, found {count}: [{schedule}]")
    if spec.get("concurrencyPolicy") not in ("Allow", "Forbid", "Replace"):
        among = ["Allow", "Forbid", "Replace"]
        yield status.unsupported("spec.concurrencyPolicy", spec.get("concurrencyPolicy"), among)
    for field in ("successfulJobsHistoryLimit", "failedJobsHistoryLimit", "startingDeadlineSeconds"):
        yield from names.natural(spec.get(field), f"spec.{field}")
    job = (spec.get("jobTemplate") or {}).get("spec") or {}
    yield from _pod(job.get("template") or {}, "spec.jobTemplate.spec.template", job=True)
