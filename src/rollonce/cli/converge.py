"""`rollonce converge`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import click

from rollonce.app import converge, manifested, planned, undo
from rollonce.app.converge import Prepared
from rollonce.app.news import Result
from rollonce.app.pacing import Pacing
from rollonce.app.ports import Ports
from rollonce.cli import carrying, connect, fleet_options, manifest_options, run_options, wishes
from rollonce.cli import undo as undo_command
from rollonce.errors import ExitCode, MissingArguments
from rollonce.model import reference
from rollonce.model.reference import Named, Selection
from rollonce.plan import planfile
from rollonce.plan.decide import Wish


@dataclass(frozen=True, slots=True)
class Asked:
    """The command line of one converge, beside what is wanted of which workloads."""

    plan_file: str
    deploy_id: str
    undo_on_failure: str | None
    run: run_options.Run


@click.command("converge")
@wishes.options
@manifest_options.options
@fleet_options.options
@connect.options
@click.option(
    "--plan",
    "plan_file",
    metavar="FILE",
    default="",
    help="Carry out the plan of this file, if it still holds; without workloads, pairs and edits.",
)
@wishes.deploy_id
@click.option(
    "--undo-on-failure",
    type=click.Choice([extent.value for extent in undo.Extent]),
    help="Where a rollout fails, put back what this run has changed: in that workload, its wave, or all of them.",
)
@run_options.options
def command(
    kubeconfig: str,
    context: str,
    namespace: str,
    all_namespaces: bool,
    env: str,
    build: str,
    fleet: str,
    **asked: object,
) -> ExitCode:
    """Bring workloads to what a deploy wants of them, with one patch per workload that differs.

    WORKLOAD is what kubectl takes: deployment/x, deploy x y, sts/x, ds/x, cronjob/x, or kinds
    (deploy,sts) with -l or --all. CONTAINER=IMAGE holds for every workload that has the container, *=IMAGE
    for every container, KIND/NAME:CONTAINER=IMAGE for one workload; the more specific one wins. The options that
    edit other fields take KIND/NAME: before their value in the same way.

    With -f or -k, manifests are applied with pairs and edits folded in: each object in one server-side apply.

    With --env, workloads, images and place come from the fleet file; pairs and edits may be added. With manifests
    as well, these say which workloads.

    Nothing is sent to a workload that is already as wanted.
    """
    place = connect.Place(kubeconfig, context, namespace, all_namespaces)
    words = wishes.Words.taken_from(asked)
    files = manifest_options.Files.taken_from(asked)
    given = fleet_options.given(env, build, fleet)
    run = run_options.Run.taken_from(asked)
    return _run(given, place, words, files, Asked(**asked, run=run))  # type: ignore[arg-type]


def _run(
    given: fleet_options.Given,
    place: connect.Place,
    words: wishes.Words,
    files: manifest_options.Files,
    asked: Asked,
) -> ExitCode:
    asked.run.check(act="converge")
    if asked.undo_on_failure and not asked.run.wait:
        raise MissingArguments(
            "--undo-on-failure needs to know how the rollouts end, and they are not waited for",
            act="converge",
            hint="leave --no-wait out",
        )
    if asked.plan_file:
        return _planned(given, place, words, files, asked)
    if files.given:
        manifest_options.check_alone(files, place, words, act="converge")
        merged = fleet_options.merge(given, place, words, act="converge", manifests=files.names)
        return _applied(*merged, files, asked)
    manifest_options.check_idle(files, act="converge")
    return _wished(*fleet_options.merge(given, place, words, act="converge"), asked)


def _wished(place: connect.Place, words: wishes.Words, file: fleet_options.FromFile, asked: Asked) -> ExitCode:
    now = datetime.now(UTC)
    references, desired = wishes.desired(words, wishes.moment(now), act="converge", more=file.edits)
    # Selected before anything is connected: a malformed reference needs no cluster to be one.
    selection = wishes.selection(
        references, place, selector=words.selector, everything=words.everything, act="converge"
    )
    wish = Wish(desired, wishes.deploy(asked.deploy_id, now, act="converge"), words.policy)
    ports, namespace = fleet_options.connect_as(file, place)
    if selection.namespace is not None:
        checked = reference.check_namespace(namespace, act="converge")
        selection = replace(selection, namespace=checked, also=file.more_namespaces)
    wait = asked.run.wait if file.wait is None else file.wait
    options = converge.Options(
        selection,
        wish,
        act=f"converge {selection}",
        allow_unmatched=words.allow_unmatched,
        strict=words.strict,
        wait=wait,
        timeout=(asked.run.timeout if file.timeout is None else file.timeout) or None,
        pacing=_pacing(asked, file, wait=wait, act="converge"),
    )
    with closing(ports):
        return _converge(ports, converge.prepare(ports, options), asked, file.heading)


def _applied(
    place: connect.Place,
    words: wishes.Words,
    file: fleet_options.FromFile,
    files: manifest_options.Files,
    asked: Asked,
) -> ExitCode:
    now = datetime.now(UTC)
    act = f"converge {files.names}"
    _, desired = wishes.desired(words, wishes.moment(now), act=act, more=file.edits, needed=False)
    manifests = manifest_options.load(files)
    wish = Wish(desired, wishes.deploy(asked.deploy_id, now, act=act), words.policy)
    ports, namespace = fleet_options.connect_as(file, place)
    wait = asked.run.wait if file.wait is None else file.wait
    run = manifested.Run(
        wish,
        act,
        file.listed,
        allow_unmatched=words.allow_unmatched,
        wait=wait,
        timeout=(asked.run.timeout if file.timeout is None else file.timeout) or None,
        pacing=_pacing(asked, file, wait=wait, act=act),
    )
    with closing(ports):
        source = manifest_options.source(files, manifests, place, reference.check_namespace(namespace, act=act))
        prepared = manifested.prepare(ports, source, run)
        course = carrying.Course(
            prepared.plan,
            wish.deploy,
            prepared.pace,
            lambda teller: manifested.carry_out(ports, prepared, teller.take, teller.tell),
            file.heading,
        )
        return carrying.carry_out(
            ports.brake,
            course,
            lambda: Result(converge.standings(prepared.plan, wish)),
            asked.run,
            _after(ports, asked, course, run.timeout),
        )


def _pacing(asked: Asked, file: fleet_options.FromFile, *, wait: bool, act: str) -> Pacing:
    return asked.run.pacing(wait=wait, act=act, waves=file.waves, concurrency=file.concurrency)


def _planned(
    given: fleet_options.Given,
    place: connect.Place,
    words: wishes.Words,
    files: manifest_options.Files,
    asked: Asked,
) -> ExitCode:
    act = f"converge --plan {asked.plan_file}"
    if files.said or words.said or place.namespace or place.all_namespaces or given.env or given.build or given.fleet:
        raise MissingArguments(
            "--plan excludes workloads, pairs, edits and what they go with, for the file has all that",
            act=act,
            hint="leave them out, or make a new plan with them",
        )
    now = datetime.now(UTC)
    file = planfile.read(wishes.content(asked.plan_file, act=act), wishes.moment(now), act=act)
    wish = Wish(file.desired, wishes.deploy(asked.deploy_id, now, act=act), file.policy)
    ports, _ = connect.connect(place)
    pacing = asked.run.pacing(wait=asked.run.wait, act=act)
    options = converge.Options(
        planned.selection(file), wish, act=act, wait=asked.run.wait, timeout=asked.run.timeout or None, pacing=pacing
    )
    with closing(ports):
        return _converge(ports, planned.prepare(ports, file, options), asked)


def _converge(ports: Ports, prepared: Prepared, asked: Asked, heading: Sequence[str] = ()) -> ExitCode:
    options = prepared.options
    course = carrying.Course(
        prepared.plan,
        options.wish.deploy,
        prepared.pace,
        lambda teller: converge.carry_out(ports, prepared, teller.take),
        heading,
    )
    return carrying.carry_out(
        ports.brake,
        course,
        lambda: Result(converge.foresee(prepared)),
        asked.run,
        _after(ports, asked, course, options.timeout),
    )


def _after(
    ports: Ports, asked: Asked, course: carrying.Course, timeout: float | None
) -> Callable[[Result], carrying.Course | None]:
    """What is done where a rollout has failed."""

    def undone(result: Result) -> carrying.Course | None:
        keys = undo.failed(result, course.pace, undo.Extent(asked.undo_on_failure)) if asked.undo_on_failure else ()
        if not keys:
            return None
        deploy_id = course.deploy.id
        wish = undo.wish(deploy_id)
        names = Selection(tuple(Named(key.kind_name, key.name) for key in keys), keys[0].namespace)
        options = undo.Options(names, deploy_id, wish, act=f"undo {deploy_id}", timeout=timeout, keys=keys)
        return undo_command.course(ports, undo.prepare(ports, options))

    return undone
