"""Names that the cluster gives."""

from __future__ import annotations

from rollonce.sim.cluster import SimCluster


def test_no_name_is_given_twice() -> None:
    """A name that is taken would overwrite a pod that lives."""
    kernel = SimCluster(controllers=False).kernel
    names = [kernel.unique("web-") for _ in range(50_000)]
    assert len(set(names)) == len(names)
    assert {len(name) for name in names} == {len("web-") + 5}
