"""The guards of what applies manifests."""

from __future__ import annotations

from tests.mutations.guards import Mutation

SCENARIOS = "tests/scenarios/test_manifest_"

OF_MANIFESTS = (
    Mutation(
        "an apply does not say which version it rests on",
        "plan/folding.py",
        'seen = {name: self.live["metadata"][name] for name in ("uid", "resourceVersion")}',
        "seen = {}",
        f"{SCENARIOS}runs.py::test_somebody_who_writes_before_any_write_of_ours_is_seen",
    ),
    Mutation(
        "what is made may be there by then",
        "plan/folding.py",
        'seen = {"resourceVersion": _OF_NOTHING}',
        "seen = {}",
        f"{SCENARIOS}runs.py::test_somebody_who_makes_it_first_and_manages_it_is_left_alone",
    ),
    Mutation(
        "replicas of others are sent",
        "plan/folding.py",
        "    if owner:\n",
        "    if False:\n",
        f"{SCENARIOS}ownership.py::test_replicas_that_somebody_scaled_are_left_alone_and_said_so",
    ),
    Mutation(
        "replicas that are ours are left out and fall to one",
        "plan/folding.py",
        '        spec["replicas"] = there\n',
        '        del spec["replicas"]\n',
        f"{SCENARIOS}ownership.py::test_the_autoscaler_itself_decides_between_its_bounds",
    ),
    Mutation(
        "what a client-side apply owns does not move",
        "plan/ownership.py",
        "moving = [entry for entry in known if entry.moves]",
        "moving = []",
        f"{SCENARIOS}ownership.py::test_what_a_client_side_apply_had_and_the_manifest_has_no_more_goes_away",
    ),
    Mutation(
        "the defaults of the server are foreseen to go away",
        "app/applier.py",
        "if after is not None:",
        "if False:",
        f"{SCENARIOS}ownership.py::test_what_a_client_side_apply_had_and_the_manifest_has_no_more_goes_away",
    ),
    Mutation(
        "fields of others are taken over unasked",
        "app/applier.py",
        "if others:\n",
        "if False:\n",
        f"{SCENARIOS}ownership.py::test_a_field_of_somebody_else_is_an_error_that_names_it_and_them",
    ),
    Mutation(
        "one field that is named stands for all",
        "plan/conflicts.py",
        "any(fieldpath.matches(pattern, field) for pattern in taken)",
        "bool(taken)",
        f"{SCENARIOS}ownership.py::test_only_the_fields_that_are_named_are_taken_over",
    ),
    Mutation(
        "the values of a Secret are shown",
        "plan/conflicts.py",
        'if folded.thing.manifest.kind == "Secret" and',
        "if False and",
        f"{SCENARIOS}ownership.py::test_no_value_of_a_secret_is_ever_shown",
    ),
    Mutation(
        "config that changed before the run ended is forgotten",
        "plan/applying.py",
        "due=changed or marked",
        "due=changed",
        f"{SCENARIOS}crashes.py::test_a_process_that_dies_at_any_request",
    ),
)
