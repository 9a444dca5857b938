from hypothesis import given
from hypothesis import strategies as st

from playlista.watch.settle import Settle

STEPS = st.lists(
    st.tuples(
        st.sampled_from("abc"), st.integers(0, 2), st.floats(0, 20), st.sampled_from([2.0, 10.0])
    ),
    max_size=40,
)


def test_a_quiet_file_is_due_after_its_quiet_time():
    settle = Settle()
    settle.seen("song", 1, 100.0, 10.0)

    assert not settle.due(109.9)
    assert [(s.key, s.fact, s.since) for s in settle.due(110.0)] == [("song", 1, 100.0)]


def test_what_is_due_is_given_once():
    settle = Settle()
    settle.seen("song", 1, 0.0, 1.0)
    settle.due(1.0)

    assert not settle.due(2.0)
    assert settle.next_due() is None


def test_a_change_starts_the_wait_anew():
    settle = Settle()
    settle.seen("song", 1, 0.0, 10.0)
    settle.seen("song", 2, 9.0, 10.0)

    assert not settle.due(18.9)
    assert settle.due(19.0)[0].since == 9.0


def test_seeing_the_same_again_does_not_prolong_the_wait():
    settle = Settle()
    settle.seen("song", 1, 0.0, 10.0)
    settle.seen("song", 1, 9.0, 10.0)

    assert settle.due(10.0)


def test_closing_a_file_shortens_its_wait():
    settle = Settle()
    settle.seen("song", 1, 0.0, 10.0)
    settle.seen("song", 1, 1.0, 2.0)

    assert settle.due(3.0)


def test_a_busy_file_starves_no_other():
    settle = Settle()
    settle.seen("quiet", 1, 0.0, 10.0)
    for second in range(20):
        settle.seen("busy", second, float(second), 10.0)

    assert [s.key for s in settle.due(12.0)] == ["quiet"]


def test_past_the_limit_the_fact_stays_that_something_was_dropped():
    settle = Settle(limit=2)
    for key in "abc":
        settle.seen(key, 1, 0.0, 10.0)

    assert len(settle) == 2
    assert settle.overflowed


def test_a_known_key_needs_no_room():
    settle = Settle(limit=1)
    settle.seen("a", 1, 0.0, 10.0)
    settle.seen("a", 2, 1.0, 10.0)

    assert not settle.overflowed


@given(STEPS)
def test_nothing_is_due_before_it_was_quiet_and_nothing_is_lost(steps):
    settle = Settle()
    now, last = 0.0, {}
    for key, fact, pause, quiet_s in steps:
        now += pause
        for settled in settle.due(now):
            assert now - last.pop(settled.key)[1] >= 2.0 - 1e-9
        if last.get(key, (None,))[0] != fact:
            last[key] = (fact, now)
        settle.seen(key, fact, now, quiet_s)

    assert {s.key: s.fact for s in settle.due(now + 10.0)} == {k: f for k, (f, _) in last.items()}
