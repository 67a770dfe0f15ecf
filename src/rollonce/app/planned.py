"""A plan file is carried out: read anew, held against the file, and then as any converge."""

from __future__ import annotations

from dataclasses import replace

from rollonce.app import converge
from rollonce.app import fleet as fleets
from rollonce.app.converge import Options, Prepared
from rollonce.app.ports import Ports
from rollonce.errors import RollonceError, StalePlan
from rollonce.model.edit import RestartEdit
from rollonce.model.reference import Named, Selection
from rollonce.plan import decide, stale
from rollonce.plan.desired import Desired
from rollonce.plan.planfile import LATER, PlanFile

_SHOWN = 12


def selection(file: PlanFile) -> Selection:
    """The workloads of a plan, for its title: names of several namespaces are no selection to read by."""
    return Selection(tuple(Named(e.key.kind_name, e.key.name) for e in file.entries), _only_namespace(file))


def prepare(ports: Ports, file: PlanFile, options: Options) -> Prepared:
    """Read what the plan is about, and decide; reads only.

    Raises StalePlan, which says what changed, where the plan does not hold any more, and errors of the cluster.
    """
    try:
        prepared = converge.decided(
            ports,
            fleets.read_keys(ports, (e.key for e in file.entries)),
            replace(options, fixed=True, allow_unmatched=True),
        )
    except RollonceError as error:
        raise error.doing(options.act) from error.__cause__
    wish = replace(options.wish, desired=_timeless(options.wish.desired))
    again = decide.decide(prepared.fleet.workloads, prepared.fleet.absent, wish, prepared.merged)
    moved = stale.reasons(file, prepared.fleet.workloads, again)
    if moved:
        more = [f"and {len(moved) - _SHOWN} more"] if len(moved) > _SHOWN else []
        raise StalePlan(
            "\n".join(("the plan does not hold any more:", *moved[:_SHOWN], *more)),
            act=options.act,
            hint="nothing was sent; make a new plan with rollonce plan --out FILE",
        )
    return prepared


def _timeless(desired: Desired) -> Desired:
    return Desired(tuple(replace(e, moment=LATER) if isinstance(e, RestartEdit) else e for e in desired.edits))


def _only_namespace(file: PlanFile) -> str | None:
    spaces = {entry.key.namespace for entry in file.entries}
    return spaces.pop() if len(spaces) == 1 else None
