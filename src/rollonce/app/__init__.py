"""Use-cases: the public library. They take ports and return values and events."""
