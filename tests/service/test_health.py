import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlista.service.health import Health, Pulse


class Clock:
    """Time that moves when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_pulse_is_born_beating(clock):
    pulse = Pulse("scan", 30, clock)

    assert pulse.age() == 0


def test_a_pulse_ages_until_it_beats(clock):
    pulse = Pulse("scan", 30, clock)

    clock.now += 12
    assert pulse.age() == 12
    pulse.beat()
    assert pulse.age() == 0


def test_one_stuck_loop_among_others_is_named_with_its_age_and_limit(clock):
    brisk, stuck = Pulse("flow", 5, clock), Pulse("scan", 30, clock)
    clock.now += 31
    brisk.beat()

    alive, reasons = Health([brisk, stuck]).alive()

    assert not alive
    assert reasons == ["scan has not moved for 31.0 s (limit 30 s)"]


def test_a_loop_that_moves_again_is_forgiven(clock):
    pulse = Pulse("scan", 30, clock)
    health = Health([pulse])
    clock.now += 31
    assert health.alive()[0] is False

    pulse.beat()

    assert health.alive() == (True, [])


def test_the_watchdog_is_fed_while_every_loop_moves(clock):
    fed = []

    hungry = Health([Pulse("flow", 5, clock)]).feed(lambda: fed.append(1))

    assert (fed, hungry) == ([1], [])


def test_the_watchdog_goes_hungry_while_a_loop_is_stuck(clock):
    fed = []
    health = Health([Pulse("flow", 5, clock)])
    clock.now += 5

    hungry = health.feed(lambda: fed.append(1))

    assert fed == []
    assert len(hungry) == 1


@given(st.lists(st.tuples(st.floats(0.1, 100), st.floats(0, 200)), max_size=6))
def test_all_are_alive_exactly_when_each_is_younger_than_its_own_limit(cases):
    clock = Clock()
    pulses = []
    for limit, age in cases:
        clock.now = 1000.0 - age
        pulses.append(Pulse("loop", limit, clock))
    clock.now = 1000.0

    alive, reasons = Health(pulses).alive()

    stuck = [pulse for pulse in pulses if pulse.age() >= pulse.limit_s]
    assert alive is not bool(stuck)
    assert len(reasons) == len(stuck)
