"""What a test needs to know of a running control plane, as a value that travels between processes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path


class NeedsBuiltControlPlane(LookupError):
    """Only the control plane that is built here has our users and an audit log; a cluster named by the user has not."""


@dataclass(frozen=True, slots=True)
class ControlPlane:
    """Where a control plane is and how to get in.

    `server` is a URL, `https://127.0.0.1:PORT`. `audit_log`, `data` and `control` are None for a cluster that was
    named by ROLLONCE_TEST_KUBECONFIG: nobody here owns it.
    """

    server: str
    kubeconfigs: Mapping[str, Path]
    binaries: Path
    data: Path | None = None
    audit_log: Path | None = None
    control: Path | None = None
    tokens: Mapping[str, str] = field(default_factory=dict)
    authority: Path | None = None

    @property
    def kubectl(self) -> Path:
        """The kubectl of the same version as the server."""
        return self.binaries / "kubectl"

    def kubeconfig(self, user: str) -> Path:
        """The kubeconfig file of one user; its only context carries the user's name.

        Raises NeedsBuiltControlPlane where this control plane cannot have that user, KeyError for a misspelt one.
        """
        if user not in self.kubeconfigs and self.data is None:
            raise NeedsBuiltControlPlane(f"user {user}")
        return self.kubeconfigs[user]

    def to_json(self) -> str:
        """One line, for a pipe or for another worker of the test run."""
        return json.dumps(asdict(self), default=str)

    @classmethod
    def from_json(cls, text: str) -> ControlPlane:
        """The inverse of `to_json`."""
        raw = json.loads(text)

        def path(key: str) -> Path | None:
            return Path(raw[key]) if raw[key] is not None else None

        return cls(
            server=raw["server"],
            kubeconfigs={user: Path(file) for user, file in raw["kubeconfigs"].items()},
            binaries=Path(raw["binaries"]),
            data=path("data"),
            audit_log=path("audit_log"),
            control=path("control"),
            tokens=raw["tokens"],
            authority=path("authority"),
        )
