"""Errors that are known before anything is sent: what was asked for makes no sense here."""

from rollonce.errors.exitcode import ExitCode
from rollonce.errors.tree import RollonceError


class UsageError(RollonceError):
    """The command, or what it names, has to be changed."""

    exit_code = ExitCode.USAGE


class MissingArguments(UsageError):
    """The command lacks references or pairs, or has options that exclude each other."""

    slug = "usage"


class MalformedReference(UsageError):
    """A reference is not of the form that kubectl takes."""

    slug = "malformed-reference"


class UnknownKind(UsageError):
    """A reference names a kind that is not a workload."""

    slug = "unknown-kind"


class MalformedPair(UsageError):
    """An argument with `=` is not of the form `[kind/name:]container=image`."""

    slug = "malformed-pair"


class MalformedEdit(UsageError):
    """The value of an option that edits, such as `--set-env`, is not of its form."""

    slug = "malformed-edit"


class MalformedImage(UsageError):
    """The right side of a pair is not an image reference."""

    slug = "malformed-image"


class MalformedSelector(UsageError):
    """The server does not understand the label selector."""

    slug = "malformed-selector"


class MalformedWave(UsageError):
    """The value of `--wave` is neither names nor labels nor a number or share."""

    slug = "malformed-wave"


class EmptyWave(UsageError):
    """No workload of the run is what a wave names: a typo, most likely."""

    slug = "empty-wave"


class ContradictingEdits(UsageError):
    """Two equally specific edits want different values for one field."""

    slug = "contradicting-edits"


class BadDeployId(UsageError):
    """A deploy id, given or taken from the CI's environment, cannot be used."""

    slug = "bad-deploy-id"


class NothingMatched(UsageError):
    """No reference of the run matches a workload."""

    slug = "nothing-matched"


class NamespaceAbsent(UsageError):
    """The namespace does not exist on that cluster."""

    slug = "namespace-absent"


class NothingToUndo(UsageError):
    """The deploy that is to be undone has changed nothing of what is selected, or nothing is kept of it."""

    slug = "nothing-to-undo"


class UnknownContainer(UsageError):
    """No matched workload has a container of that name: a typo, most likely."""

    slug = "unknown-container"


class PatchRefused(UsageError):
    """The API server, asked in a trial, does not take the file of `--patch` for a workload."""

    slug = "refused-patch"


class UnservedKind(UsageError):
    """A manifest is of a kind that the cluster does not serve: a typo, or its CustomResourceDefinition is not there."""

    slug = "unserved-kind"


class OwnedByOthers(RollonceError):
    """Fields that a manifest would change belong to another field manager."""

    slug = "owned-by-others"
    exit_code = ExitCode.CONFLICT


class MalformedPlan(UsageError):
    """What `--plan` was given is not a plan file that this rollonce reads."""

    slug = "malformed-plan"


class CredentialInPlan(UsageError):
    """A plan file would have to carry a value that looks like a credential."""

    slug = "credential-in-plan"


class StalePlan(RollonceError):
    """What a plan file rests on is not any more as it was when the plan was made."""

    slug = "stale-plan"
    exit_code = ExitCode.CONFLICT


class AbsentWorkload(UsageError):
    """A named workload does not exist and `--strict` was given."""

    slug = "absent-workload"


class PortTaken(UsageError):
    """The port that a server of ours is to listen on cannot be had."""

    slug = "port-taken"


class UnreadableFile(UsageError):
    """A file that was given cannot be opened."""

    slug = "unreadable-file"


class UnwritableFile(UsageError):
    """A file that a report is to be written to cannot be written."""

    slug = "unwritable-file"
