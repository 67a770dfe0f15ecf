"""Names, keys and values as the API server judges them (apimachinery/pkg/util/validation/validation.go)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from rollonce.sim.api import status
from rollonce.sim.api.status import Cause

LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_PART = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
_VALUE = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?")
_CONFIG_KEY = re.compile(r"[-._a-zA-Z0-9]+")
SUBDOMAIN_RULE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start "
    "and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    r"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
LABEL_RULE = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
    "an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
_PART_RULE = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
_VALUE_RULE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
_CONFIG_RULE = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or "
    "'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
)


def label(name: str, at: str) -> Iterator[Cause]:
    """A label of DNS."""
    if len(name) > 63:
        yield status.bad(at, name, "must be no more than 63 characters")
    if not LABEL.fullmatch(name):
        yield status.bad(at, name, LABEL_RULE)


def subdomain(name: str, at: str) -> Iterator[Cause]:
    """A name with dots."""
    if len(name) > 253:
        yield status.bad(at, name, "must be no more than 253 characters")
    if not SUBDOMAIN.fullmatch(name):
        yield status.bad(at, name, SUBDOMAIN_RULE)


def qualified(key: str, at: str) -> Iterator[Cause]:
    """A key of a label or annotation: a name, perhaps behind a prefix."""
    parts = key.split("/")
    if len(parts) > 2:
        rule = _PART_RULE.removeprefix("name part ").replace("must consist", "a qualified name must consist", 1)
        yield status.bad(at, key, rule + " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')")
        return
    if len(parts) == 2:
        if not parts[0]:
            yield status.bad(at, key, "prefix part must be non-empty")
        elif not SUBDOMAIN.fullmatch(parts[0]):
            yield status.bad(at, key, f"prefix part {SUBDOMAIN_RULE}")
    if not parts[-1]:
        yield status.bad(at, key, "name part must be non-empty")
    elif len(parts[-1]) > 63:
        yield status.bad(at, key, "name part must be no more than 63 characters")
    if not _PART.fullmatch(parts[-1]):
        yield status.bad(at, key, _PART_RULE)


def labels(found: Mapping[str, Any] | None, at: str) -> Iterator[Cause]:
    """Keys and values of labels."""
    for key, value in (found or {}).items():
        yield from qualified(key, at)
        if len(value) > 63:
            yield status.bad(at, value, "must be no more than 63 characters")
        if not _VALUE.fullmatch(value):
            yield status.bad(at, value, _VALUE_RULE)


def annotation_keys(found: Mapping[str, Any] | None, at: str) -> Iterator[Cause]:
    """Keys of annotations."""
    for key in found or {}:
        yield from qualified(key.lower(), at) if key != key.lower() else qualified(key, at)


def config_key(key: str, at: str) -> Iterator[Cause]:
    """A key of a ConfigMap or Secret."""
    if not _CONFIG_KEY.fullmatch(key):
        yield status.bad(at, key, _CONFIG_RULE)
    elif key in (".", ".."):
        yield status.bad(at, key, f"must not be '{key}'")


def port_name(name: str, at: str) -> Iterator[Cause]:
    """The name of a port."""
    if len(name) > 15:
        yield status.bad(at, name, "must be no more than 15 characters")
    if not re.fullmatch(r"[-a-z0-9]+", name):
        yield status.bad(at, name, "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
    if not re.search(r"[a-z]", name):
        yield status.bad(at, name, "must contain at least one letter (a-z)")
    if "--" in name:
        yield status.bad(at, name, "must not contain consecutive hyphens")
    if name.startswith("-") or name.endswith("-"):
        yield status.bad(at, name, "must not begin or end with a hyphen")


def natural(value: Any, at: str) -> Iterator[Cause]:
    """A number that is not below zero."""
    if isinstance(value, int) and value < 0:
        yield status.bad(at, value, "must be greater than or equal to 0")


def selector(told: Any, at: str) -> Iterator[Cause]:
    """A LabelSelector (apimachinery/pkg/apis/meta/v1/validation)."""
    if told is None:
        return
    yield from labels(told.get("matchLabels"), f"{at}.matchLabels")
    for index, each in enumerate(told.get("matchExpressions") or ()):
        where, operator = f"{at}.matchExpressions[{index}]", each.get("operator", "")
        if operator in ("In", "NotIn"):
            if not each.get("values"):
                yield status.required(f"{where}.values", "must be specified when `operator` is 'In' or 'NotIn'")
        elif operator in ("Exists", "DoesNotExist"):
            if each.get("values"):
                yield status.forbidden(
                    f"{where}.values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
                )
        else:
            yield status.bad(f"{where}.operator", operator, "not a valid selector operator")
        yield from qualified(each.get("key", ""), f"{where}.key")
