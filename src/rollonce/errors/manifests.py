"""Errors of the manifests that a command is given."""

from __future__ import annotations

from rollonce.errors.usage import UsageError


class UnreadableManifest(UsageError):
    """A file or folder of manifests is not there, cannot be read, or has no manifest."""

    slug = "unreadable-manifest"


class MalformedManifest(UsageError):
    """What was read is no YAML, no JSON, or not an object of Kubernetes."""

    slug = "malformed-manifest"


class RefusedManifest(UsageError):
    """The API server, asked in a trial or the simulated one at its beginning, does not take a manifest."""

    slug = "refused-manifest"
