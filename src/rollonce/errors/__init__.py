"""One tree of errors. Each names the act, the object, the fact and the way out.

A class is one entry of the error catalogue: its slug never changes, its docstring says
when it is raised, its exit code is part of the documented table.
"""

from rollonce.errors.access import (
    AccessError,
    ApiRefusal,
    BadKubeconfig,
    ConnectionLost,
    Forbidden,
    LoginFailed,
    Redirected,
    ServerBusy,
    ServerFault,
    TlsFailed,
    Unauthorized,
    Unreachable,
    UnreadableAnswer,
)
from rollonce.errors.exitcode import ExitCode
from rollonce.errors.manifests import MalformedManifest, RefusedManifest, UnreadableManifest
from rollonce.errors.tree import RollonceError, catalogue
from rollonce.errors.usage import (
    AbsentWorkload,
    BadDeployId,
    ContradictingEdits,
    MalformedImage,
    MalformedPair,
    MalformedReference,
    MalformedSelector,
    MissingArguments,
    NamespaceAbsent,
    NothingMatched,
    PortTaken,
    UnknownContainer,
    UnknownKind,
    UnreadableFile,
    UnwritableFile,
    UsageError,
)

__all__ = [
    "AbsentWorkload",
    "AccessError",
    "ApiRefusal",
    "BadDeployId",
    "BadKubeconfig",
    "ConnectionLost",
    "ContradictingEdits",
    "ExitCode",
    "Forbidden",
    "LoginFailed",
    "MalformedImage",
    "MalformedManifest",
    "MalformedPair",
    "MalformedReference",
    "MalformedSelector",
    "MissingArguments",
    "NamespaceAbsent",
    "NothingMatched",
    "PortTaken",
    "Redirected",
    "RefusedManifest",
    "RollonceError",
    "ServerBusy",
    "ServerFault",
    "TlsFailed",
    "Unauthorized",
    "UnknownContainer",
    "UnknownKind",
    "Unreachable",
    "UnreadableAnswer",
    "UnreadableFile",
    "UnreadableManifest",
    "UnwritableFile",
    "UsageError",
    "catalogue",
]
