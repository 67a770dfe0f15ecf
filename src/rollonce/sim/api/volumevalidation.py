"""What may not be in volumes and mounts (pkg/apis/core/validation/validation.go)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rollonce.sim.api import names, status
from rollonce.sim.api.status import Cause

_NEEDED = {
    "hostPath": "path", "secret": "secretName", "configMap": "name", "persistentVolumeClaim": "claimName",
    "csi": "driver",
}  # fmt: skip
# The order in which they are looked at.
_ORDER = (
    "emptyDir", "hostPath", "gitRepo", "gcePersistentDisk", "awsElasticBlockStore", "secret", "nfs", "iscsi",
    "glusterfs", "persistentVolumeClaim", "rbd", "cinder", "cephfs", "downwardAPI", "fc", "configMap", "azureFile",
    "vsphereVolume", "azureDisk", "portworxVolume", "scaleIO", "projected", "csi", "ephemeral",
)  # fmt: skip
_MODE = "must be a number between 0 and 0777 (octal), both inclusive"


def volumes(found: Any, at: str, taken: set[str]) -> Iterator[Cause]:
    """What is wrong; the names are added to `taken`."""
    for index, volume in enumerate(found):
        where, name = f"{at}[{index}]", volume.get("name")
        sources = sorted((each for each in volume if each != "name"), key=_place)
        for position, source in enumerate(sources):
            if position:
                # The letter is missing in pkg/apis/core/validation/validation.go, too.
                told = "downwarAPI" if source == "downwardAPI" else source
                yield status.forbidden(f"{where}.{told}", "may not specify more than 1 volume type")
            else:
                yield from _source(volume[source], source, f"{where}.{source}")
        if not name:
            yield status.required(f"{where}.name")
            continue
        wrong = list(names.label(name, f"{where}.name"))
        yield from wrong
        if not wrong and name in taken:
            yield status.duplicate(f"{where}.name", name)
        taken.add(name)


def _source(told: Any, kind: str, at: str) -> Iterator[Cause]:
    needed = _NEEDED.get(kind)
    if needed is not None and not told.get(needed):
        yield status.required(f"{at}.{needed}")
    mode = told.get("defaultMode") if isinstance(told, dict) else None
    if mode is not None and not 0 <= mode <= 0o777:
        yield status.bad(f"{at}.defaultMode", mode, _MODE)


def mounts(found: Any, at: str, volumes: set[str]) -> Iterator[Cause]:
    """The mounts of one container."""
    paths: set[str] = set()
    for index, mount in enumerate(found):
        where, name, path = f"{at}[{index}]", mount.get("name"), mount.get("mountPath")
        if not name:
            yield status.required(f"{where}.name")
        if name not in volumes:
            yield Cause(f"{where}.name", "FieldValueNotFound", f'Not found: "{name or ""}"')
        if not path:
            yield status.required(f"{where}.mountPath")
        if path in paths:
            yield status.bad(f"{where}.mountPath", path, "must be unique")
        paths.add(path)


def _place(source: str) -> int:
    return _ORDER.index(source) if source in _ORDER else len(_ORDER)
