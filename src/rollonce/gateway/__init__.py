"""A loopback HTTP server for anything that answers requests of the Kubernetes API.

It knows `rollonce.wire` and nothing of who answers: the simulated cluster today, a proxy before a real
cluster by the same `Handler`. All handling is in one event loop; nothing that a client sends ends it.
"""
