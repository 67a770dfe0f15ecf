"""What is in force in an environment, value by value, and where each comes from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import assert_never

from rollonce.fleetfile import form
from rollonce.fleetfile.fleet import Chosen, Environment, FleetFile, Listed, Policy, Template
from rollonce.fleetfile.mark import Mark, Said

Value = str | bool | int | float | tuple[str, ...]
# What the command line does without being told.
DEFAULT_TIMEOUT = 600.0
EVERYTHING = (form.MANAGED, form.AGAIN, form.UNMATCHED)


@dataclass(frozen=True, slots=True)
class Setting:
    """A value by its key; `at` is None where it is a default."""

    name: str
    value: Value
    at: Mark | None


def of(file: FleetFile, environment: Environment, build: str) -> tuple[Setting, ...]:
    """All of an environment, in the order of the form; with a build the images have it."""
    return (
        *_place(file, environment),
        *_workloads(file),
        *(_template(template, build) for template in file.templates),
        *_policy(environment.policy.over(file.policy)),
    )


def _place(file: FleetFile, environment: Environment) -> Iterator[Setting]:
    if environment.context is not None:
        yield Setting("context", environment.context.value, environment.context.at)
    for said in environment.namespaces:
        yield Setting("namespace", said.value, said.at)
    common = file.workloads.selector if isinstance(file.workloads, Chosen) else None
    if (selector := environment.selector or common) is not None:
        yield Setting("selector", selector.value, selector.at)


def _workloads(file: FleetFile) -> Iterator[Setting]:
    match file.workloads:
        case Listed(names=names):
            for name in names:
                yield Setting("workload", str(name.value), name.at)
        case Chosen(kinds=kinds):
            for kind in kinds:
                yield Setting("kind", kind.value, kind.at)
        case _ as never:
            assert_never(never)


def _template(template: Template, build: str) -> Setting:
    section = "sidecars" if template.optional else "images"
    name = f"{section}.{template.container}"
    if template.workload is not None:
        name = f"overrides.{template.workload}.{template.container}"
    text = template.image.value.replace(form.BUILD, build) if build else template.image.value
    return Setting(name, text, template.image.at)


def _policy(policy: Policy) -> Iterator[Setting]:
    yield _or_default("policy.wait", policy.wait, default=True)
    yield _or_default("policy.timeout", policy.timeout, default=DEFAULT_TIMEOUT)
    if policy.waves is not None:
        yield Setting("policy.waves", policy.waves.value, policy.waves.at)
    if policy.concurrency is not None:
        yield Setting("policy.concurrency", policy.concurrency.value, policy.concurrency.at)
    yield _or_default("policy.strict", policy.strict, default=False)
    yield _or_default("policy.mayForce", policy.may_force, default=EVERYTHING)


def _or_default(name: str, said: Said[bool] | Said[float] | Said[tuple[str, ...]] | None, *, default: Value) -> Setting:
    return Setting(name, default, None) if said is None else Setting(name, said.value, said.at)
