"""Errors between us and the API server."""

from __future__ import annotations

from rollonce.errors.exitcode import ExitCode
from rollonce.errors.tree import RollonceError


class AccessError(RollonceError):
    """The cluster cannot be asked, or does not let us."""

    exit_code = ExitCode.NO_ACCESS


class BadKubeconfig(AccessError):
    """No usable kubeconfig: file, context, cluster or user is missing or malformed."""

    slug = "bad-kubeconfig"


class LoginFailed(AccessError):
    """Credentials could not be obtained: a plugin failed, a token file cannot be read."""

    slug = "login-failed"


class Unreachable(AccessError):
    """No connection to the API server came about; nothing was sent."""

    slug = "unreachable"


class TlsFailed(AccessError):
    """The server's certificate, or ours, was not accepted; nothing was sent."""

    slug = "tls-failed"


class ConnectionLost(AccessError):
    """The connection broke before the whole response was there: what was asked may have happened."""

    slug = "connection-lost"


class UnreadableAnswer(AccessError):
    """What answered does not speak the Kubernetes API."""

    slug = "unreadable-answer"


class Redirected(AccessError):
    """The server answered with a redirect; it is not followed, for credentials would go along."""

    slug = "redirected"


class ApiRefusal(AccessError):
    """The API server answered with an error Status.

    `status` is the HTTP status, `reason` the Status' reason (`Invalid`, `Conflict`, ... or empty); `owned` has the
    fields that belong to others, each with the server's words, where an apply is refused for that.
    """

    slug = "refused-by-server"

    def __init__(
        self,
        fact: str,
        *,
        status: int,
        reason: str = "",
        owned: tuple[tuple[str, str], ...] = (),
        act: str = "",
        hint: str = "",
    ) -> None:
        super().__init__(fact, act=act, hint=hint)
        self.status = status
        self.reason = reason
        self.owned = owned


class Unauthorized(ApiRefusal):
    """401: the server does not know these credentials."""

    slug = "unauthorized"


class Forbidden(ApiRefusal):
    """403: the credentials are known and the right is missing."""

    slug = "forbidden"


class ServerBusy(ApiRefusal):
    """429, or 503 with Retry-After, still after the retries that the server asked for; it was not executed."""

    slug = "server-busy"


class ServerFault(ApiRefusal):
    """500, 502, 504, a bare 503: the server, or a proxy before it, failed; what was asked may have happened."""

    slug = "server-fault"
