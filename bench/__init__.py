"""Measures rollonce against kubectl, a bare loop and a shell helper on the real control plane."""
