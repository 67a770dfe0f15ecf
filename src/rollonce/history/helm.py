"""helm's release Secrets -> which release was written when. Only labels and times are read, never what is inside.

helm 3 and 4 keep one Secret `sh.helm.release.v1.<release>.v<revision>` of type `helm.sh/release.v1` for each revision,
with labels `name`, `owner`, `status`, `version` (https://helm.sh/docs/topics/advanced/ , storage backends).
"""

from __future__ import annotations

import msgspec
from msgspec import Struct

from rollonce.history import instants
from rollonce.history.decode import Unusable
from rollonce.history.evidence import Release

TYPE = "helm.sh/release.v1"


class _Meta(Struct, rename="camel"):
    name: str = ""
    namespace: str = ""
    creation_timestamp: str | None = None
    labels: dict[str, str] | None = None


class _Secret(Struct):
    metadata: _Meta


_SECRET = msgspec.json.Decoder(_Secret)


def release(raw: bytes, cluster: str) -> Release:
    """One revision of a release. Raises Unusable."""
    try:
        meta = _SECRET.decode(raw).metadata
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise Unusable(str(fault)) from None
    labels = meta.labels or {}
    name, number = labels.get("name", ""), labels.get("version", "")
    if not name or not number.isdecimal() or len(number) > 9:
        raise Unusable("its labels name no release and revision")
    at = instants.parse(meta.creation_timestamp)
    return Release(cluster, meta.namespace, name, int(number), labels.get("status", ""), at)
