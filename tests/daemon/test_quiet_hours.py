"""Quiet hours that are now, and hours that are half a day away."""

import contextlib
import signal
import time

import psutil
import pytest

import sounds
from daemons import PIECES, piece, until

LONG_MINUTES = 20


def hours(since, until_hour):
    """Return twelve hours that begin so many hours from now."""
    now = time.localtime()
    first, last = ((now.tm_hour + hour) % 24 for hour in (since, until_hour))
    return f"{first:02}:{now.tm_min:02}-{last:02}:{now.tm_min:02}"


def another_did_the_others(daemon):
    backlog = daemon.status()["backlog"]
    return backlog["ready"] == 0 and backlog["leased"] <= 1


@pytest.fixture
def end_quiet_hours(home):
    """Return a function that sets other hours."""

    def end(daemon):
        home.configure(QUIET_HOURS=hours(6, 18))
        daemon.signal(signal.SIGHUP)

    home.configure(QUIET_HOURS=hours(-6, 6))
    return end


def test_in_quiet_hours_without_workers_all_waits_until_they_end(
    home, start, tmp_path, end_quiet_hours
):
    sounds.write(tmp_path / "mine" / "one.flac", piece(PIECES))
    home.configure(QUIET_WORKERS=0)
    daemon = start(home)

    until(lambda: daemon.status()["backlog"]["ready"] == 1)
    until(lambda: daemon.status()["workers"]["reason"] == "quiet_hours")
    workers = daemon.status()["workers"]
    assert (workers["running"], workers["target"], workers["limit"]) == (0, 0, 0)

    end_quiet_hours(daemon)

    until(lambda: daemon.at_rest(PIECES + 1))


def test_in_quiet_hours_one_works_where_two_were_wanted(home, start, tmp_path, end_quiet_hours):
    sound = sounds.drone(LONG_MINUTES / 60, 8000)
    for number in range(3):
        sounds.write(tmp_path / "mine" / f"{number}.flac", sound, rate=8000)
    home.configure(WORKERS=2)
    daemon = start(home)
    until(lambda: daemon.busy)
    children = daemon.workers
    for child in children:
        child.suspend()

    workers = daemon.status()["workers"]
    assert (workers["running"], workers["target"], workers["limit"]) == (1, 1, 1)
    assert workers["reason"] == "quiet_hours"
    end_quiet_hours(daemon)

    until(lambda: another_did_the_others(daemon))
    for child in children:
        with contextlib.suppress(psutil.NoSuchProcess):
            child.resume()
    until(lambda: daemon.at_rest(PIECES + 3))
