"""The form of a fleet file, version 1: its keys, what each means, and which values it takes."""

from __future__ import annotations

import re
from collections.abc import Callable

from rollonce.errors import UsageError
from rollonce.fleetfile.shape import Check, Choice, Count, Either, Fault, Fields, Flag, Items, Table, Text, Version
from rollonce.model import duration, image, reference, wave
from rollonce.model.edit import EVERY_CONTAINER
from rollonce.model.nearest import nearest

VERSION = 1
BUILD = "{build}"
MANAGED, AGAIN, UNMATCHED = "managed", "again", "unmatched"

_LABEL = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
_PLACEHOLDER = re.compile(r"\{[^{}]*\}|[{}]")
_IMAGE = r"[^\s]+"


def _spelled(pattern: str, what: str) -> Check:
    def check(text: str) -> Fault | None:
        return None if re.fullmatch(pattern, text) else Fault(f"{text!r} is not {what}")

    return check


def _as_on_the_command_line(parse: Callable[..., object]) -> Check:
    """A text is what the parser of the command line takes, and its errors are the faults."""

    def check(text: str) -> Fault | None:
        try:
            parse(text, act="")
        except UsageError as error:
            return Fault(error.fact, error.hint)
        return None

    return check


def _image(text: str) -> Fault | None:
    for found in _PLACEHOLDER.finditer(text):
        if found[0] != BUILD:
            guess = f'did you mean "{BUILD}"?' if nearest(found[0], [BUILD]) else f"the only placeholder is {BUILD}"
            return Fault(f"{found[0]!r} is not a placeholder", guess)
    # Whether what --build gives fits, is known when it is given.
    return _as_on_the_command_line(image.check)(text.replace(BUILD, "1"))


def _timeout(text: str) -> Fault | None:
    seconds = duration.seconds(text)
    if seconds is None:
        return Fault(f"{text!r} is not a duration", "a duration is such as 90s, 10m, 1h30m; 0 means without a bound")
    if seconds > duration.LONGEST:
        return Fault(f"{text[:40]!r} is longer than a year", "0 means without a bound")
    return None


NAMESPACE = Text("A namespace.", _LABEL, _spelled(_LABEL, "a name of a namespace"))
SELECTOR = Text("A label selector, as kubectl -l takes it.", r"[^\s].*")
IMAGE = Text(f"An image; {BUILD} stands for what --build gives.", _IMAGE, _image)
CONTAINER = Text(
    f"A container's name, or {EVERY_CONTAINER} for all.",
    rf"\*|{_LABEL}",
    _spelled(rf"\*|{_LABEL}", "a container's name"),
)
WORKLOAD = Text("A workload, as kind/name.", r"[^/\s]+/[^/\s]+", _as_on_the_command_line(reference.named))

POLICY = Fields(
    "How a run waits, and what may be forced.",
    {
        "wait": Flag("Whether to wait for the rollouts; --wait and --no-wait go over it."),
        "timeout": Text(
            "How long to wait in all, such as 90s or 10m; 0 means without a bound; --timeout goes over it.",
            duration.PATTERN,
            _timeout,
        ),
        "waves": Items(
            "The waves of a run in their order, each as --wave takes it; --wave goes over it.",
            Text(
                "A wave: deployment/x,deployment/y, or labels, or a number, or a share such as 10%.",
                r"[^\s].*",
                _as_on_the_command_line(wave.parse),
            ),
        ),
        "concurrency": Count("How many workloads may roll at a time; --concurrency goes over it."),
        "strict": Flag("Whether a named workload that does not exist is an error, as with --strict."),
        "mayForce": Items(
            "What the command line may force: managed (--force-managed), again (--again), unmatched "
            "(--allow-unmatched). Without this key all of it.",
            Choice("One thing that may be forced.", (MANAGED, AGAIN, UNMATCHED)),
            may_be_empty=True,
        ),
    },
)
ENVIRONMENT = Fields(
    "Where the fleet runs, and how a run behaves there. What is deployed is the same in every environment.",
    {
        "context": Text("The context of the kubeconfig; without it the current one.", r"[^\s].*"),
        "namespace": NAMESPACE,
        "namespaces": Items("Several namespaces.", NAMESPACE),
        "selector": SELECTOR,
        "policy": POLICY,
    },
    exclusive=(("namespace", "namespaces"),),
)
WORKLOADS = Either(
    "The workloads: a list of kind/name, or kinds and a selector.",
    Items("Workloads by name. One that an environment lacks is skipped there.", WORKLOAD),
    Fields(
        "All workloads of some kinds, or those that a selector takes.",
        {
            "kinds": Items("Kinds of workloads.", Text("A kind.", r"[^/\s]+", _as_on_the_command_line(reference.kind))),
            "selector": SELECTOR,
        },
        required=("kinds",),
    ),
)
IMAGES = Table("The image of each container that a build brings.", CONTAINER, IMAGE)
FILE = Fields(
    "A fleet file of rollonce: what a deploy wants of a fleet, in every environment.",
    {
        "version": Version("The version of this form.", VERSION),
        "environments": Table(
            "The environments by name.", Text("An environment's name.", _LABEL, _spelled(_LABEL, "a name")), ENVIRONMENT
        ),
        "workloads": WORKLOADS,
        "images": IMAGES,
        "sidecars": Table("As images, for containers that workloads or whole environments may lack.", CONTAINER, IMAGE),
        "overrides": Table(
            "Other images for one workload.",
            WORKLOAD,
            Table("Its containers, each of images or sidecars.", CONTAINER, IMAGE),
        ),
        "policy": POLICY,
    },
    required=("version", "environments", "workloads", "images"),
)
