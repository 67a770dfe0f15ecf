"""`rollonce rbac`."""

from __future__ import annotations

import re
import sys

import click

from rollonce.errors import ExitCode, MissingArguments
from rollonce.model import reference
from rollonce.model.right import COMMANDS
from rollonce.report import rbac_yaml
from rollonce.report.output import Output
from rollonce.report.rbac_yaml import Subject

# https://kubernetes.io/docs/concepts/overview/working-with-objects/names/: of Roles, path segments
_NAME = re.compile(r"[^/%\x00-\x1f]{1,253}")


@click.command("rbac")
@click.argument("name", metavar="COMMAND", type=click.Choice(list(COMMANDS)))
@click.option(
    "-n", "--namespace", metavar="NAME", default="", help="Namespace of the Role; else a ClusterRole is made."
)
@click.option("--role", metavar="NAME", default="", help="Name of the role; else rollonce-COMMAND.")
@click.option("--user", "users", metavar="NAME", multiple=True, help="A user who has it. Repeatable.")
@click.option("--group", "groups", metavar="NAME", multiple=True, help="A group that has it. Repeatable.")
@click.option(
    "--serviceaccount",
    "accounts",
    metavar="NAMESPACE:NAME",
    multiple=True,
    help="A service account that has it. Repeatable.",
)
def command(
    name: str,
    namespace: str,
    role: str,
    users: tuple[str, ...],
    groups: tuple[str, ...],
    accounts: tuple[str, ...],
) -> ExitCode:
    """Print the Role that a command needs, and with --user, --group or --serviceaccount who has it.

    COMMAND is a command of rollonce; manifests is converge with -f or -k. Nothing is asked of a cluster: apply the
    output with kubectl.
    """
    act = f"rbac {name}"
    if namespace:
        reference.check_namespace(namespace, act=act)
    subjects = [
        *(Subject("User", _checked(user, "--user", act)) for user in users),
        *(Subject("Group", _checked(group, "--group", act)) for group in groups),
        *(_account(text, act) for text in accounts),
    ]
    role = _checked(role or f"rollonce-{name}", "--role", act)
    Output(sys.stdout).lines(rbac_yaml.lines(role, namespace, COMMANDS[name], subjects))
    return ExitCode.OK


def _checked(text: str, option: str, act: str) -> str:
    if not _NAME.fullmatch(text):
        raise MissingArguments(f"{option} {text!r} is no name", act=act, hint="names have no '/', '%' or line breaks")
    return text


def _account(text: str, act: str) -> Subject:
    namespace, colon, name = text.partition(":")
    if not colon or not name:
        raise MissingArguments(
            f"--serviceaccount {text!r} is not of the form namespace:name", act=act, hint="for example ci:deployer"
        )
    reference.check_namespace(namespace, act=act)
    return Subject("ServiceAccount", _checked(name, "--serviceaccount", act), namespace)
