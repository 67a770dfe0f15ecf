"""Deploy ids from what CI systems really set."""

from __future__ import annotations

import pytest

from rollonce.errors import BadDeployId
from rollonce.model import deploy
from rollonce.model.deploy import Deploy, Source

SHA = "4f2c0d9e8b7a6f5e4d3c2b1a0f9e8d7c6b5a4f3e"

GITHUB = {
    "CI": "true",
    "GITHUB_ACTIONS": "true",
    "GITHUB_RUN_ID": "27036846962",
    "GITHUB_RUN_ATTEMPT": "1",
    "GITHUB_RUN_NUMBER": "1187",
    "GITHUB_SHA": SHA,
}
GITLAB = {"CI": "true", "GITLAB_CI": "true", "CI_PIPELINE_ID": "88123", "CI_JOB_ID": "5", "CI_COMMIT_SHA": SHA}
JENKINS = {
    "JENKINS_URL": "https://ci.example/",
    "JOB_NAME": "agents/deploy fleet",
    "BUILD_NUMBER": "42",
    "GIT_COMMIT": SHA,
}
CIRCLECI = {
    "CIRCLECI": "true",
    "CIRCLE_WORKFLOW_ID": "0ba4a2b0-1d2e-4c3f-9a8b-7c6d5e4f3a2b",
    "CIRCLE_BUILD_NUM": "9",
    "CIRCLE_SHA1": SHA,
}
AZURE = {
    "TF_BUILD": "True",
    "BUILD_BUILDID": "731",
    "SYSTEM_STAGEATTEMPT": "2",
    "SYSTEM_JOBATTEMPT": "1",
    "BUILD_SOURCEVERSION": SHA,
}
BITBUCKET = {
    "BITBUCKET_BUILD_NUMBER": "77",
    "BITBUCKET_REPO_SLUG": "fleet",
    "BITBUCKET_STEP_RUN_NUMBER": "1",
    "BITBUCKET_COMMIT": SHA,
}
BUILDKITE = {
    "BUILDKITE": "true",
    "BUILDKITE_BUILD_ID": "0190e9c1-aaaa-4bbb-8ccc-123456789abc",
    "BUILDKITE_RETRY_COUNT": "0",
    "BUILDKITE_COMMIT": SHA,
}
CLOUD_BUILD = {
    "BUILDER_OUTPUT": "/builder/outputs",
    "PROJECT_ID": "agents-prod",
    "BUILD_ID": "b1e5ad3c-0f00-4a9e-9d6f-2f1e0d9c8b7a",
    "COMMIT_SHA": SHA,
}
TEKTON = {"TEKTON_PIPELINE_RUN": "deploy-fleet-x7k2p", "TEKTON_COMMIT": SHA}


def identify(environment: dict[str, str], given: str = "") -> Deploy:
    return deploy.identify(environment, given=given, generated="local-1", act="converge")


@pytest.mark.parametrize(
    ("environment", "id_"),
    [
        (GITHUB, "github-27036846962.1"),
        (GITHUB | {"GITHUB_RUN_ATTEMPT": "3"}, "github-27036846962.3"),
        (GITLAB, "gitlab-88123"),
        (JENKINS, "jenkins-agents-deploy-fleet-42"),
        (CIRCLECI, "circleci-0ba4a2b0-1d2e-4c3f-9a8b-7c6d5e4f3a2b"),
        (AZURE, "azure-731.2"),
        ({k: v for k, v in AZURE.items() if k != "SYSTEM_STAGEATTEMPT"}, "azure-731.1"),
        (BITBUCKET, "bitbucket-fleet-77.1"),
        (BUILDKITE, "buildkite-0190e9c1-aaaa-4bbb-8ccc-123456789abc.1"),
        (BUILDKITE | {"BUILDKITE_RETRY_COUNT": "2"}, "buildkite-0190e9c1-aaaa-4bbb-8ccc-123456789abc.3"),
        (CLOUD_BUILD, "cloudbuild-b1e5ad3c-0f00-4a9e-9d6f-2f1e0d9c8b7a"),
        (
            {k: v for k, v in CLOUD_BUILD.items() if k != "BUILDER_OUTPUT"},
            "cloudbuild-b1e5ad3c-0f00-4a9e-9d6f-2f1e0d9c8b7a",
        ),
        (TEKTON, "tekton-deploy-fleet-x7k2p"),
    ],
)
def test_each_ci_system_names_its_run_and_attempt(environment: dict[str, str], id_: str) -> None:
    found = identify(environment)
    assert found == Deploy(id_, Source.CI, id_.partition("-")[0], SHA)
    assert deploy.check_id(found.id, act="converge")


def test_every_system_that_is_listed_has_a_case_here() -> None:
    cases = [GITHUB, GITLAB, JENKINS, CIRCLECI, AZURE, BITBUCKET, BUILDKITE, CLOUD_BUILD, TEKTON]
    assert tuple(identify(case).system for case in cases) == deploy.SYSTEMS


def test_a_given_id_beats_the_ci_and_keeps_its_commit() -> None:
    assert identify(GITHUB, given="release-7") == Deploy("release-7", Source.GIVEN, "github", SHA)


def test_without_ci_the_generated_id_holds() -> None:
    assert identify({"LANG": "C.UTF-8"}) == Deploy("local-1", Source.GENERATED)


def test_a_ci_that_does_not_name_the_run_gets_a_generated_id_with_its_commit() -> None:
    assert identify({"GITLAB_CI": "true", "CI_COMMIT_SHA": SHA}) == Deploy("local-1", Source.GENERATED, "gitlab", SHA)
    assert identify({"JENKINS_URL": "https://ci.example/", "JOB_NAME": "x"}).source is Source.GENERATED


@pytest.mark.parametrize("word", ["", "false", "False", "0"])
def test_a_ci_that_is_switched_off_is_none(word: str) -> None:
    assert identify(GITHUB | {"GITHUB_ACTIONS": word}) == Deploy("local-1", Source.GENERATED)


@pytest.mark.parametrize("commit", ["HEAD", "main", "4f2c", "", "4f2c0d9e8b7a6f5e4d3c2b1a0f9e8d7c6b5a4f3e\n", "g" * 40])
def test_what_does_not_look_like_a_commit_is_none(commit: str) -> None:
    assert identify(GITHUB | {"GITHUB_SHA": commit}).commit == ""


def test_a_long_job_name_does_not_make_two_builds_one_deploy() -> None:
    """A multibranch job's name holds folders and the branch; cutting the number off would refuse every next deploy."""
    long = JENKINS | {"JOB_NAME": "/".join(["folder"] * 20) + "/" + "branch" * 15}
    first, second = identify(long | {"BUILD_NUMBER": "7"}), identify(long | {"BUILD_NUMBER": "8"})
    assert first.id != second.id
    assert deploy.check_id(first.id, act="converge")


@pytest.mark.parametrize("id_", ["a", "github-27036846962.1", "2026-01-01T10:00/x@y+z_1", "9", "a" * 200])
def test_ids_that_can_be_used(id_: str) -> None:
    assert identify({}, given=id_).id == id_


@pytest.mark.parametrize("id_", [" ", "a b", "-a", ".a", "ä", "a\n", "a" * 201, "a,b", "$(date)"])
def test_ids_that_cannot_be_used_are_refused(id_: str) -> None:
    with pytest.raises(BadDeployId) as caught:
        identify(GITHUB, given=id_)
    assert caught.value.hint
