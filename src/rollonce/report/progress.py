"""Progress while rollouts are waited for: a live table on a terminal, plain lines elsewhere."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from rollonce.app.news import Event, Finished, Halted, Loosened, Progressed, Sent, Troubled, Unlooked, WaveBegun
from rollonce.model.thing import ObjectKey
from rollonce.model.workload import WorkloadKey
from rollonce.plan.operation import Plan
from rollonce.report import converge_text, objects_text
from rollonce.report.output import Output
from rollonce.rollout.outcome import Outcome, Verdict

if TYPE_CHECKING:
    from rich.live import Live
    from rich.table import Table

# A thousand live rows cost a quarter of a second a refresh; nobody reads more than a screenful.
MOST_ROWS = 30
# Each step of each rollout is told for fleets up to this size; of larger ones only the ends.
_TALKATIVE = 20
# Of these the plan has said it already, or the end will.
_SILENT = frozenset({Verdict.UNCHANGED, Verdict.ABSENT, Verdict.NOT_SENT})


class Teller(Protocol):
    """Whoever is told of a run under way."""

    def take(self, event: Event) -> None:
        """Something has happened to a workload, or to the run."""
        ...

    def tell(self, key: ObjectKey, outcome: Outcome) -> None:
        """An object that is no workload has come to its end."""
        ...


class Both:
    """Tells two."""

    def __init__(self, one: Teller, other: Teller) -> None:
        self._tellers = (one, other)

    def take(self, event: Event) -> None:
        """As `Teller.take`."""
        for teller in self._tellers:
            teller.take(event)

    def tell(self, key: ObjectKey, outcome: Outcome) -> None:
        """As `Teller.tell`."""
        for teller in self._tellers:
            teller.tell(key, outcome)


class Progress:
    """Takes the events of a run. Use as a context, so that the terminal is put right at the end."""

    def __init__(self, out: Output, plan: Plan) -> None:
        self._out = out
        self._wide = converge_text.spans_namespaces(plan)
        self._talkative = len(plan.operations) <= _TALKATIVE
        self._running: dict[WorkloadKey, str] = {}
        self._live: Live | None = None

    def __enter__(self) -> Self:
        if self._out.is_terminal:
            from rich.console import Console
            from rich.live import Live

            self._live = Live(
                console=Console(file=self._out.stream),
                transient=True,
                auto_refresh=True,
                get_renderable=self._table,
            )
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def take(self, event: Event) -> None:
        """Show an event."""
        match event:
            case Finished(key=key, outcome=outcome):
                self._running.pop(key, None)
                if outcome.verdict not in _SILENT:
                    self._say(event)
            case Progressed(key=key, standing=standing):
                self._running[key] = standing.message
                if self._live is None and self._talkative:
                    self._say(event)
            case Sent(key=key, attempt=attempt):
                self._running[key] = "patch sent"
                if attempt > 1 or (self._live is None and self._talkative):
                    self._say(event)
            case WaveBegun() | Halted() | Troubled() | Unlooked() | Loosened():
                self._say(event)

    def tell(self, key: ObjectKey, outcome: Outcome) -> None:
        """Show how it ended for an object that is no workload."""
        self._print(objects_text.outcome_line(key, outcome, with_namespace=self._wide))

    def _say(self, event: Event) -> None:
        self._print(converge_text.event_line(event, with_namespace=self._wide))

    def _print(self, line: str) -> None:
        if self._live is None:
            self._out.lines([line])
        else:
            # Else the line is printed above the table as it was before this event.
            self._live.refresh()
            self._live.console.print(line, markup=False, highlight=False)

    def _table(self) -> Table:
        from rich.table import Table
        from rich.text import Text

        # Copied first: the display refreshes in a thread of its own.
        running = sorted(dict(self._running).items())
        table = Table(box=None, show_header=False, pad_edge=False)
        for key, message in running[:MOST_ROWS]:
            table.add_row(converge_text.title(key, with_namespace=self._wide), Text(message))
        if len(running) > MOST_ROWS:
            table.add_row(f"and {len(running) - MOST_ROWS} more", "")
        return table
