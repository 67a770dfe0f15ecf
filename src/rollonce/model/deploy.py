"""Which deploy this is: its id, and the commit beside it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from rollonce.errors import BadDeployId

DEPLOY_ID = "rollonce.dev/deploy-id"
COMMIT = "rollonce.dev/commit"
# The deploy that restarted the workload last: a re-run of it does not restart once more.
RESTARTED_BY = "rollonce.dev/restarted-by"
# Of a ConfigMap or Secret: a run changed it that was to roll the workloads that use it.
ROLLS = "rollonce.dev/rolls"
OWN_ANNOTATIONS = (DEPLOY_ID, COMMIT, RESTARTED_BY, ROLLS)

_LONGEST_ID = 200
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]*")
_COMMIT = re.compile(r"[0-9a-fA-F]{7,64}")
_NOT_FOR_IDS = re.compile(r"[^A-Za-z0-9._-]+")


class Source(StrEnum):
    """Where a deploy id comes from."""

    GIVEN = "given"
    CI = "ci"
    GENERATED = "generated"


@dataclass(frozen=True, slots=True)
class Deploy:
    """All template changes of one release act are known by `id`; `commit` is empty where nobody tells."""

    id: str
    source: Source
    system: str = ""
    commit: str = ""


def check_id(text: str, *, act: str) -> str:
    """The id itself where it can be used as one; raises BadDeployId."""
    if len(text) > _LONGEST_ID or not _ID.fullmatch(text):
        raise BadDeployId(
            f"{text!r} cannot be a deploy id",
            act=act,
            hint=f"1 to {_LONGEST_ID} letters, digits and . _ : / @ + -, beginning with a letter or digit",
        )
    return text


@dataclass(frozen=True, slots=True)
class _System:
    """One CI system: how to know it, how it names a run, and where it tells the commit."""

    name: str
    present: Callable[[Mapping[str, str]], bool]
    run: Callable[[Mapping[str, str]], str]
    commit: str


def _is(name: str) -> Callable[[Mapping[str, str]], bool]:
    return lambda env: env.get(name, "").lower() not in ("", "false", "0")


def _join(*parts: str) -> str:
    return "-".join(part for part in parts if part)


def _attempt(run: str, attempt: str) -> str:
    return f"{run}.{attempt}" if run and attempt else run


def _one_more(count: str) -> str:
    return str(int(count) + 1) if count.isdecimal() else ""


# In each, two jobs of one run share the id and a re-run that the system numbers gets another one.
# Names of the variables: the predefined variables pages of each system's documentation.
_SYSTEMS = (
    _System(
        "github",
        _is("GITHUB_ACTIONS"),
        lambda env: _attempt(env.get("GITHUB_RUN_ID", ""), env.get("GITHUB_RUN_ATTEMPT", "")),
        "GITHUB_SHA",
    ),
    _System("gitlab", _is("GITLAB_CI"), lambda env: env.get("CI_PIPELINE_ID", ""), "CI_COMMIT_SHA"),
    _System(
        "jenkins",
        _is("JENKINS_URL"),
        # Build numbers count per job, so the job's name belongs to the id.
        lambda env: _join(env.get("JOB_NAME", ""), env["BUILD_NUMBER"]) if env.get("BUILD_NUMBER") else "",
        "GIT_COMMIT",
    ),
    # A re-run is a new workflow there, so its id counts attempts already.
    _System("circleci", _is("CIRCLECI"), lambda env: env.get("CIRCLE_WORKFLOW_ID", ""), "CIRCLE_SHA1"),
    _System(
        "azure",
        _is("TF_BUILD"),
        lambda env: _attempt(
            env.get("BUILD_BUILDID", ""), env.get("SYSTEM_STAGEATTEMPT") or env.get("SYSTEM_JOBATTEMPT", "")
        ),
        "BUILD_SOURCEVERSION",
    ),
    _System(
        "bitbucket",
        _is("BITBUCKET_BUILD_NUMBER"),
        lambda env: _attempt(
            _join(env.get("BITBUCKET_REPO_SLUG", ""), env["BITBUCKET_BUILD_NUMBER"]),
            env.get("BITBUCKET_STEP_RUN_NUMBER", ""),
        ),
        "BITBUCKET_COMMIT",
    ),
    _System(
        "buildkite",
        _is("BUILDKITE"),
        lambda env: _attempt(env.get("BUILDKITE_BUILD_ID", ""), _one_more(env.get("BUILDKITE_RETRY_COUNT", ""))),
        "BUILDKITE_COMMIT",
    ),
    # Cloud Build hands substitutions to a step only where its `env` asks for them (BUILD_ID=$BUILD_ID);
    # BUILDER_OUTPUT is there in every step.
    _System("cloudbuild", _is("BUILDER_OUTPUT"), lambda env: env.get("BUILD_ID", ""), "COMMIT_SHA"),
    _System("cloudbuild", _is("PROJECT_ID"), lambda env: env.get("BUILD_ID", ""), "COMMIT_SHA"),
    # Tekton sets no variables by itself; docs/converge.md shows the two lines that pass the run on.
    _System("tekton", _is("TEKTON_PIPELINE_RUN"), lambda env: env.get("TEKTON_PIPELINE_RUN", ""), "TEKTON_COMMIT"),
)

SYSTEMS = tuple(dict.fromkeys(system.name for system in _SYSTEMS))


def identify(environment: Mapping[str, str], *, given: str, generated: str, act: str) -> Deploy:
    """The deploy that a process belongs to: `given`, else what the CI's environment tells, else `generated`.

    Raises BadDeployId where `given` cannot be used.
    """
    system, run = _from_ci(environment)
    commit = environment.get(system.commit, "") if system else ""
    commit = commit if _COMMIT.fullmatch(commit) else ""
    name = system.name if system else ""
    if given:
        return Deploy(check_id(given, act=act), Source.GIVEN, name, commit)
    if system and run:
        return Deploy(_bounded(f"{name}-{run}"), Source.CI, name, commit)
    return Deploy(generated, Source.GENERATED, name, commit)


def _bounded(text: str) -> str:
    """The text, or where it is too long its beginning and a digest, so that different runs stay different."""
    if len(text) <= _LONGEST_ID:
        return text
    digest = sha256(text.encode()).hexdigest()[:16]
    return f"{text[: _LONGEST_ID - len(digest) - 1]}-{digest}"


def _from_ci(environment: Mapping[str, str]) -> tuple[_System | None, str]:
    known: _System | None = None
    for system in _SYSTEMS:
        if system.present(environment):
            run = _NOT_FOR_IDS.sub("-", system.run(environment)).strip("-.")
            if run:
                return system, run
            known = known or system
    return known, ""
