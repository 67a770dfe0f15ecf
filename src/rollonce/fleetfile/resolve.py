"""A fleet file, an environment and a build, to what is wanted there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from rollonce.errors import MissingArguments, UnknownEnvironment
from rollonce.fleetfile.fleet import Chosen, Environment, FleetFile, Listed, Policy, Template, Workloads
from rollonce.fleetfile.form import BUILD
from rollonce.fleetfile.mark import Said
from rollonce.model import image
from rollonce.model.edit import ImageEdit
from rollonce.model.nearest import nearest
from rollonce.model.reference import Named


@dataclass(frozen=True, slots=True)
class Run:
    """What the file wants in one environment. Environments differ in place and policy, never in the edits."""

    environment: Environment
    workloads: Workloads
    edits: tuple[ImageEdit, ...]
    policy: Policy

    @property
    def words(self) -> tuple[str, ...]:
        """The workloads as references of the command line."""
        match self.workloads:
            case Listed(names=names):
                return tuple(str(said.value) for said in names)
            case Chosen(kinds=kinds):
                return (",".join(said.value for said in kinds),)
            case _ as never:
                assert_never(never)

    @property
    def listed(self) -> tuple[Named, ...]:
        """The workloads that are named, be it to give one of them an image of its own."""
        names = [said.value for said in self.workloads.names] if isinstance(self.workloads, Listed) else []
        return tuple(dict.fromkeys([*names, *(edit.workload for edit in self.edits if edit.workload is not None)]))

    @property
    def selector(self) -> Said[str] | None:
        """The environment's own, else that of the workloads."""
        common = self.workloads.selector if isinstance(self.workloads, Chosen) else None
        return self.environment.selector or common


def run(file: FleetFile, environment: str, build: str, *, act: str) -> Run:
    """What is wanted in an environment; `build` is empty where none was given.

    Raises UnknownEnvironment, MissingArguments where `{build}` has no value or a build no use, MalformedImage.
    """
    place = find(file, environment, act=act)
    asking = next((t for t in file.templates if BUILD in t.image.value), None)
    if asking is not None and not build:
        raise MissingArguments(
            f"{asking.image.at}: the image of {asking.container} is {asking.image.value}, and no build is given",
            act=act,
            hint="give --build, such as --build $SHA-$RUN",
        )
    if asking is None and build:
        raise MissingArguments(
            f"--build {build} is for nothing: no image of {file.source} has {BUILD}",
            act=act,
            hint=f"write {BUILD} where the build belongs, or leave --build out",
        )
    edits = tuple(_edit(template, build, act) for template in file.templates)
    return Run(place, file.workloads, edits, place.policy.over(file.policy))


def find(file: FleetFile, environment: str, *, act: str) -> Environment:
    """The environment of that name. Raises UnknownEnvironment."""
    found = file.environments.get(environment)
    if found is None:
        names = ", ".join(file.environments)
        close = nearest(environment, file.environments)
        raise UnknownEnvironment(
            f"{file.source} has no environment {environment!r}; there are: {names}",
            act=act,
            hint=f'did you mean "{close}"?' if close else "name one of them with --env",
        )
    return found


def _edit(template: Template, build: str, act: str) -> ImageEdit:
    text = template.image.value.replace(BUILD, build)
    origin = str(template.image.at)
    image.check(text, act=f"{act}: {origin} with build {build!r}")
    return ImageEdit(template.container, text, template.workload, origin, template.optional)
