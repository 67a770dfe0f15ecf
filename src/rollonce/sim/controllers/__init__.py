"""The controllers of the simulated cluster: they see every write and act a little later, in virtual time."""

from __future__ import annotations

from rollonce.sim.controllers.dispatch import Dispatch, add_node, install
from rollonce.sim.pods import PROFILES, Profile

__all__ = ["PROFILES", "Dispatch", "Profile", "add_node", "install"]
