"""Writes the tables of `rollonce.sim.api.published` from the types that Kubernetes publishes.

Usage: `python -m tools.published MODULES OPENAPI`, with the folder of Go modules that holds `k8s.io/api@VERSION` and
its siblings, and the published OpenAPI document (`api/openapi-spec/swagger.json` of the same version).

The Go types say how a value is written (pointer, omitempty), the OpenAPI document how it is merged and what is
required.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

VERSION = "v0.36.2"
_META, _CORE = "apimachinery/pkg/apis/meta/v1", "api/core/v1"
# In order of preference: who comes first has the plain name.
PACKAGES = (
    _META, _CORE, "api/apps/v1", "api/batch/v1", "api/autoscaling/v2", "api/autoscaling/v1", "api/policy/v1",
    "api/rbac/v1", "api/networking/v1", "api/storage/v1", "api/coordination/v1", "api/scheduling/v1",
    "api/discovery/v1", "api/events/v1", "api/node/v1", "api/certificates/v1", "api/authorization/v1",
    "api/admissionregistration/v1", "apiextensions-apiserver/pkg/apis/apiextensions/v1",
    "kube-aggregator/pkg/apis/apiregistration/v1", "api/authentication/v1", "api/flowcontrol/v1", "api/resource/v1",
)  # fmt: skip
# Written by a marshaller of their own.
SCALARS = {
    "apimachinery/pkg/api/resource.Quantity": "Quantity",
    "apimachinery/pkg/util/intstr.IntOrString": "IntOrString",
    "apimachinery/pkg/runtime.RawExtension": "Any",
    "apimachinery/pkg/types.UID": "string",
    "apimachinery/pkg/types.NodeName": "string",
    f"{_META}.Time": "Time",
    f"{_META}.MicroTime": "MicroTime",
    f"{_META}.Duration": "string",
    f"{_META}.FieldsV1": "Any",
    "apiextensions-apiserver/pkg/apis/apiextensions/v1.JSON": "Any",
    "apiextensions-apiserver/pkg/apis/apiextensions/v1.JSONSchemaPropsOrArray": "Any",
    "apiextensions-apiserver/pkg/apis/apiextensions/v1.JSONSchemaPropsOrBool": "Any",
    "apiextensions-apiserver/pkg/apis/apiextensions/v1.JSONSchemaPropsOrStringArray": "Any",
}
BUILT_IN = frozenset({
    "string", "bool", "int", "int32", "int64", "float64", "byte", "Quantity", "IntOrString", "Any", "Time", "MicroTime",
})  # fmt: skip
_STRUCT = re.compile(r"^type (\w+) struct ?\{(?:\}|$(.*?)^\})$", re.M | re.S)
_ALIAS = re.compile(r"^type (\w+) ([\w.\[\]*]+)$", re.M)
_FIELD = re.compile(r'^\t(?:(\w+)\s+)?([\w.\[\]*]+)\s+`json:"([^"]*)"', re.M)
_IMPORT = re.compile(r'^(?:\s+|import )(?:(\w+) )?"k8s\.io/([^"]+)"$', re.M)

Fields = list[tuple[str, str, str]]


class Go:
    """The structs and aliases of all packages, by package and name."""

    def __init__(self, modules: Path) -> None:
        self.structs: dict[str, Fields] = {}
        self.aliases: dict[str, str] = {}
        for package in PACKAGES:
            module, _, rest = package.partition("/")
            for path in sorted((modules / f"{module}@{VERSION}" / rest).glob("*.go")):
                self._read(package, path.read_text(encoding="utf-8"))

    def _read(self, package: str, text: str) -> None:
        text = re.sub(r"^\s*//.*$", "", text, flags=re.M)
        imported = {alias or path.rsplit("/", 1)[-1]: path for alias, path in _IMPORT.findall(text)}
        for name, target in _ALIAS.findall(text):
            self.aliases.setdefault(f"{package}.{name}", _resolved(target, package, imported))
        for name, body in _STRUCT.findall(text):
            self.structs[f"{package}.{name}"] = [
                (tag, field or type_.split(".")[-1], _resolved(type_, package, imported))
                for field, type_, tag in _FIELD.findall(body)
            ]

    def fields(self, type_: str) -> Fields:
        """JSON name, options and type of each field, those that are embedded among them."""
        found: Fields = []
        for tag, _, inner in self.structs[type_]:
            name, _, options = tag.partition(",")
            if name == "-":
                continue
            if not name and "inline" in options:
                head = [("kind", "omitempty", "string"), ("apiVersion", "omitempty", "string")]
                found += head if inner.endswith(".TypeMeta") else self.fields(inner.lstrip("*"))
                continue
            found.append((name, options, inner))
        return found


def _resolved(type_: str, package: str, imported: dict[str, str]) -> str:
    marks, name = _split(type_)
    if name in BUILT_IN or name == "uint8":
        return marks + name
    owner, _, inner = name.rpartition(".")
    return f"{marks}{imported.get(owner, owner) if owner else package}.{inner}"


def _split(type_: str) -> tuple[str, str]:
    """The marks of pointer, list and map before a type's name."""
    marks = ""
    while found := re.match(r"\*|\[\]|\{\}|map\[[\w.]+\]", type_):
        marks += "{}" if found[0].startswith("map") else found[0]
        type_ = type_[found.end() :]
    return marks, type_


class Table:
    """The rows of the table, found from the kinds downwards."""

    def __init__(self, go: Go, definitions: dict[str, Any]) -> None:
        self._go = go
        self._definitions = definitions
        self._names: dict[str, str] = {}
        self.aliases: dict[str, str] = {}
        self.rows: dict[str, str] = {}
        self.kinds: dict[str, str] = {}

    def name(self, full: str) -> str:
        """The short name of a type; the first package to have it has the plain one."""
        if full not in self._names:
            package, _, name = full.rpartition(".")
            owner = next(each for each in PACKAGES if f"{each}.{name}" in self._go.structs | self._go.aliases)
            group = "".join(package.split("/")[-2:])
            self._names[full] = name if owner == package else f"{group}.{name}"
        return self._names[full]

    def add(self, full: str) -> str:
        """Adds a type and what is in it; returns its name."""
        if full in SCALARS:
            return SCALARS[full]
        if full in self._go.aliases:
            marks, base = _split(self._go.aliases[full])
            name = self.name(full)
            if name not in self.aliases:
                self.aliases[name] = ""
                self.aliases[name] = marks + (base if base in BUILT_IN else self.add(base))
            return name
        if full not in self._go.structs:
            sys.exit(f"{full} is no struct")
        name = self.name(full)
        if name not in self.rows:
            self.rows[name] = ""
            published = self._published(full)
            rows = [self._row(*field, published) for field in self._go.fields(full)]
            self.rows[name] = "; ".join(rows)
        return name

    def _published(self, full: str) -> Any:
        return self._definitions.get(_definition(full)) or {"properties": {}}

    def places(self) -> dict[str, str]:
        """The types of each package, under the prefix of its definitions."""
        found: dict[str, list[str]] = {}
        for full, name in self._names.items():
            if name in self.rows:
                found.setdefault(_definition(full).rpartition(".")[0], []).append(name)
        return {prefix: " ".join(sorted(names)) for prefix, names in found.items()}

    def _row(self, name: str, options: str, type_: str, published: Any) -> str:
        marks, base = _split(type_)
        told = published["properties"].get(name) or {}
        row = [name, marks + (base if base in BUILT_IN else self.add(base))]
        if name in published.get("required", ()):
            row.append("!")
        if "omitempty" in options or "omitzero" in options:
            row.append("z" if "omitzero" in options else "o")
        if keys := told.get("x-kubernetes-list-map-keys"):
            row.append(f"k={','.join(keys)}")
        if merge := told.get("x-kubernetes-patch-merge-key"):
            row.append(f"m={merge}")
        if strategy := told.get("x-kubernetes-patch-strategy"):
            row.append(f"s={strategy}")
        if told.get("x-kubernetes-list-type") == "set":
            row.append("set")
        inner = self._definitions.get(str(told.get("$ref", "")).rpartition("/")[2]) or {}
        if "atomic" in (told.get("x-kubernetes-map-type"), inner.get("x-kubernetes-map-type")):
            row.append("atomic")
        if names := told.get("enum") or (told.get("items") or {}).get("enum"):
            row.append(f"e={','.join(names).replace(' ', '+')}")
        return " ".join(row)


def _definition(full: str) -> str:
    """The name of a type in the published document."""
    package, _, name = full.rpartition(".")
    parts = package.split("/")
    if parts[0] == "api":
        return f"io.k8s.api.{parts[1]}.{parts[2]}.{name}"
    if parts[0] == "apimachinery":
        return f"io.k8s.apimachinery.pkg.apis.meta.v1.{name}"
    return f"io.k8s.{parts[0]}.pkg.apis.{parts[-2]}.{parts[-1]}.{name}"


def main(modules: str, openapi: str) -> None:
    """Prints the module."""
    go = Go(Path(modules))
    definitions = json.loads(Path(openapi).read_text(encoding="utf-8"))["definitions"]
    table = Table(go, definitions)
    for package in PACKAGES:
        for full, fields in go.structs.items():
            if full.startswith(f"{package}.") and any(
                tag == ",inline" and t.endswith("TypeMeta") for tag, _, t in fields
            ):
                names = {name for name, _, _ in go.fields(full)}
                if not full.endswith("List") and (names & {"metadata", "objectmeta"} or package == _META):
                    table.add(full)
    for extra in ("api/policy/v1.Eviction", "api/core/v1.Binding", f"{_META}.Status"):
        table.add(extra)
    lines = [HEADER]
    for title, rows in (("ALIASES", table.aliases), ("TYPES", table.rows), ("PLACES", table.places())):
        lines.append(f"{title} = {{")
        lines += [f'    "{name}": {_wrapped(rows[name])},' for name in sorted(rows)]
        lines.append("}\n")
    sys.stdout.write("\n".join(lines))


def _is_kind(fields: Fields) -> bool:
    return any(tag == ",inline" and type_.endswith("TypeMeta") for tag, _, type_ in fields)


def _wrapped(text: str) -> str:
    lines, line = [], ""
    # A long enumeration goes on in the next line.
    for word in re.split(r"(?<=[ ,])", text):
        if len(line) + len(word.rstrip()) > 105:
            lines.append(line)
            line = ""
        line += word
    lines.append(line)
    if len(lines) == 1 and len(lines[0]) < 70:
        return f'"{lines[0]}"'
    return "(\n" + "".join(f'        "{each}"\n' for each in lines) + "    )"


HEADER = '''"""The types of the built-in kinds: what each field is, how it is written and how it is merged.

Generated by `tools/published.py` from the Go types of Kubernetes 1.36 (k8s.io/api and its siblings, v0.36.2) and the
published OpenAPI document of the same version (api/openapi-spec/swagger.json).

A row is `field type marks`, a type its name behind `*` (pointer), `[]` (list) and `{}` (map). Marks: `!` required,
`o` left out when empty, `z` a struct that is left out when empty, `k` x-kubernetes-list-map-keys,
`m` x-kubernetes-patch-merge-key, `s` x-kubernetes-patch-strategy, `set` and `atomic` the type of a list or map, `e` the
values of an enumeration, with `+` for a space. Lists are otherwise atomic, maps and objects granular.

PLACES has the types of each package under the beginning of their published names.
"""
'''

if __name__ == "__main__":
    main(*sys.argv[1:])
