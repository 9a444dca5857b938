"""Pause and resume: by signal, over HTTP, from the command line."""

import signal
from dataclasses import replace
from urllib.request import Request, urlopen

import pytest

import sounds
from daemons import PIECES, piece, until

LONG_MINUTES = 20


@pytest.fixture
def listening(home, tmp_path, start):
    """A daemon in the middle of an analysis, whose workers stand still so that it stays there."""
    sound = sounds.drone(LONG_MINUTES / 60, 8000)
    sounds.write(tmp_path / "mine" / "long.flac", sound, rate=8000)
    daemon = start(home)
    until(lambda: daemon.busy)
    for worker in daemon.workers:
        worker.suspend()
    return daemon


def by_signal(daemon, _, order):
    daemon.signal({"pause": signal.SIGUSR1, "resume": signal.SIGUSR2}[order])


def by_http(daemon, _, order):
    with urlopen(Request(f"{daemon.url}/api/{order}", method="POST"), timeout=10) as answer:
        assert answer.status == 204


def by_command(daemon, home, order):
    address = daemon.url.removeprefix("http://")
    there = replace(home, environ=home.environ | {"PLAYLISTA_HTTP_LISTEN": address})
    done = there.call(order)
    assert (done.returncode, done.stderr) == (0, "")


def is_paused(daemon):
    status = daemon.status()
    workers = status["workers"]
    return status["state"] == workers["reason"] == "paused" and not workers["running"]


@pytest.mark.parametrize("tell", [by_signal, by_http, by_command])
def test_a_pause_gives_the_track_back_uncounted_and_after_it_all_is_finished(listening, home, tell):
    tell(listening, home, "pause")

    until(lambda: is_paused(listening) and not listening.workers)
    listening.told("STATUS=paused: ")
    assert home.rows("SELECT state, strikes, kills FROM job") == [("ready", 0, 0)]

    tell(listening, home, "resume")

    until(lambda: listening.at_rest(PIECES + 1))
    until(lambda: listening.status()["state"] == "running")


def test_what_lands_in_a_pause_is_noticed_and_waits(home, start, tmp_path):
    daemon = start(home)
    until(lambda: daemon.at_rest(PIECES))
    by_signal(daemon, home, "pause")
    until(lambda: is_paused(daemon))

    sounds.write(tmp_path / "mine" / "one.flac", piece(PIECES))

    until(lambda: daemon.status()["backlog"]["ready"] == 1)
    until(lambda: not daemon.workers)
    assert is_paused(daemon)
    by_signal(daemon, home, "resume")
    until(lambda: daemon.at_rest(PIECES + 1))


def test_a_pause_is_forgotten_at_a_restart(listening, home, start):
    by_signal(listening, home, "pause")
    until(lambda: is_paused(listening))
    listening.stop()

    again = start(home)

    until(lambda: again.at_rest(PIECES + 1))


def test_without_a_daemon_nobody_obeys(home):
    done = home.call("pause")

    assert done.returncode == 1
    assert done.stderr.startswith("playlista: no daemon obeys at 127.0.0.1:")
