"""Manifests and dumps: the objects of Kubernetes that a user hands in, each with its place in the text."""
