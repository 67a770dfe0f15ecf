"""A workload -> where its rollout stands. One file a kind, one fixed order of decisions in each. Pure."""

from rollonce.status.compute import compute, observed
from rollonce.status.standing import Complete, Failed, Held, InProgress, Standing

__all__ = ["Complete", "Failed", "Held", "InProgress", "Standing", "compute", "observed"]
