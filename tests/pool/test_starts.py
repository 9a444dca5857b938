"""Failed starts."""

import time

from playlista.pool.starts import LONGEST_AFTER_KILL_S, LONGEST_WAIT_S, TRIES, Starts


def test_any_number_may_start_without_trouble():
    assert Starts().may_try(starting=7)


def test_a_failed_start_is_waited_for():
    starts = Starts()
    starts.failed("no room")

    assert starts.trouble == "no room"
    assert not starts.may_try(starting=0)


def test_in_trouble_workers_start_one_by_one():
    starts = Starts()
    starts.failed("no room")
    starts.not_before = 0.0

    assert starts.may_try(starting=0)
    assert not starts.may_try(starting=1)


def test_each_failure_doubles_the_wait_up_to_a_bound():
    starts = Starts()
    waits = []
    for _ in range(1100):
        starts.failed("no room")
        waits.append(starts.not_before - time.monotonic())

    assert waits[1] > 1.9 * waits[0]
    assert max(waits) <= LONGEST_WAIT_S


def test_a_few_failures_in_a_row_are_hopeless_until_one_succeeds():
    starts = Starts()
    for _ in range(TRIES - 1):
        starts.failed("no room")
    assert not starts.hopeless
    starts.failed("no room")
    assert starts.hopeless
    starts.succeeded()

    assert not starts.hopeless
    assert starts.trouble is None


def test_workers_killed_while_they_start_are_waited_for_but_never_hopeless():
    starts = Starts()
    waits = []
    for _ in range(10 * TRIES):
        starts.killed("by the kernel")
        waits.append(starts.not_before - time.monotonic())

    assert not starts.hopeless
    assert not starts.may_try(starting=0)
    assert waits[1] > 1.9 * waits[0]
    assert max(waits) <= LONGEST_AFTER_KILL_S
    assert starts.trouble == "by the kernel"


def test_a_kill_does_not_make_up_for_failures():
    starts = Starts()
    for _ in range(TRIES):
        starts.failed("no room")
    starts.killed("by the kernel")

    assert starts.hopeless
