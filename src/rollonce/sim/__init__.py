"""The simulated cluster: a Kubernetes API on plain JSON and its controllers, in virtual time.

An independent implementation: it imports nothing of rollonce but `wire`, so that our own reading of
Kubernetes is not checked against itself.
"""
