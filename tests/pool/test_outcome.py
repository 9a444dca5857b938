"""What counts as a strike."""

import signal

import pytest

from playlista.pool.outcome import Crash, Exit, Outcome, cause, in_words


@pytest.mark.parametrize("crash", ["deadline", "signal", "exit", "exception"])
def test_what_may_be_the_tracks_fault_is_counted(crash):
    assert Outcome("track", 1, 0.0, crash=Crash(crash)).counted


@pytest.mark.parametrize("crash", ["foreign_kill", "memory", "shed", "shutdown", "worker_start"])
def test_what_is_not_the_tracks_fault_is_not_counted(crash):
    assert not Outcome("track", 1, 0.0, crash=Crash(crash)).counted


def test_a_result_is_not_counted():
    assert not Outcome("track", 1, 0.0, value=1).counted


@pytest.mark.parametrize(
    ("status", "crash", "words"),
    [
        (0, Crash.EXIT, "its worker left with status 0"),
        (3, Crash.EXIT, "its worker left with status 3"),
        (None, Crash.EXIT, "its worker hung up"),
        (-signal.SIGKILL, Crash.FOREIGN_KILL, "its worker was killed by SIGKILL"),
        (-signal.SIGSEGV, Crash.SIGNAL, "its worker was killed by SIGSEGV"),
        (-35, Crash.SIGNAL, "its worker was killed by signal 35"),
    ],
)
def test_an_exit_status_says_what_happened(status, crash, words):
    assert cause(status) is crash
    assert in_words(status) == words


def test_every_crash_but_an_exception_ends_a_worker():
    assert {crash.value for crash in Crash} - {exit_.value for exit_ in Exit} == {"exception"}
