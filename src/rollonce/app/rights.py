"""Rights are asked for before the first write: no half-converged fleet for a reason that could be known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from rollonce.app.fleet import FEW
from rollonce.app.ports import Ports
from rollonce.errors import Forbidden
from rollonce.model.kind import Kind
from rollonce.model.workload import WorkloadKey

FORBIDDEN = 403
_Place = tuple[Kind, str | None]


def check_patch(ports: Ports, keys: Iterable[WorkloadKey]) -> None:
    """One access review per kind and namespace; one per kind, where the right holds in all namespaces.

    Raises Forbidden, which names every right that is missing.
    """
    keys = sorted(keys)
    places: list[_Place] = list(dict.fromkeys((key.kind, key.namespace) for key in keys))
    kinds = [kind for kind, _ in places]
    spread = [kind for kind in dict.fromkeys(kinds) if kinds.count(kind) > 1]
    everywhere = {kind for (kind, _), missing in _ask(ports, [(kind, None) for kind in spread]) if not missing}
    answers = _ask(ports, [place for place in places if place[0] not in everywhere])
    lacking = []
    for place, missing in answers:
        if not missing:
            continue
        names = [key.name for key in keys if (key.kind, key.namespace) == place]
        # A Role may grant the right for single names (`resourceNames`), which a review without one does not see.
        if len(names) > FEW or any(lack for _, lack in _ask(ports, [place], names)):
            lacking.append(missing)
    if lacking:
        raise Forbidden(
            "the right is missing to " + ", and to ".join(lacking),
            status=FORBIDDEN,
            reason="Forbidden",
            hint="nothing was sent; ask for a Role with the verb patch on these resources",
        )


def _ask(ports: Ports, places: list[_Place], names: Sequence[str] = ("",)) -> list[tuple[_Place, str]]:
    """Each place (and name) with the right that is missing there, in words; empty where it is there."""

    def asking(place: _Place, name: str) -> Callable[[], tuple[_Place, str]]:
        def ask() -> tuple[_Place, str]:
            kind, namespace = place
            answer = ports.client.may("patch", kind.resource, namespace, name)
            if answer.allowed:
                return place, ""
            reason = f" ({answer.reason})" if answer.reason else ""
            return place, f"patch {kind.resource} in namespace {namespace}{reason}"

        return ask

    return ports.fanout.gather([asking(place, name) for place in places for name in names])
