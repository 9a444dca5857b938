"""Quiet hours and pauses, by a clock that the test sets."""

import time

import pytest

from playlista.config.settings import PoolSettings
from playlista.pipeline.leave import Leave
from playlista.pool.decision import Reason


class Clock:
    now = "12:00"

    def __call__(self):
        return time.strptime(self.now, "%H:%M")


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def leave(clock):
    """Quiet from eight to ten, and from 22 to six, with one worker."""
    one = Leave(clock)
    one.observe(PoolSettings(quiet_hours="08:00-10:00,22:00-06:00"))
    return one


@pytest.mark.parametrize("hour", ["06:00", "07:59", "10:00", "21:59"])
def test_outside_of_quiet_hours_the_governor_is_free(leave, clock, hour):
    clock.now = hour

    assert leave.bound() is None
    assert leave.given


@pytest.mark.parametrize("hour", ["08:00", "09:59", "22:00", "00:00", "05:59"])
def test_in_quiet_hours_there_is_one_worker_which_finishes_its_track(leave, clock, hour):
    clock.now = hour
    bound = leave.bound()

    assert (bound.workers, bound.reason, bound.at_once) == (1, Reason.QUIET_HOURS, False)
    assert leave.given


def test_quiet_hours_may_allow_no_work_at_all(leave):
    leave.observe(PoolSettings(quiet_hours="00:00-24:00", quiet_workers=0))

    assert leave.bound().workers == 0
    assert not leave.given


def test_without_hours_none_are_quiet():
    assert Leave().bound() is None


def test_a_pause_beats_the_hours_and_its_end_brings_them_back(leave, clock):
    clock.now = "09:00"

    leave.pause()
    during = leave.bound()
    leave.resume()

    assert (during.workers, during.reason, during.at_once) == (0, Reason.PAUSED, True)
    assert leave.bound().reason is Reason.QUIET_HOURS


def test_other_hours_do_not_end_a_pause(leave):
    leave.pause()

    leave.observe(PoolSettings())

    assert leave.paused
    assert not leave.given
