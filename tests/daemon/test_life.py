"""READY, STATUS, WATCHDOG, STOPPING; SIGTERM and SIGINT; and what the idle daemon costs."""

import signal
import time
from pathlib import Path

import psutil
import pytest

import sounds
from daemons import PIECES, until

LONG_MINUTES = 20
PATIENCE_S = 10.0
"""SIGTERM must be done in so long."""


@pytest.fixture(scope="module")
def long_track(tmp_path_factory) -> Path:
    """A track that takes some seconds to analyse."""
    path = tmp_path_factory.mktemp("long") / "long.flac"
    return sounds.write(path, sounds.drone(LONG_MINUTES / 60, 8000), rate=8000)


@pytest.fixture
def listening(home, long_track, tmp_path, start):
    """A daemon in the middle of an analysis, whose workers stand still so that it stays there."""
    (tmp_path / "mine" / "long.flac").write_bytes(long_track.read_bytes())
    daemon = start(home)
    until(lambda: daemon.busy)
    for worker in daemon.workers:
        worker.suspend()
    return daemon


def leases(home):
    return home.rows("SELECT state, strikes, kills, alone FROM job")


def test_it_answers_by_the_time_it_is_ready(home, start):
    daemon = start(home)

    assert "READY=1" in daemon.heard
    assert daemon.ask("/healthz")[0] == 200


def test_systemd_reads_how_far_the_work_is(home, start):
    daemon = start(home)

    said = daemon.told(f"STATUS={PIECES} tracks, 0 to analyse")

    assert "playlists" in said


def test_the_watchdog_is_fed_twice_in_its_time(home, start):
    daemon = start(home, WATCHDOG_USEC="1000000")

    daemon.told("WATCHDOG=1")
    began = time.monotonic()
    for _ in range(4):
        daemon.told("WATCHDOG=1", within_s=1.0)

    assert time.monotonic() - began > 0.5


def test_a_watchdog_that_is_for_another_process_is_not_fed(home, start):
    daemon = start(home, WATCHDOG_USEC="1000000", WATCHDOG_PID="1")

    daemon.told("STATUS=")
    time.sleep(1.2)
    daemon.signal(signal.SIGTERM)

    daemon.told("STOPPING=1")
    assert "WATCHDOG=1" not in daemon.heard


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_status_zero(home, start, number):
    daemon = start(home)

    daemon.signal(number)

    daemon.told("STOPPING=1")
    assert daemon.ended() == (0, pytest.approx(0, abs=PATIENCE_S))


@pytest.mark.fault(32)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stopped_in_mid_analysis_it_gives_the_track_back_uncounted(listening, home, number):
    listening.signal(number)

    status, seconds = listening.ended()
    assert status == 0
    assert seconds < PATIENCE_S
    assert leases(home) == [("ready", 0, 0, 0)]


@pytest.mark.fault(32)
def test_a_second_signal_does_not_wait(listening):
    workers = listening.workers
    listening.signal(signal.SIGINT)
    listening.told("STOPPING=1")

    listening.signal(signal.SIGINT)

    status, seconds = listening.ended()
    assert status == 130
    assert seconds < 2
    assert not psutil.wait_procs(workers, 2)[1]


def test_what_was_given_back_is_finished_after_the_restart(listening, home, start):
    listening.signal(signal.SIGTERM)
    listening.ended()

    again = start(home)

    until(lambda: again.at_rest(PIECES + 1))


def test_the_idle_daemon_is_slim(home, start):
    daemon = start(home)
    until(lambda: daemon.at_rest(PIECES))

    rss = psutil.Process(daemon.pid).memory_info().rss
    maps = Path(f"/proc/{daemon.pid}/maps").read_text()
    assert rss < 120e6
    assert "numpy" not in maps
    assert "libav" not in maps
