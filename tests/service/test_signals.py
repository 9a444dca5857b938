"""Real signals, to a real process."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import psutil
import pytest

from playlista.service.signals import Signals

DAEMON = """
from playlista.service.signals import Signals
with Signals() as signals:
    print("up", flush=True)
    while not signals.stop_now:
        signals.wait(30)
        print("stop" if signals.stop else "reload" if signals.take_reload() else "?", flush=True)
print("down", flush=True)
"""


@pytest.fixture
def daemon() -> Iterator[subprocess.Popen[str]]:
    """A process that waits for half a minute, unless signals wake it."""
    with subprocess.Popen([sys.executable, "-c", DAEMON], stdout=subprocess.PIPE, text=True) as it:
        assert it.stdout.readline() == "up\n"
        yield it
        it.kill()


def tell(daemon: subprocess.Popen[str], number: int) -> str:
    daemon.send_signal(number)
    return daemon.stdout.readline().strip()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_wakes_the_daemon_at_once_and_a_second_ends_it(daemon, number):
    started = time.monotonic()

    assert tell(daemon, number) == "stop"
    daemon.send_signal(number)

    assert daemon.stdout.readlines()[-1] == "down\n"
    assert daemon.wait(5) == 0
    assert time.monotonic() - started < 10


def test_an_interrupt_after_a_termination_is_a_second_stop(daemon):
    tell(daemon, signal.SIGTERM)
    daemon.send_signal(signal.SIGINT)

    assert daemon.stdout.readlines()[-1] == "down\n"


def test_every_reload_is_seen_and_none_stops(daemon):
    assert [tell(daemon, signal.SIGHUP) for _ in range(3)] == ["reload"] * 3


def test_somebody_who_opens_a_leased_file_ends_nobody(daemon):
    daemon.send_signal(signal.SIGIO)

    assert tell(daemon, signal.SIGHUP) == "reload"


def test_a_reload_is_taken_once():
    with Signals() as signals:
        signal.raise_signal(signal.SIGHUP)

        assert (signals.take_reload(), signals.take_reload()) == (True, False)


@pytest.mark.parametrize(
    ("sent", "asked"),
    [
        ([], None),
        ([signal.SIGUSR1], True),
        ([signal.SIGUSR2], False),
        ([signal.SIGUSR1, signal.SIGUSR2], False),
        ([signal.SIGUSR2, signal.SIGUSR1], True),
    ],
)
def test_whoever_asks_last_decides_whether_it_pauses(sent, asked):
    with Signals() as signals:
        for number in sent:
            signal.raise_signal(number)

        assert (signals.take_pause(), signals.take_pause()) == (asked, None)
        assert not signals.stop


def test_a_reload_is_no_stop():
    with Signals() as signals:
        signal.raise_signal(signal.SIGHUP)

        assert (signals.stop, signals.stop_now) == (False, False)


def test_a_signal_before_the_wait_is_not_slept_through():
    with Signals() as signals:
        signal.raise_signal(signal.SIGTERM)
        started = time.monotonic()

        signals.wait(30)

        assert time.monotonic() - started < 5


def test_the_wait_ends_by_itself_when_nothing_comes():
    with Signals() as signals:
        started = time.monotonic()

        signals.wait(0.05)

        assert 0.04 < time.monotonic() - started < 5
        assert not signals.stop


def test_a_thread_can_end_the_wait():
    with Signals() as signals:
        threading.Timer(0.05, signals.wake).start()
        started = time.monotonic()

        signals.wait(30)

        assert time.monotonic() - started < 5
        assert not signals.stop


def test_a_storm_of_rings_blocks_nobody_and_dies_down():
    with Signals() as signals:
        for _ in range(10_000):
            signals.wake()

        started = time.monotonic()
        for _ in range(5):  # what the socket held; a wake that blocked would never get here
            signals.wait(0.05)

        assert 0.05 < time.monotonic() - started < 5


def test_the_old_handlers_come_back():
    watched = (
        signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGIO,
    )  # fmt: skip
    before = [signal.getsignal(number) for number in watched]

    with Signals():
        during = [signal.getsignal(number) for number in watched]

    assert [signal.getsignal(number) for number in watched] == before
    assert not set(during) & set(before)
    assert signal.set_wakeup_fd(-1) == -1


def test_no_file_descriptor_is_left_behind():
    before = psutil.Process().num_fds()

    with Signals():
        pass

    assert psutil.Process().num_fds() == before
