"""Single decisions: what is seen, what follows."""

from dataclasses import replace

import pytest

from playlista.pool.decision import Action, Bound, Past, Reason, View
from playlista.pool.governor import admits, decide
from playlista.pool.limits import Limits
from playlista.pool.memory import MACHINE, Memory, Scope
from playlista.pool.processor import Processors

GB = 1_000_000_000
NOW = 1000.0


def memory(ratio, stalled=None, *, throttled=False):
    return Memory((Scope(MACHINE, int(ratio * 100 * GB), 100 * GB),), stalled, throttled=throttled)


def processors(cores=4.0, others=0.0, contended=None):
    return Processors(cores, "", 4, others, contended)


def view(ratio=0.3, **seen):
    running = seen.pop("running", 2)
    taken = {name: seen.pop(name) for name in ("cores", "others", "contended") if name in seen}
    fields = {
        "now": NOW,
        "memory": memory(ratio, seen.pop("stalled", None)),
        "processors": processors(**taken),
        "backlog": 50,
        "running": running,
        "workers": running,
    }
    return View(**fields | seen)


def made(decision):
    return decision.action, decision.reason, decision.target


def test_a_backlog_makes_the_pool_grow_by_one():
    decision = decide(view(), Past(2), Limits())

    assert made(decision) == (Action.GROW, Reason.BACKLOG, 3)
    assert decision.lease


@pytest.mark.parametrize(
    ("seen", "past", "reason"),
    [
        (view(backlog=0), Past(2), Reason.NO_BACKLOG),
        (view(running=1), Past(2), Reason.SPARE),
        (view(running=4), Past(4), Reason.CEILING),
        (view(running=1, cores=0.5), Past(1), Reason.CEILING),
        (view(0.75), Past(2), Reason.MEMORY),
        (view(0.8499), Past(2), Reason.MEMORY),
        (view(), Past(2, changed=NOW - 1.9), Reason.SETTLING),
        (view(), Past(2, changed=NOW - 15, shrunk=NOW - 15, patience_s=16.0), Reason.SETTLING),
        (view(others=1.3), Past(2), Reason.CPU),
        (view(running=3, others=1.6), Past(3), Reason.CPU),
        (view(running=3, others=1.6, contended=0.19), Past(3), Reason.CPU),
        (view(running=3, others=1.6, contended=0.9), Past(3, changed=NOW - 9.9), Reason.CPU),
        (view(running=1, others=4.0, contended=0.9), Past(1), Reason.CPU),
        (view(running=4, memory=None), Past(4), Reason.MEMORY_UNKNOWN),
    ],
)
def test_the_pool_holds_and_says_why(seen, past, reason):
    decision = decide(seen, past, Limits())

    assert made(decision) == (Action.HOLD, reason, past.target)
    assert decision.lease
    assert not decision.shed
    assert not decision.kill_largest


def test_processors_that_others_leave_free_are_taken():
    assert decide(view(others=1.2), Past(2), Limits()).action is Action.GROW


def test_others_of_whom_nothing_is_known_are_no_obstacle():
    assert decide(view(others=None), Past(2), Limits()).action is Action.GROW


@pytest.mark.parametrize(("others", "room"), [(0.6, 3), (1.4, 3), (1.6, 2), (9.0, 1)])
def test_the_pool_yields_to_others_as_far_as_they_need_it(others, room):
    decision = decide(view(running=4, others=others, contended=0.2), Past(4), Limits())

    assert made(decision) == (Action.SHRINK, Reason.YIELDING, room)
    assert (decision.lease, decision.shed, decision.kill_largest) == (True, 0, False)


def test_workers_that_are_not_used_need_not_yield():
    seen = view(running=1, workers=4, others=2.5, contended=0.9, backlog=0)

    assert decide(seen, Past(4), Limits()).action is Action.HOLD


def test_a_fixed_count_does_not_yield_to_others():
    seen = view(running=4, others=4.0, contended=0.9)

    assert decide(seen, Past(4), Limits(workers=4)).reason is Reason.CEILING


def test_a_growth_that_had_to_be_taken_back_asks_for_patience():
    crowded = view(running=4, others=1.0, contended=0.9)
    first = decide(crowded, Past(4, changed=NOW - 20), Limits()).past
    second = decide(
        replace(crowded, now=NOW + 20, processors=processors(4.0, 3.0, 0.9)), first, Limits()
    )

    assert (first.patience_s, second.past.patience_s) == (4.0, 4.0)
    assert second.target == 1


def test_a_fixed_count_is_taken_at_once():
    decision = decide(view(running=0), Past(1), Limits(workers=6))

    assert made(decision) == (Action.GROW, Reason.BACKLOG, 6)


def test_after_a_strain_even_a_fixed_count_comes_back_one_by_one():
    past = Past(1, changed=NOW - 9, shrunk=NOW - 9, patience_s=4.0)

    assert decide(view(running=1), past, Limits(workers=6)).target == 2


def test_a_fixed_count_yields_to_memory():
    assert decide(view(0.8, running=1), Past(1), Limits(workers=6)).reason is Reason.MEMORY
    assert decide(view(0.9, running=6), Past(6), Limits(workers=6)).target == 5


def test_a_lower_ceiling_is_obeyed_at_once_and_nobody_is_killed():
    decision = decide(view(running=4), Past(4), Limits(max_workers=2))

    assert made(decision) == (Action.SHRINK, Reason.CEILING, 2)
    assert (decision.shed, decision.kill_largest, decision.lease) == (0, False, True)


def test_unknown_memory_caps_even_a_fixed_count():
    limits = Limits(workers=16, fallback_workers=4)

    assert decide(view(running=1, memory=None), Past(1), limits).target == 4


def test_at_the_failsafe_the_newest_track_is_given_back_and_nothing_leased():
    decision = decide(view(0.85, running=3), Past(3), Limits())

    assert made(decision) == (Action.SHRINK, Reason.FAILSAFE, 2)
    assert (decision.lease, decision.shed, decision.kill_largest) == (False, 1, False)


def test_at_the_failsafe_an_idle_worker_goes_before_a_track():
    decision = decide(view(0.86, running=2, workers=3), Past(3), Limits())

    assert (decision.target, decision.shed) == (2, 0)


def test_at_the_failsafe_a_target_that_was_not_used_shrinks_what_is_there():
    assert decide(view(0.86, running=2), Past(8), Limits()).target == 1


def test_the_last_worker_goes_on_at_the_failsafe():
    decision = decide(view(0.9, running=1), Past(1), Limits())

    assert made(decision) == (Action.HOLD, Reason.FAILSAFE, 1)
    assert (decision.lease, decision.shed) == (False, 0)


def test_near_the_end_of_memory_the_largest_is_killed():
    decision = decide(view(0.921, running=3), Past(3), Limits())

    assert made(decision) == (Action.KILL, Reason.FAILSAFE, 2)
    assert (decision.kill_largest, decision.shed) == (True, 0)


def test_near_the_end_of_memory_even_the_only_worker_is_killed():
    decision = decide(view(0.93, running=1), Past(1), Limits())

    assert (decision.kill_largest, decision.target) == (True, 1)


def test_without_workers_there_is_nobody_to_kill():
    assert decide(view(0.93, running=0), Past(1), Limits()).action is Action.HOLD


@pytest.mark.fault(40)
def test_below_the_minimum_the_pool_goes_to_zero_and_says_why():
    limits = Limits(min_available=50 * GB)
    decision = decide(view(0.6, running=1), Past(1), limits)

    assert made(decision) == (Action.SHRINK, Reason.MIN_AVAILABLE, 0)
    assert (decision.shed, decision.lease) == (1, False)


def test_from_zero_the_pool_comes_back_even_without_a_backlog():
    decision = decide(view(running=0, backlog=0), Past(0, strained=True), Limits())

    assert made(decision) == (Action.GROW, Reason.RECOVERED, 1)


def test_a_fixed_count_comes_back_from_zero_with_one():
    assert decide(view(running=0), Past(0), Limits(workers=6)).target == 1


def test_work_that_waits_for_memory_is_reduced():
    decision = decide(view(0.5, stalled=0.63), Past(2), Limits())

    assert made(decision) == (Action.SHRINK, Reason.STALLED, 1)


def test_half_as_much_waiting_counts_where_the_kernel_throttles():
    calm, held_up = memory(0.5, 0.1), memory(0.5, 0.1, throttled=True)

    assert decide(view(memory=calm), Past(2), Limits()).lease
    assert made(decide(view(memory=held_up), Past(2), Limits()))[1:] == (Reason.STALLED, 1)


def test_waiting_for_memory_ends_at_half_of_what_it_began_with():
    strained = Past(1, strained=True)

    assert not decide(view(memory=memory(0.5, 0.1)), strained, Limits()).lease
    assert decide(view(memory=memory(0.5, 0.09)), strained, Limits()).lease


def test_shrinking_waits_for_its_effect():
    decision = decide(view(0.95, running=3), Past(3, shrunk=NOW - 0.4), Limits())

    assert (decision.action, decision.lease) == (Action.HOLD, False)


def test_shrinking_does_not_wait_for_the_effect_of_growth():
    assert decide(view(0.86, running=3), Past(3, changed=NOW - 0.4), Limits()).target == 2


def test_every_strain_before_a_calm_doubles_the_patience():
    past = Past(3, shrunk=NOW - 299, patience_s=8.0)
    first = decide(view(0.86, running=3), past, Limits()).past
    second = decide(view(0.86, running=2, now=NOW + 0.5), first, Limits()).past

    assert (first.patience_s, second.patience_s) == (16.0, 16.0)


def test_patience_has_an_end():
    assert decide(view(0.86), Past(2, patience_s=30.0), Limits()).past.patience_s == 30.0


def test_calm_restores_the_patience_of_the_beginning():
    past = Past(2, changed=NOW - 299, shrunk=NOW - 299, patience_s=30.0)
    calm = replace(past, shrunk=NOW - 300)

    assert decide(view(), past, Limits()).past.patience_s == 30.0
    assert decide(view(), calm, Limits()).past.patience_s == Past().patience_s


def test_leasing_resumes_when_patience_has_passed():
    past = Past(1, shrunk=NOW - 3, changed=NOW - 3, patience_s=4.0, strained=True)
    early, late = decide(view(), past, Limits()), decide(view(now=NOW + 1), past, Limits())

    assert (*made(early), early.lease) == (Action.HOLD, Reason.SETTLING, 1, False)
    assert (*made(late), late.lease) == (Action.GROW, Reason.BACKLOG, 2, True)


def test_leasing_resumes_only_well_below_the_failsafe():
    strained = Past(2, strained=True)

    assert not decide(view(0.83), strained, Limits()).lease
    assert decide(view(0.81), strained, Limits()).lease
    assert decide(view(0.83), Past(2), Limits()).lease


def test_between_resuming_and_failsafe_nobody_has_to_go():
    decision = decide(view(0.83, running=3), Past(3, strained=True), Limits())

    assert made(decision) == (Action.HOLD, Reason.FAILSAFE, 3)


def test_memory_that_becomes_unreadable_ends_the_strain():
    assert decide(view(memory=None), Past(2, strained=True), Limits()).lease


def test_a_track_that_fits_is_admitted():
    assert admits(10 * GB, 20 * GB, memory(0.5), Limits())


def test_what_is_reserved_takes_room():
    assert not admits(10 * GB, 30 * GB, memory(0.5), Limits())


def test_a_track_must_fit_in_every_scope():
    scopes = (Scope(MACHINE, 0, 100 * GB), Scope("/small", 0, GB))

    assert not admits(GB, 0, Memory(scopes), Limits())


def test_unknown_memory_admits():
    assert admits(10 * GB, 0, None, Limits())


# --- what people allow -------------------------------------------------------------


def allowing(workers, *, at_once=False):
    return Bound(workers=workers, reason=Reason.PAUSED, at_once=at_once)


def test_a_bound_is_obeyed_in_one_step_and_tracks_in_hand_are_finished():
    decision = decide(view(running=4, bound=allowing(1)), Past(4), Limits())

    assert made(decision) == (Action.SHRINK, Reason.PAUSED, 1)
    assert decision.shed == 0
    assert decision.lease


def test_what_has_to_be_given_back_at_once_is():
    decision = decide(view(running=3, bound=allowing(0, at_once=True)), Past(4), Limits())

    assert (made(decision), decision.shed) == ((Action.SHRINK, Reason.PAUSED, 0), 3)


def test_a_track_that_was_to_be_finished_may_have_to_be_given_back_later():
    decision = decide(view(running=1, bound=allowing(0, at_once=True)), Past(0), Limits())

    assert (decision.target, decision.shed) == (0, 1)


@pytest.mark.parametrize("target", [0, 1])
def test_a_bound_that_is_reached_is_the_reason_to_stay(target):
    decision = decide(view(running=target, bound=allowing(target)), Past(target), Limits())

    assert made(decision) == (Action.HOLD, Reason.PAUSED, target)


def test_a_bound_beats_a_fixed_count():
    seen = view(running=3, bound=allowing(1))

    assert decide(seen, Past(3), Limits(workers=3)).target == 1


def test_a_bound_above_the_ceiling_changes_nothing():
    decision = decide(view(running=4, bound=allowing(9)), Past(4), Limits())

    assert made(decision) == (Action.HOLD, Reason.CEILING, 4)


def test_who_has_to_go_down_to_a_bound_leases_nothing_at_the_failsafe():
    decision = decide(view(0.86, running=3, bound=allowing(1)), Past(3), Limits())

    assert decision.target == 1
    assert not decision.lease


def test_after_a_time_at_zero_by_request_the_pool_comes_back():
    decision = decide(view(running=0), Past(0, changed=NOW - 2), Limits())

    assert made(decision) == (Action.GROW, Reason.RECOVERED, 1)
