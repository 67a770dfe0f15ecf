"""Values of the options that edit -> edits: `agent:KEY=VALUE`, `agent:KEY-`, `deployment/x:agent:KEY=VALUE`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rollonce.errors import MalformedEdit
from rollonce.model import amount, credential, edit, reference
from rollonce.model.deploy import OWN_ANNOTATIONS
from rollonce.model.edit import Amount, EnvEdit, MetadataEdit, PatchEdit, Place, ResourceEdit, RestartEdit
from rollonce.model.reference import Named

# Also with a dot and a dash, as the API server takes them everywhere.
_VARIABLE = re.compile(r"[-._a-zA-Z][-._a-zA-Z0-9]*")
# https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set
_NAME = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_PREFIX = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
_LONGEST_PREFIX = 253

OPTIONS = {
    Place.LABEL: "--label",
    Place.ANNOTATION: "--annotation",
    Place.WORKLOAD_LABEL: "--workload-label",
    Place.WORKLOAD_ANNOTATION: "--workload-annotation",
}


@dataclass(frozen=True, slots=True)
class _Setting:
    """`left=value` or `left-`; `value` is None for a removal. `shown` is what may be repeated of it."""

    left: str
    value: str | None
    shown: str


def env(text: str, *, act: str) -> EnvEdit:
    """The edit that `--set-env [kind/name:]container:KEY=VALUE` expresses; `KEY-` removes.

    Raises MalformedEdit, MalformedReference or UnknownKind, none of which repeats a credential.
    """
    hint = "write container:KEY=VALUE, container:KEY-, or kind/name:container:KEY=VALUE"
    setting = _split(text, "--set-env", act=act, hint=hint)
    act = f"{act}: --set-env {setting.shown!r}"
    workload, container, name = _in_container(setting.left, act=act, hint=hint)
    if not _VARIABLE.fullmatch(name):
        raise MalformedEdit(f"{name!r} is not the name of an environment variable", act=act, hint=hint)
    return EnvEdit(container, name, setting.value, workload, f"--set-env {setting.shown!r}")


def resources(text: str, *, act: str) -> ResourceEdit:
    """The edit that `--resources [kind/name:]container:requests.cpu=500m` expresses; `requests.cpu-` removes.

    Raises MalformedEdit, MalformedReference or UnknownKind.
    """
    hint = "write container:requests.cpu=500m, container:limits.memory=1Gi, or container:limits.cpu-"
    setting = _split(text, "--resources", act=act, hint=hint)
    act = f"{act}: --resources {setting.shown!r}"
    workload, container, name = _in_container(setting.left, act=act, hint=hint)
    group, dot, resource = name.partition(".")
    if group not in list(Amount) or not dot or _fault_of_key(resource):
        raise MalformedEdit(f"{name!r} is not a request or limit of a resource", act=act, hint=hint)
    if setting.value is not None:
        number = amount.value(setting.value)
        if number is None or number < 0:
            wrong = credential.shown(resource, setting.value)
            raise MalformedEdit(f"{wrong!r} is not an amount such as 500m, 2 or 1Gi", act=act, hint=hint)
    return ResourceEdit(container, Amount(group), resource, setting.value, workload, f"--resources {setting.shown!r}")


def metadata(place: Place, text: str, *, act: str) -> MetadataEdit:
    """The edit that `--label [kind/name:]KEY=VALUE` and its like express; `KEY-` removes.

    Raises MalformedEdit, MalformedReference or UnknownKind.
    """
    option = OPTIONS[place]
    hint = "write KEY=VALUE, KEY-, or kind/name:KEY=VALUE"
    setting = _split(text, option, act=act, hint=hint)
    act = f"{act}: {option} {setting.shown!r}"
    scope, colon, name = setting.left.rpartition(":")
    workload = reference.named(scope, act=act) if colon else None
    fault = _fault_of_key(name)
    is_label = place in (Place.LABEL, Place.WORKLOAD_LABEL)
    if not fault and is_label and setting.value is not None and not _LABEL_VALUE.fullmatch(setting.value):
        fault = f"{credential.shown(name, setting.value)!r} is not a value that a label may have"
    if fault:
        raise MalformedEdit(fault, act=act, hint=hint)
    if name in OWN_ANNOTATIONS:
        raise MalformedEdit(f"{name} is written by rollonce itself", act=act, hint="leave it out; see --deploy-id")
    return MetadataEdit(place, name, setting.value, workload, f"{option} {setting.shown!r}")


def restart(moment: str, only: str, *, act: str) -> RestartEdit:
    """The edit that `--restart` expresses, or with `only` (`kind/name`) `--restart-only`.

    Raises MalformedReference or UnknownKind.
    """
    if not only:
        return RestartEdit(moment, None, "--restart")
    return RestartEdit(moment, reference.named(only, act=act), f"--restart-only {only!r}")


def patch(body: bytes, only: str, *, act: str) -> PatchEdit:
    """The edit of a part of a pod template, as JSON, for every workload or for `only` (`kind/name`).

    Raises MalformedReference or UnknownKind.
    """
    return PatchEdit(body, reference.named(only, act=act) if only else None, f"--patch {only}".strip())


def _split(text: str, option: str, *, act: str, hint: str) -> _Setting:
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise MalformedEdit("it is not text", act=f"{act}: {option}", hint="write it in UTF-8")
    left, equals, value = text.partition("=")
    if equals:
        name = left.rpartition(":")[2]
        return _Setting(left, value, f"{left}={credential.shown(name, value)}")
    if text.endswith("-"):
        return _Setting(text[:-1], None, text)
    # Without `=` nobody knows what of it may be a value.
    raise MalformedEdit("it has neither = nor - at its end", act=f"{act}: {option}", hint=hint)


def _in_container(left: str, *, act: str, hint: str) -> tuple[Named | None, str, str]:
    """Workload, container and the rest of `[kind/name:]container:rest`."""
    head, colon, name = left.rpartition(":")
    scope, scoped, container = head.rpartition(":")
    fault = edit.container_name(container) if colon else "it names no container"
    if fault:
        raise MalformedEdit(fault, act=act, hint=hint)
    return (reference.named(scope, act=act) if scoped else None), container, name


def _fault_of_key(key: str) -> str:
    prefix, slash, name = key.rpartition("/")
    good = _NAME.fullmatch(name) and (not slash or (len(prefix) <= _LONGEST_PREFIX and _PREFIX.fullmatch(prefix)))
    return "" if good else f"{key!r} is not a key that Kubernetes allows"
