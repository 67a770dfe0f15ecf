"""Which cluster and which user: kubectl's rules for kubeconfig files, contexts and pods.

Source: https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath

from rollonce.cluster import entries, incluster
from rollonce.cluster.access import Access
from rollonce.cluster.entries import ACT, Entry
from rollonce.errors import BadKubeconfig
from rollonce.model.nearest import nearest
from rollonce.text import document


def load(
    environment: Mapping[str, str],
    *,
    kubeconfig: str | None,
    context: str | None,
    home: PurePath,
    service_account: PurePath = incluster.SERVICE_ACCOUNT,
) -> Access:
    """The access that kubectl would use here. Raises `BadKubeconfig`.

    `kubeconfig` and `context` are the options of the command line, None or empty where not given.
    """
    files = _read_all(environment, kubeconfig, home)
    if files:
        return _select(files, context or "")
    if context:
        raise BadKubeconfig(
            f"there is no kubeconfig that could have a context {context!r}: {_looked_at(environment, home)}",
            act=ACT,
            hint="name a file with --kubeconfig or $KUBECONFIG",
        )
    inside = incluster.load(environment, service_account)
    if inside is None:
        raise BadKubeconfig(
            f"no kubeconfig found: {_looked_at(environment, home)}, and there is no service account of a pod",
            act=ACT,
            hint="name a file with --kubeconfig or $KUBECONFIG",
        )
    return inside


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    root: Entry


def _read_all(environment: Mapping[str, str], kubeconfig: str | None, home: PurePath) -> list[_File]:
    if kubeconfig:
        file = _read(Path(kubeconfig))
        if file is None:
            fact = f"{kubeconfig} does not exist" if not Path(kubeconfig).exists() else f"{kubeconfig} is empty"
            raise BadKubeconfig(fact, act=ACT, hint="name another file with --kubeconfig")
        return [file]
    if listed := environment.get("KUBECONFIG", ""):
        paths = [Path(name) for name in dict.fromkeys(listed.split(os.pathsep)) if name]
    else:
        paths = [Path(_default(home))]
    return [file for path in paths if (file := _read(path)) is not None]


def _default(home: PurePath) -> PurePath:
    return home / ".kube" / "config"


def _looked_at(environment: Mapping[str, str], home: PurePath) -> str:
    listed = environment.get("KUBECONFIG", "")
    return f"$KUBECONFIG is {listed}, nothing there" if listed else f"{_default(home)} does not exist or is empty"


def _read(path: Path) -> _File | None:
    """None where there is no such file, or nothing in it."""
    try:
        with path.open("rb") as source:
            content = source.read(document.MAX_BYTES + 1)
        node = document.parse(content)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BadKubeconfig(f"{path} cannot be read: {error.strerror}", act=ACT) from None
    except document.Malformed as error:
        place = f"{path}, line {error.line}" if error.line else str(path)
        raise BadKubeconfig(f"{place}: {error.reason}", act=ACT, hint="repair the file") from None
    if node is None or (isinstance(node, document.Scalar) and node.null):
        return None
    if not isinstance(node, document.Mapping):
        raise BadKubeconfig(f"{path}, line {node.line}: not a kubeconfig, its top is no mapping", act=ACT)
    return _File(path, Entry(node, path, "the kubeconfig"))


def _select(files: list[_File], wanted: str) -> Access:
    name = wanted or next((text for file in files if (text := file.root.text("current-context"))), "")
    if not name:
        raise BadKubeconfig(
            f"{_names(files)} has no current-context",
            act=ACT,
            hint=f"pass --context with one of: {_listing(_known(files, 'contexts'))}",
        )
    context = _find(files, "contexts", "context", name)
    if context is None:
        raise BadKubeconfig(
            f"there is no context {name!r} in {_names(files)}",
            act=ACT,
            hint=_nearest(name, _known(files, "contexts")),
        )
    cluster = _need(files, "clusters", "cluster", context)
    user = _need(files, "users", "user", context) if context.text("user") else None
    return entries.access(context, cluster, user, name)


def _need(files: list[_File], collection: str, field: str, context: Entry) -> Entry:
    name = context.text(field)
    if not name:
        raise context.bad(f"names no {field}")
    found = _find(files, collection, field, name)
    if found is None:
        known = _known(files, collection)
        raise context.bad(f"names {field} {name!r}, which is not there", hint=_nearest(name, known))
    return found


def _find(files: list[_File], collection: str, field: str, name: str) -> Entry | None:
    """The entry of that name in the first file that has one; later files never add to it."""
    for file in files:
        for item in _items(file, collection):
            given = item.fields.get("name")
            if isinstance(given, document.Scalar) and given.text == name:
                label = f"{field} {name!r}"
                body = item.fields.get(field)
                if body is None or (isinstance(body, document.Scalar) and body.null):
                    body = document.Mapping({}, item.line)
                if not isinstance(body, document.Mapping):
                    raise Entry(item, file.path, label).bad(f"has no mapping as its {field}", line=body.line)
                return Entry(body, file.path, label)
    return None


def _items(file: _File, collection: str) -> list[document.Mapping]:
    """Entries that are malformed are passed over: only the one that is used has to be right."""
    node = file.root.node.fields.get(collection)
    if node is None or (isinstance(node, document.Scalar) and node.null):
        return []
    if not isinstance(node, document.Sequence):
        raise file.root.bad(f"has no list as its {collection}", line=node.line)
    return [item for item in node.items if isinstance(item, document.Mapping)]


def _known(files: list[_File], collection: str) -> list[str]:
    names = (item.fields.get("name") for file in files for item in _items(file, collection))
    return list(dict.fromkeys(name.text for name in names if isinstance(name, document.Scalar)))


def _names(files: list[_File]) -> str:
    return ", ".join(str(file.path) for file in files)


def _listing(names: list[str]) -> str:
    shown = ", ".join(names[:10]) or "(none)"
    return f"{shown}, and {len(names) - 10} more" if len(names) > 10 else shown


def _nearest(name: str, known: list[str]) -> str:
    close = nearest(name, known)
    return f"did you mean {close!r}?" if close else f"there are: {_listing(known)}"
