"""The guards, each with the text that removes it and the test that then turns red."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mutation:
    """In `file` (below src/rollonce) `old`, which stands there exactly once, becomes `new`; `test` then fails."""

    name: str
    file: str
    old: str
    new: str
    test: str


STEP = "tests/unit/rollout/test_step.py::test_"
EXECUTOR = "tests/unit/rollout/test_edits.py::test_"
PATCH = "tests/unit/plan/test_patch.py::test_"
EDITS = "tests/unit/plan/test_edits.py::test_"
LAWS = "tests/unit/plan/test_laws.py::test_"
WATCHING = "tests/scenarios/test_watching.py::test_"
UNDO = "tests/scenarios/test_undo.py::test_"
WAVES = "tests/scenarios/test_waves.py::test_"
RIGHTS = "tests/scenarios/test_rights.py::test_"

FAST = (
    Mutation(
        "the uid is not tested",
        "plan/patch.py",
        "return [uid, *template.tests",
        "return [*template.tests",
        f"{LAWS}a_patch_from_an_older_read_never_applies",
    ),
    Mutation(
        "the name at the index is not tested",
        "plan/patch.py",
        'Part([test(f"{at}/name", container.name)])',
        "Part()",
        f"{LAWS}a_patch_from_an_older_read_never_applies",
    ),
    Mutation(
        "only what changes is tested, not what is true already",
        "plan/patch.py",
        "    wanted = tuple(wanted)\n",
        "    wanted = tuple(w for w in wanted if w.differs)\n",
        f"{PATCH}everything_that_is_wanted_is_tested_also_what_is_true_already",
    ),
    Mutation(
        "what was read in a map is not tested",
        "plan/jsonpatch.py",
        "        part.tests.append(test(path, old))\n",
        "",
        f"{PATCH}the_deploy_id_that_was_read_is_tested",
    ),
    Mutation(
        "the absence of a map is not tested",
        "plan/jsonpatch.py",
        "        fresh = _fresh(members)\n        return Part([test(at, None)],",
        "        fresh = _fresh(members)\n        return Part([],",
        f"{PATCH}without_a_map_of_annotations_its_absence_is_tested",
    ),
    Mutation(
        "an entry of the environment is not tested",
        "plan/environment.py",
        'tests = [test(f"{at}/{i}", msgspec.Raw(container.env[i].raw)) for (i,) in sorted(places.values())]',
        "tests = []",
        f"{EDITS}an_entry_is_tested_as_a_whole_at_its_index_also_where_it_is_right_already",
    ),
    Mutation(
        "that a variable is not there is not tested",
        "plan/environment.py",
        "tests = [test(at, [msgspec.Raw(entry.raw) for entry in container.env])]",
        "tests: list[Operation] = []",
        f"{EDITS}that_a_variable_is_not_there_is_tested_too",
    ),
    Mutation(
        "the template that a merge rests on is not tested",
        "plan/patch.py",
        "[test(at, msgspec.Raw(workload.template.raw))]",
        "[]",
        "tests/unit/plan/test_merging.py::test_any_other_writer_of_the_template_is_seen",
    ),
    Mutation(
        "a plan is made anew though it was fixed",
        "rollout/step.py",
        "if terms.fixed and operations != _sent_before(state):",
        "if False:",
        f"{EXECUTOR}what_was_planned_before_is_not_planned_anew",
    ),
    Mutation(
        "labels from before the change are taken for an overwriting",
        "rollout/step.py",
        "return decide.keeps_template(now, wish, state.sent)",
        "return decide.reaches(now, wish, state.sent)",
        f"{EXECUTOR}what_is_seen_from_before_metadata_changed_is_no_overwriting",
    ),
    Mutation(
        "a plan is not bound to the template",
        "plan/stale.py",
        "if not found and digest(workload) != entry.template:",
        "if False:",
        "tests/unit/plan/test_planfile.py::test_what_changed_is_said",
    ),
    Mutation(
        "credentials are shown",
        "model/credential.py",
        "return HIDDEN if looks_like_one(name, value) else value",
        "return value",
        f"{EDITS}a_credential_is_in_the_patch_and_nowhere_else",
    ),
    Mutation(
        "a label that the selector needs may change",
        "plan/decide.py",
        "if name in workload.selector]",
        "if False]",
        f"{EDITS}a_label_that_the_selector_needs_may_not_change",
    ),
    Mutation(
        "a re-run restarts once more",
        "plan/desired.py",
        "if marks == {restarted_by} and done is not None:",
        "if False:",
        f"{EDITS}a_re_run_of_the_deploy_does_not_restart_once_more",
    ),
    Mutation(
        "a lagging observedGeneration is believed",
        "status/compute.py",
        "seen is not None and seen >= workload.generation",
        "seen is not None",
        "tests/unit/status/test_recorded.py::test_undisturbed_it_ends_as_the_api_says_and_not_before",
    ),
    Mutation(
        "the last rollout's failure is believed",
        "status/deployment.py",
        "_failed(progressing) and not _is_old_news(progressing, before)",
        "_failed(progressing)",
        f"{STEP}a_failure_from_before_our_change_is_not",
    ),
    Mutation(
        "what the watch shows from before the change is taken for an overwriting",
        "rollout/step.py",
        "    if now.generation < state.floor:\n        return state  # from before the change\n",
        "",
        f"{STEP}a_status_from_before_the_change_ends_nothing",
    ),
    Mutation(
        "what the watch showed before the answer is forgotten",
        "rollout/step.py",
        "return replace(state, seen=_newer(state.seen, workload)), ()",
        "return state, ()",
        f"{STEP}a_fast_rollout_may_be_seen_before_the_answer",
    ),
    Mutation(
        "a deletion that the watch showed before the answer is forgotten",
        "rollout/step.py",
        "return replace(state, gone=uid), ()",
        "return state, ()",
        f"{STEP}a_deletion_may_be_seen_before_the_answer",
    ),
    Mutation(
        "a lost patch is sent again blindly",
        "rollout/step.py",
        "        case Lost(words=words):\n            return read(words, lost=True)",
        "        case Lost():\n            return state, (Send(state.patch),)",
        f"{STEP}what_may_be_a_conflict_or_lost_is_read_again",
    ),
    Mutation(
        "another deploy's workload is overwritten",
        "rollout/step.py",
        "if _other_deploy(state.first, now, wish) and not decide.reaches(now, wish, state.patch):",
        "if False:",
        f"{STEP}another_deploy_meanwhile_is_a_conflict",
    ),
    Mutation(
        "a workload that was made anew is taken for the old one",
        "rollout/step.py",
        "return state.first is not None and now.uid != state.first.uid",
        "return False",
        f"{STEP}made_anew_meanwhile_it_is_another_one",
    ),
    Mutation(
        "it tries more often than five times",
        "rollout/step.py",
        "            if state.attempt >= MOST_ATTEMPTS:",
        "            if state.attempt >= MOST_ATTEMPTS + 2:",
        f"{STEP}it_gives_up_after_the_fifth_attempt",
    ),
    Mutation(
        "images that others put in meanwhile are taken for ours",
        "rollout/step.py",
        "    if not _as_wanted(state, now, terms.wish):\n        return Ended(Outcome(Verdict.CONFLICT",
        "    if False:\n        return Ended(Outcome(Verdict.CONFLICT",
        f"{STEP}other_images_during_the_wait_are_a_conflict",
    ),
    Mutation(
        "a patch under way at the end of the time counts as nothing",
        "app/verdict.py",
        "    if bad - {Verdict.CONFLICT}:\n",
        "    if bad - {Verdict.CONFLICT, Verdict.UNKNOWN}:\n",
        "tests/unit/app/test_verdict.py",
    ),
    Mutation(
        "watches have the selector of the run",
        "app/conduct.py",
        "            name=scope.name,\n",
        "            name=scope.name,\n            selector='tier=agents',\n",
        "tests/scenarios/test_races.py::test_a_workload_that_loses_its_label_during_the_rollout_is_not_gone",
    ),
    Mutation(
        "what is only waited for is not read once more",
        "app/conduct.py",
        "                    inbox.start(self._reading_once(key, state.uid))\n",
        "                    pass\n",
        "tests/scenarios/test_races.py::test_what_happens_between_the_read_and_the_watch_is_seen",
    ),
    Mutation(
        "what the watch showed last is taken for the newest",
        "rollout/step.py",
        "return seen if known is None or seen.uid != known.uid or seen.generation >= known.generation else known",
        "return seen",
        f"{STEP}what_was_seen_before_the_answer_and_then_an_older_one_is_not_forgotten",
    ),
    Mutation(
        "our own failure, there when it is read back, is taken for an old one",
        "rollout/step.py",
        "earlier = before(sent.patch) if status.observed(accepted) else accepted",
        "earlier = accepted",
        f"{STEP}our_own_failure_may_be_there_when_it_is_read_back",
    ),
    Mutation(
        "a failure told between our read and our patch is taken for ours",
        "rollout/step.py",
        "earlier = before(sent.patch) if status.observed(accepted) else accepted",
        "earlier = before(sent.patch)",
        f"{STEP}a_failure_of_the_last_rollout_told_between_our_read_and_our_patch_is_not_ours",
    ),
    Mutation(
        "a workload made anew during the wait is taken for the old one",
        "rollout/step.py",
        "    if now.uid != state.uid:\n",
        "    if False:\n",
        f"{STEP}deleted_or_made_anew_during_the_wait_it_is_gone",
    ),
    Mutation(
        "the deletion of an earlier workload of that name ends the wait",
        "rollout/step.py",
        "case Deleted(uid=uid) if uid == state.uid:",
        "case Deleted():",
        f"{STEP}the_deletion_of_an_earlier_one_of_that_name_ends_nothing",
    ),
    Mutation(
        "a container that was taken away meanwhile is not missed",
        "rollout/step.py",
        "    if gone:\n",
        "    if False:\n",
        f"{STEP}a_container_that_is_taken_away_meanwhile_is_said",
    ),
    Mutation(
        "ours is not recognised after a lost answer",
        "rollout/step.py",
        "    if mine and decide.reaches(now, wish, state.patch):\n",
        "    if False:\n",
        f"{STEP}after_a_lost_answer_ours_is_there",
    ),
    Mutation(
        "the end of somebody else's rollout, seen before it was read, is forgotten",
        "rollout/step.py",
        "        return _caught_up(state, reading, skip.workload, terms)\n",
        "        return state\n",
        f"{STEP}the_end_of_somebody_elses_rollout_may_be_seen_before_it_was_read",
    ),
    Mutation(
        "counts are believed before the controller confirms them",
        "status/deployment.py",
        "if keeps_word and (progressing is None or progressing.reason != NEW_REPLICA_SET_AVAILABLE):",
        "if False:",
        "tests/unit/status/test_deployment.py::test_the_first_thing_that_is_missing_is_told",
    ),
    Mutation(
        "what a new list lacks is not taken for deleted",
        "app/conduct.py",
        "return (*present, *((key, events.Deleted(uid)) for key, uid in lost if uid))",
        "return present",
        f"{WATCHING}what_a_new_list_lacks_was_deleted",
    ),
    Mutation(
        "a watch begins with what is there and not where the list ended",
        "app/conduct.py",
        "resource_version=scope.resource_version,",
        "resource_version='',",
        f"{WATCHING}what_is_deleted_between_a_list_and_its_watch_is_seen",
    ),
    Mutation(
        "a conflict of writers is taken for a refusal",
        "app/carrier.py",
        "if refusal.status == CONFLICT:",
        "if False:",
        f"{WATCHING}a_conflict_of_writers_is_read_again",
    ),
    Mutation(
        "what was not begun at the end counts as under way",
        "app/conduct.py",
        "if isinstance(self._states[key], Sending) and key not in self._begun:",
        "if False:",
        f"{WATCHING}what_was_not_begun_when_the_run_was_interrupted_was_not_sent",
    ),
    Mutation(
        "a deploy that its controller has not seen is taken for none",
        "plan/undoing.py",
        "        return _not_made_yet(known, deploy_id, carried)\n",
        "        return None\n",
        f"{UNDO}before_its_controller_has_made_a_revision",
    ),
    Mutation(
        "what others have changed since is put back too",
        "plan/undoing.py",
        "    if _same(live, made):\n        return before\n",
        "    if not isinstance(made, dict | list):\n        return before\n",
        f"{UNDO}what_somebody_else_has_changed_since_is_left_alone_and_named",
    ),
    Mutation(
        "a stuck pod is deleted before the controller has seen the change",
        "app/loosen.py",
        "if reason != NOT_OBSERVED:",
        "if True:",
        f"{UNDO}a_stateful_set_that_is_stuck_is_got_out_of_it",
    ),
    Mutation(
        "pods of the rollout before count as ours",
        "status/diagnosis.py",
        "    return new and not pod.deleting and",
        "    return not pod.deleting and",
        "tests/unit/status/test_diagnosis.py::test_what_is_no_trouble_of_this_rollout",
    ),
    Mutation(
        "Events of the rollout before count as ours",
        "status/diagnosis.py",
        "notice in notices if _second(notice.last) >= _second(workload.changed))",
        "notice in notices)",
        "tests/unit/status/test_diagnosis.py::test_events_that_are_none_of_its",
    ),
    Mutation(
        "a patch that waits for a thread is sent after Ctrl-C",
        "app/conduct.py",
        "if self._ports.brake.pulled and key not in self._begun:",
        "if False:",
        f"{WATCHING}what_was_not_begun_when_the_run_was_interrupted_was_not_sent",
    ),
    Mutation(
        "a wave does not wait for the one before",
        "rollout/line.py",
        "and not self._open:",
        "and True:",
        f"{WAVES}the_canary_has_rolled_before_anything_else_is_sent",
    ),
    Mutation(
        "after a failure the next wave begins",
        "rollout/line.py",
        '            self.stop(f"{key} has not come to a good end")\n',
        "            pass\n",
        f"{WAVES}a_canary_that_fails_stops_the_rest_and_so_does_the_next_run",
    ),
    Mutation(
        "an old failure in an earlier wave stops nothing",
        "rollout/line.py",
        "            self._broken.add(key)\n",
        "            pass\n",
        f"{WAVES}a_canary_that_fails_stops_the_rest_and_so_does_the_next_run",
    ),
    Mutation(
        "Ctrl-C begins what waits",
        "app/conduct.py",
        '            self._line.stop("the run was interrupted")\n',
        "            pass\n",
        f"{WAVES}ctrl_c_begins_nothing_more_and_waits_for_what_rolls",
    ),
)

# These need the real control plane.
CLUSTER = (
    Mutation(
        "watches are opened after the first write",
        "app/converge.py",
        "        conductor.open_watches(fleet.scopes)\n",
        "",
        f"{RIGHTS}who_may_not_watch_is_told_before_anything_is_sent",
    ),
    Mutation(
        "rights are not asked for",
        "app/converge.py",
        "        rights.check_patch(ports, (p.key for p in plan.patches))\n",
        "",
        f"{RIGHTS}a_reader_is_told_before_anything_is_sent",
    ),
    Mutation(
        "the loss of a watch is forgotten while the patch is under way",
        "app/conduct.py",
        "if key in self._blind and isinstance(state, Rolling):",
        "if False:",
        f"{WATCHING}a_watch_that_is_lost_while_the_patch_is_under_way_is_not_waited_for",
    ),
    Mutation(
        "the answer to a patch under way is not waited for at the end",
        "app/conduct.py",
        "inbox.close(_PATIENCE)",
        "inbox.close(0)",
        f"{WATCHING}the_answer_to_a_patch_under_way_is_taken_in_after_ctrl_c",
    ),
    Mutation(
        "watches are followed before the states are there that they tell of",
        "app/conduct.py",
        "            for key, state in (*self._states.items(), *((key, state) for key, state, _ in begun)):\n"
        "                self._enter(key, state)\n"
        "            for scope, watch in self._watches:\n"
        "                inbox.follow(watch, self._translator(scope), self._loss(scope))\n",
        "            for scope, watch in self._watches:\n"
        "                inbox.follow(watch, self._translator(scope), self._loss(scope))\n"
        "            for key, state in (*self._states.items(), *((key, state) for key, state, _ in begun)):\n"
        "                self._enter(key, state)\n",
        f"{WATCHING}a_watch_that_is_lost_while_the_patch_is_under_way_is_not_waited_for",
    ),
)
