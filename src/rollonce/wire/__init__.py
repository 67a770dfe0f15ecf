"""Requests and responses of the Kubernetes API as plain values.

One client speaks to two kinds of servers: a real API server over HTTPS, and
any handler in this process. Both stand behind `Wire`.
"""

from rollonce.wire.exchange import Request, Response, Stream, Wire

__all__ = ["Request", "Response", "Stream", "Wire"]
