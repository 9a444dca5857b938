"""The governor against machines that change: what holds whatever happens."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from playlista.pool.decision import Action, Past, View
from playlista.pool.governor import admits, decide
from playlista.pool.limits import Limits
from playlista.pool.memory import MACHINE, Memory, Scope
from playlista.pool.processor import Processors

TOTAL = 16_000_000_000
CORES = 4
CALM_S = 180

ratios = st.floats(0.0, 1.0)
phases = st.lists(st.tuples(ratios, st.integers(1, 40)), min_size=1, max_size=12)
weights = st.floats(0.0, 0.25)


def simulate(phases, weight, *, backlog=100, limits=None, unknown=False):
    """Run the governor each second beside others whose memory comes in phases.

    Every worker holds its weight as a share of memory; the workers there are follow the
    target at once, as they do in the pool when there is a backlog.
    """
    limits = limits or Limits()
    past, workers, now, trace = Past(), 1, 0.0, []
    for others, seconds in phases:
        for _ in range(seconds):
            used = min(1.0, others + workers * weight)
            memory = None if unknown else Memory((Scope(MACHINE, int(used * TOTAL), TOTAL),))
            seen = View(
                now=now,
                memory=memory,
                processors=Processors(CORES, CORES, None),
                backlog=backlog,
                running=workers if backlog else 0,
                workers=workers,
            )
            decision = decide(seen, past, limits)
            trace.append((seen, past, decision))
            past, now = decision.past, now + 1.0
            workers = min(decision.target, workers - decision.kill_largest)
            if decision.lease and backlog:
                workers = decision.target
    return trace


@given(phases, weights)
def test_the_target_stays_within_its_bounds(phases, weight):
    for _, past, decision in simulate(phases, weight):
        assert 0 <= decision.target <= CORES
        assert decision.target - past.target <= 1
        assert decision.past.target == decision.target


@given(phases, weights)
def test_nothing_is_leased_at_the_failsafe_and_nobody_added_near_it(phases, weight):
    limits = Limits()
    for seen, past, decision in simulate(phases, weight):
        if seen.memory.used_ratio >= limits.failsafe:
            assert not decision.lease
        if seen.memory.used_ratio >= limits.grow_below:
            assert decision.target <= past.target


@given(phases, weights)
def test_what_is_given_back_is_in_hand(phases, weight):
    for seen, _, decision in simulate(phases, weight):
        assert 0 <= decision.shed <= seen.running
        assert not (decision.shed and decision.kill_largest)
        assert not decision.kill_largest or seen.workers


@given(phases, weights)
def test_one_worker_is_kept_unless_memory_is_nearly_gone(phases, weight):
    limits = Limits()
    for seen, past, decision in simulate(phases, weight):
        if past.target and not any(limits.is_starved(s, 1.25) for s in seen.memory.scopes):
            assert decision.target >= 1


@given(phases, st.floats(0.0, 0.05))
def test_the_pool_always_comes_back(phases, weight):
    trace = simulate([*phases, (0.2, CALM_S)], weight)

    _, _, last = trace[-1]
    assert last.target == CORES
    assert last.lease


@given(phases)
def test_memory_that_stays_full_leaves_at_most_one_worker(phases):
    _, _, last = simulate([*phases, (0.9, CALM_S)], 0.01)[-1]

    assert last.target <= 1


@given(st.lists(st.sampled_from([0.1, 0.5, 0.74, 0.8, 0.83, 0.86, 0.95, 1.0]), min_size=120))
def test_a_load_that_comes_and_goes_does_not_make_the_pool_flap(loads):
    """After each shrinking 20 s pass, then 3 s between two: no more fit into a minute."""
    trace = simulate([(load, 1) for load in loads], 0.02)
    changes = [d.past.changed for _, _, d in trace if d.action is not Action.HOLD]
    grown = [d.past.changed for _, _, d in trace if d.action is Action.GROW]

    assert all(b - a >= 2.0 for a, b in pairwise(changes))
    assert all(sum(at <= later < at + 60 for later in grown) <= 2 * CORES + 1 for at in grown)


def test_an_even_oscillation_costs_at_most_four_changes_a_minute():
    """Ten minutes between 60 % and 90 %, ten seconds each."""
    trace = simulate([(0.6, 10), (0.9, 10)] * 30, 0.02)
    changes = [seen.now for seen, _, d in trace if d.action is not Action.HOLD]

    assert len(changes) <= 4 * 10


@given(
    st.lists(
        st.tuples(st.integers(0, TOTAL), st.integers(1, TOTAL), st.booleans()),
        min_size=1,
        max_size=3,
    ),
    st.lists(st.integers(0, TOTAL // 4), max_size=20),
    st.floats(0.3, 0.99),
)
def test_admission_never_plans_past_the_failsafe(scopes, needs, failsafe):
    limits = Limits(failsafe=failsafe)
    memory = Memory(
        tuple(Scope(MACHINE if whole else "/g", used, limit) for used, limit, whole in scopes)
    )
    reserved = 0
    for need in needs:
        if admits(need, reserved, memory, limits):
            reserved += need

            for scope in memory.scopes:
                assert scope.used + reserved <= failsafe * scope.limit


def test_unknown_memory_grows_to_the_fallback_and_no_further():
    trace = simulate([(0.0, 60)], 0.0, unknown=True, limits=Limits(fallback_workers=2))

    assert trace[-1][2].target == 2


def test_without_a_backlog_nothing_changes():
    trace = simulate([(0.3, 60)], 0.0, backlog=0)

    assert {decision.action for _, _, decision in trace} == {Action.HOLD}
