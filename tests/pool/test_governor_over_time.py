"""The governor against machines that change: what holds whatever happens."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlista.pool.decision import Action, Bound, Past, Reason, View
from playlista.pool.governor import admits, decide
from playlista.pool.limits import Limits
from playlista.pool.memory import MACHINE, Memory, Scope
from playlista.pool.processor import Processors

TOTAL = 16_000_000_000
CORES = 4
CALM_S = 420
TICK_S = 0.5

ratios = st.floats(0.0, 1.0)
phases = st.lists(st.tuples(ratios, st.integers(1, 40)), min_size=1, max_size=12)
weights = st.floats(0.0, 0.25)


class Machine:
    """A pool beside others, asked twice a second as the pipeline does.

    Every worker holds its weight as a share of memory; the workers there are follow the
    target at once, as they do in the pool when there is a backlog.
    """

    def __init__(self, weight=0.0, *, cores=CORES, backlog=100, limits=None, unknown=False):
        self.weight, self.cores, self.backlog, self.unknown = weight, cores, backlog, unknown
        self.limits = limits or Limits()
        self.past, self.workers, self.now, self.trace = Past(), 1, 0.0, []

    def step(self, others, busy=None, bound=None):
        """Decide once, with the others' share of memory, and of every processor."""
        used = min(1.0, others + self.workers * self.weight)
        memory = None if self.unknown else Memory((Scope(MACHINE, int(used * TOTAL), TOTAL),))
        seen = View(
            now=self.now,
            memory=memory,
            processors=Processors(self.cores, "", self.cores, busy and busy * self.cores, busy),
            backlog=self.backlog,
            running=self.workers if self.backlog else 0,
            workers=self.workers,
            bound=bound,
        )
        decision = decide(seen, self.past, self.limits)
        self.trace.append((seen, self.past, decision))
        self.past, self.now = decision.past, self.now + TICK_S
        self.workers = min(decision.target, self.workers - decision.kill_largest)
        if decision.lease and self.backlog:
            self.workers = decision.target
        return decision

    @property
    def changes(self):
        """When something was decided, in seconds."""
        return [seen.now for seen, _, d in self.trace if d.action is not Action.HOLD]


def simulate(phases, weight, **facts):
    """Return what is decided beside others whose memory comes in phases of seconds."""
    machine = Machine(weight, **facts)
    for others, seconds in phases:
        for _ in range(int(seconds / TICK_S)):
            machine.step(others)
    return machine.trace


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


@given(
    st.lists(
        st.tuples(
            ratios,
            st.none()
            | st.builds(
                Bound,
                workers=st.integers(0, CORES + 1),
                reason=st.just(Reason.PAUSED),
                at_once=st.booleans(),
            ),
        ),
        min_size=1,
    ),
    weights,
)
def test_there_is_never_more_than_people_allow(moments, weight):
    machine = Machine(weight)
    for others, bound in moments:
        decision = machine.step(others, bound=bound)

        if bound is not None:
            assert decision.target <= bound.workers
            kept = machine.trace[-1][0].running - decision.shed
            assert not bound.at_once or kept <= bound.workers


@given(phases)
def test_memory_that_stays_full_leaves_at_most_one_worker(phases):
    _, _, last = simulate([*phases, (0.9, CALM_S)], 0.01)[-1]

    assert last.target <= 1


@given(phases, weights)
def test_memory_at_its_end_is_not_borne_for_a_second(phases, weight):
    """One worker is killed as soon as the last has had time to leave."""
    limits = Limits()
    for seen, past, decision in simulate(phases, weight):
        if seen.memory.used_ratio >= limits.kill_from and seen.workers:
            assert decision.kill_largest or seen.now - past.shrunk < 2 * TICK_S


@pytest.mark.parametrize("gigabytes", [1.5, 4, 16])
@pytest.mark.parametrize("cores", [1, 2, 8])
def test_beside_a_hog_of_200_mb_a_second_one_worker_is_left_within_5_s(gigabytes, cores):
    """Workers of 100 MB or more fill memory to 75 %; the hog stops when it has 95 % itself."""
    weight, growth = max(0.1 / gigabytes, 0.3 / cores), 0.2 * TICK_S / gigabytes
    machine = Machine(weight, cores=cores, limits=Limits(workers=cores))
    machine.step(0.0)
    others, used, workers = 0.75 - weight * cores, [], []
    while others < 0.95:
        others = min(0.95, others + growth)
        machine.step(others)
        used.append(machine.trace[-1][0].memory.used_ratio)
        workers.append(machine.workers)

    strained = [left for ratio, left in zip(used, workers, strict=True) if ratio >= 0.85]
    assert max(used) < 1.0
    assert max(strained[int(5 / TICK_S) :], default=0) <= 1


@pytest.mark.parametrize("fixed", [False, True])
@pytest.mark.parametrize(("cores", "within_s"), [(1, 3), (2, 6), (4, 14)])
def test_from_none_at_all_the_pool_is_back_in_seconds(cores, within_s, fixed):
    """On two cores that leaves 9 s of 15 for two starts."""
    limits = Limits(workers=cores if fixed else None)
    trace = simulate([(0.3, 60), (1.0, 5), (0.3, within_s)], 0.02, cores=cores, limits=limits)

    assert min(decision.target for _, _, decision in trace) == 0
    assert trace[-1][2].target == cores


@pytest.mark.parametrize("cores", [2, 8])
@pytest.mark.parametrize("fixed", [None, 8])
@pytest.mark.parametrize("calm_s", [0, 30, 295, 400])
def test_whoever_plays_with_memory_moves_the_pool_six_times_a_minute_at_most(cores, fixed, calm_s):
    """Memory is full as soon as the pool leases again, and free as soon as it has given way.

    In between it is left alone for a while, which may make it forget.
    """
    machine = Machine(cores=cores, limits=Limits(workers=fixed))
    while machine.now < 3600:
        for _ in range(int(calm_s / TICK_S)):
            machine.step(0.3)
        while machine.step(0.93).target > 1 or machine.workers:
            pass
        while not machine.step(0.3).lease:
            pass

    assert len(machine.changes) <= 6 * 60


@pytest.mark.parametrize("cores", [2, 8])
@pytest.mark.parametrize("calm_s", [0, 30, 295, 400])
def test_whoever_plays_with_processors_moves_the_pool_six_times_a_minute_at_most(cores, calm_s):
    """Others are busy as soon as the pool has grown, and gone as soon as it has yielded."""
    machine = Machine(cores=cores)
    while machine.now < 3600:
        for _ in range(int(calm_s / TICK_S)):
            machine.step(0.3, busy=0.0)
        while machine.step(0.3, busy=1.0).target > 1:
            pass
        while machine.step(0.3, busy=0.0).target == 1:
            pass

    assert len(machine.changes) <= 6 * 60


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
