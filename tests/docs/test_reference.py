"""The reference pages have an entry for everything that there is, and none for what is not."""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Iterator

import click
import msgspec
import pytest

from rollonce.cli import audit, config, converge, demo, explain, init, plan, rbac, sandbox, undo
from rollonce.errors import ExitCode, catalogue
from rollonce.history.nouns import Basis, FindingKind
from rollonce.model import deploy
from rollonce.plan.operation import Disruption, Note, RefuseReason, SkipReason
from rollonce.report import config_json, converge_json
from rollonce.rollout.outcome import Verdict
from rollonce.status import standing
from rollonce.status.diagnosis import Trouble
from tests.docs import pages
from tools import docs

CODE = re.compile(r"`([^`]+)`")


def _first_cells(page: str, section: str) -> list[str]:
    """The code words in the first column of a section's table."""
    return [word for row in pages.table(pages.page(page).section(section)) for word in CODE.findall(row[0])]


@pytest.mark.parametrize("page", docs.pages())
def test_generated_parts_are_fresh(page: str) -> None:
    """`python -m tools.docs --write` renews them."""
    assert (docs.ROOT / page).read_text() == docs.renewed(page)


_COMMANDS = {
    "audit": audit.command,
    "config": config.show,
    "converge": converge.command,
    "demo": demo.command,
    "explain": explain.command,
    "init": init.command,
    "plan": plan.command,
    "rbac": rbac.command,
    "sandbox": sandbox.command,
    "undo": undo.command,
}


@pytest.mark.parametrize("name", sorted(_COMMANDS))
def test_every_option_has_an_entry(name: str) -> None:
    command = _COMMANDS[name]
    options = [option for option in command.params if isinstance(option, click.Option)]
    headings = [heading.text for heading in pages.page(f"docs/{name}.md").headings()]
    entries = {name for heading in headings for name in CODE.findall(heading) if name.startswith("-")}
    known = {name for option in options for name in (*option.opts, *option.secondary_opts)}
    assert entries == known


def test_exit_codes_are_the_table() -> None:
    rows = pages.table(pages.page("docs/exit-codes.md").section("The table"))
    assert [(row[0], row[1]) for row in rows if row[1] != "reserved"] == [
        (str(int(code)), f"`{code.name}`") for code in ExitCode
    ]
    assert [row[0] for row in rows if row[1] == "reserved"] == ["10 to 12"]


def test_every_error_has_a_heading() -> None:
    headings = [heading.text for heading in pages.page("docs/errors.md").headings() if heading.level == 3]
    slugs = [str(error.slug) for error in catalogue()]
    assert sorted(headings) == sorted(slugs)


@pytest.mark.parametrize("error", list(catalogue()), ids=lambda error: str(error.slug))
def test_an_error_says_when_how_and_the_way_out(error: type) -> None:
    slug = str(error.slug)  # type: ignore[attr-defined]
    page = pages.page("docs/errors.md")
    section = " ".join(page.section(slug))
    assert re.search(r"\*\*When\.\*\*", section)
    assert re.search(r"\*\*Way out\.\*\*", section)
    assert f"Exit code {int(error.exit_code)}." in section  # type: ignore[attr-defined]
    assert any(f"error: {slug}" in block.lines for block in page.blocks), "no block shows what it looks like"


def test_the_fleet_file_that_is_shown_is_the_one_that_is_tested() -> None:
    [shown] = [b for b in pages.page("docs/fleet-file.md").blocks if b.lines[0].startswith("# The fleet of the story")]
    assert "\n".join(shown.lines) + "\n" == (pages.ROOT / "examples/story/rollonce.yaml").read_text()


def test_every_ci_system_is_listed() -> None:
    assert tuple(_first_cells("docs/converge.md", "CI systems")) == deploy.SYSTEMS


def test_every_verdict_is_listed() -> None:
    assert _first_cells("docs/converge.md", "Verdicts") == [verdict.value for verdict in Verdict]


def test_every_cost_is_listed() -> None:
    assert _first_cells("docs/converge.md", "Costs") == [cost.value for cost in Disruption]


def test_reasons_are_listed() -> None:
    assert _first_cells("docs/converge.md", "What is skipped") == [*SkipReason, *Note]
    assert set(_first_cells("docs/converge.md", "What is refused")) <= set(RefuseReason)


def _paths(struct: type, prefix: str = "") -> Iterator[str]:
    for field in msgspec.structs.fields(struct):
        inner: object = field.type
        name = prefix + field.encode_name
        while isinstance(inner, types.GenericAlias | types.UnionType) or typing.get_origin(inner) is not None:
            if typing.get_origin(inner) is list:
                name += "[]"
            structs = [part for part in typing.get_args(inner) if part is not type(None)]
            inner = structs[0]
        yield name
        if isinstance(inner, type) and issubclass(inner, msgspec.Struct):
            yield from _paths(inner, f"{name}.")


@pytest.mark.parametrize(
    ("page", "document"),
    [("docs/converge.md", converge_json.Document), ("docs/config.md", config_json.Document)],
    ids=["converge", "config"],
)
def test_every_field_of_the_json_document_is_listed(page: str, document: type) -> None:
    assert _first_cells(page, "JSON") == list(_paths(document))


def test_every_kind_of_redundant_roll_is_listed() -> None:
    assert _first_cells("docs/audit.md", "Kinds of redundant rolls") == [kind.value for kind in FindingKind]


def test_every_basis_of_a_cost_is_listed() -> None:
    assert _first_cells("docs/how-it-works/cost-model.md", "The basis") == [basis.value for basis in Basis]


def test_every_trouble_is_listed_and_has_an_entry() -> None:
    troubles = [trouble.value for trouble in Trouble]
    assert _first_cells("docs/troubleshooting.md", "The troubles") == troubles
    page = pages.page("docs/troubleshooting.md")
    assert [heading.text for heading in page.headings() if heading.level == 3] == troubles


def test_reasons_of_waiting_are_listed() -> None:
    reasons = {
        value
        for name, value in vars(standing).items()
        if name.isupper() and isinstance(value, str) and not name.startswith("_")
    }
    assert set(_first_cells("docs/how-it-works/rollout-status.md", "What it waits for")) == reasons
