"""The demonstration as text: a story of three parts, each with what was typed and what it cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import assert_never

from rollonce.app.demo import Part, Scene, Step, Told
from rollonce.history import review as reviews
from rollonce.history.review import Review
from rollonce.model.workload import Container, Recreate, Workload, WorkloadKey
from rollonce.report import audit_text, images, table

_NOTHING = "-"
_WIDTH = 90


def opening_lines(scene: Scene) -> list[str]:
    """What there is, what the deploy brings, and where the numbers come from."""
    spaces = sorted({workload.key.namespace for workload in scene.workloads})
    held = sum(1 for w in scene.workloads if any("ReadWriteOnce" in c.access_modes for c in w.claims))
    size = f"{_count(len(scene.workloads), 'workload')} in {_listing('namespace', spaces)}"
    volumes = f", {held} of them with a volume that one node can mount at a time" if held else ""
    return [
        f"The fleet: {size}{volumes}.",
        "It stands on a simulated cluster. A deploy brings a new build:",
        "",
        *table.render(
            ["IMAGE", "NOW", "THE NEW BUILD"],
            sorted({_change(c, scene.wanted[w.key][c.name]) for w, c in _changing(scene)}),
        ),
        "",
        "Time is virtual. Rolls are counted in the revision history; outage is the time in which a workload has",
        "no ready pod. Both deploys begin with the same state.",
    ]


def _changing(scene: Scene) -> Iterable[tuple[Workload, Container]]:
    for workload in scene.workloads:
        for container in workload.containers:
            if container.name in scene.wanted.get(workload.key, {}):
                yield workload, container


def _change(container: Container, new: str) -> tuple[str, str, str]:
    common, before, after = images.change(container.image, new)
    return common, before, after


def part_lines(scene: Scene, told: Told) -> list[str]:
    """One part: its commands, a row for each workload, and what the numbers mean."""
    lines = ["", _title(told.part), ""]
    for number, step in enumerate(told.steps, 1):
        head, *more = _command(step)
        lines += [f"  step {number}  $ {head}", *(f"            {line}" for line in more)]
    wide = told.part is not Part.AGAIN
    lines += ["", *(f"  {line}" for line in _costs(scene, told))] if wide else []
    lines += ["", *(f"  {line}" for line in _meaning(scene, told))]
    return lines


def _command(step: Step) -> list[str]:
    """The first command of a step, in lines as a shell takes them, and how many more there are."""
    if not step.commands:
        return ["(nothing to do)"]
    lines = [""]
    for word in step.commands[0].split(" "):
        if lines[-1] and len(lines[-1]) + len(word) > _WIDTH:
            lines[-1] += " \\"
            lines.append("  ")
        lines[-1] += word if not lines[-1].strip() else f" {word}"
    others = len(step.commands) - 1
    return [*lines, *([f"(and {others} more like it)"] if others else [])]


def _title(part: Part) -> str:
    match part:
        case Part.PIPELINE:
            return "1. The pipeline as it is: one step sets the main image, the next applies manifests with all images"
        case Part.CURE:
            return "2. The same deploy, with all images in one patch before the manifests are applied"
        case Part.AGAIN:
            return "3. The job is run again"
        case _ as never:
            assert_never(never)


def _costs(scene: Scene, told: Told) -> list[str]:
    header = ["WORKLOAD", "STRATEGY", *(f"STEP {n}" for n in range(1, len(told.steps) + 1)), "ROLLS", "OUTAGE"]
    rows = []
    for workload in scene.workloads:
        whole = told.cost(workload.key)
        steps = [_step_cell(step, workload.key) for step in told.steps]
        rows.append([_name(workload.key), _strategy(workload), *steps, str(whole.rolls), duration(whole.outage)])
    rolls, outage = total(told)
    rows.append(["all", "", *("" for _ in told.steps), str(rolls), duration(outage)])
    return table.render(header, rows)


def _step_cell(step: Step, key: WorkloadKey) -> str:
    cost = step.costs[key]
    if not cost.rolls and not cost.outage:
        return _NOTHING
    return _count(cost.rolls, "roll") + (f", {duration(cost.outage)}" if cost.outage else "")


def _meaning(scene: Scene, told: Told) -> list[str]:
    twice = [workload for workload in scene.workloads if told.cost(workload.key).rolls > 1]
    match told.part:
        case Part.PIPELINE if twice:
            worst = max(twice, key=lambda workload: told.cost(workload.key).outage)
            return [
                f"{_count(len(twice), 'workload')} rolled more than once for one deploy. "
                f"The revision history of {_name(worst.key)}:",
                *_history(worst, told),
            ]
        case Part.PIPELINE | Part.CURE:
            return ["No workload rolled more than once."] if not twice else [f"{_names(twice)} rolled more than once."]
        case Part.AGAIN:
            rolls, outage = total(told)
            sent = told.steps[0].patches
            down = f"{duration(outage)} of outage" if outage else "no outage"
            return [f"{_count(sent, 'patch', 'patches')} sent, {_count(rolls, 'roll')}, {down}."]
        case _ as never:
            assert_never(never)


def _history(workload: Workload, told: Told) -> list[str]:
    names = [container.name for container in workload.containers]
    rows = [
        [str(revision.number), *(_tag(revision.images.get(name, "")) for name in names)]
        for revision in told.history[workload.key]
    ]
    return [f"  {line}" for line in table.render(["REVISION", *names], rows)]


def _tag(image: str) -> str:
    return images.change(image, image)[2] if image else _NOTHING


def audit_lines(before: Review, after: Review) -> list[str]:
    """What audit says of both deploys: the first line of each, and the worst workload of the first."""
    lines = ["", "4. What a cluster remembers of this, weeks later", "", "  $ rollonce audit -A      (after 1)"]
    lines.append(f"  {audit_text.headline(before)}")
    if before.findings:
        subject = reviews.worst(before)
        worst = [finding for finding in before.findings if finding.subject == subject]
        told = audit_text.workload_lines(reviews.title(before, subject), worst)
        lines += [f"  {line}" for line in told]
    return [*lines, "", "  $ rollonce audit -A      (after 2)", f"  {audit_text.headline(after)}"]


def closing_lines(parts: Mapping[Part, Told]) -> list[str]:
    """Both deploys, side by side."""
    before, after = total(parts[Part.PIPELINE]), total(parts[Part.CURE])
    return [
        "",
        *table.render(
            ["THE SAME DEPLOY", "ROLLS", "OUTAGE"],
            [
                ["as it is", str(before[0]), duration(before[1])],
                ["with rollonce converge", str(after[0]), duration(after[1])],
            ],
        ),
    ]


def kept_lines(part: str) -> list[str]:
    """What goes before the line for the shell, when the cluster stays open."""
    left = {"pipeline": "the pipeline (1)", "converge": "converge (2)"}[part]
    return ["", f"The cluster as {left} left it, for kubectl, helm and rollonce in another shell:"]


def total(told: Told) -> tuple[int, float]:
    """Rolls and seconds of outage of all workloads in a part."""
    costs = [told.cost(key) for key in told.steps[0].costs]
    return sum(cost.rolls for cost in costs), sum(cost.outage for cost in costs)


def duration(seconds: float) -> str:
    """Whole seconds, as minutes where there are any."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s" if whole else "0"
    return f"{whole // 60}m {whole % 60:02}s"


def _strategy(workload: Workload) -> str:
    strategy = getattr(workload.behaviour, "strategy", None)
    name = "Recreate" if isinstance(strategy, Recreate) else type(strategy).__name__
    return name + (", volume" if workload.claims else "")


def _name(key: WorkloadKey) -> str:
    return f"{key.namespace}/{key.name}"


def _names(workloads: Sequence[Workload]) -> str:
    return ", ".join(_name(workload.key) for workload in workloads)


def _listing(noun: str, words: Sequence[str]) -> str:
    return f"{noun}{'' if len(words) == 1 else 's'} {' and '.join(words)}"


def _count(n: int, one: str, many: str = "") -> str:
    return f"{n} {one if n == 1 else many or one + 's'}"
