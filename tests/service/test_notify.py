import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from playlista.service.notify import Notifier
from playlista.units import Seconds


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[socket.socket]:
    """The receiving end of a real NOTIFY_SOCKET."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(str(tmp_path / "notify"))
        receiver.settimeout(5)
        yield receiver


def notifier_for(systemd: socket.socket) -> Notifier:
    return Notifier({"NOTIFY_SOCKET": systemd.getsockname()})


@pytest.mark.parametrize(
    ("say", "heard"),
    [
        (Notifier.ready, b"READY=1"),
        (Notifier.watchdog, b"WATCHDOG=1"),
        (Notifier.stopping, b"STOPPING=1"),
        (lambda notifier: notifier.extend(Seconds(90.0)), b"EXTEND_TIMEOUT_USEC=90000000"),
        (lambda notifier: notifier.status("idle tracks=3"), b"STATUS=idle tracks=3"),
    ],
)
def test_systemd_hears_what_is_said(systemd, say, heard):
    say(notifier_for(systemd))

    assert systemd.recv(4096) == heard


def test_a_reload_carries_the_monotonic_time_at_which_it_began(systemd):
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000

    notifier_for(systemd).reloading()

    first, _, usec = systemd.recv(4096).decode().partition("\nMONOTONIC_USEC=")
    assert first == "RELOADING=1"
    assert before <= int(usec) <= time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000


def test_a_status_of_two_lines_cannot_smuggle_in_a_second_message(systemd):
    notifier_for(systemd).status("scanning /m\nWATCHDOG=1")

    assert systemd.recv(4096) == b"STATUS=scanning /m WATCHDOG=1"


def test_a_status_that_is_not_unicode_is_still_sent(systemd):
    notifier_for(systemd).status("reading caf\udce9")

    assert systemd.recv(4096) == b"STATUS=reading caf?"


@pytest.mark.skipif(sys.platform != "linux", reason="abstract sockets are Linux's own")
def test_an_abstract_socket_is_reached():
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(f"\0playlista-test-{os.getpid()}")
        receiver.settimeout(5)

        Notifier({"NOTIFY_SOCKET": f"@playlista-test-{os.getpid()}"}).ready()

        assert receiver.recv(4096) == b"READY=1"


def test_an_unreachable_socket_is_said_and_survived(tmp_path, caplog):
    Notifier({"NOTIFY_SOCKET": str(tmp_path / "nobody")}).ready()

    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "READY=1" in caplog.text


def fill(flood: socket.socket, address: str) -> None:
    with suppress(BlockingIOError):
        while True:
            flood.sendto(b"X", address)


def test_a_full_socket_holds_nobody_up_for_long(systemd):
    notifier = notifier_for(systemd)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as flood:
        flood.setblocking(False)
        fill(flood, systemd.getsockname())

    started = time.monotonic()
    notifier.watchdog()

    assert time.monotonic() - started < 3


def test_without_systemd_every_call_does_nothing(caplog):
    notifier = Notifier({})

    notifier.ready()

    assert notifier.watchdog_interval_s is None
    assert not caplog.records


def test_the_watchdog_is_due_in_half_the_time_that_systemd_allows():
    assert Notifier({"WATCHDOG_USEC": "30000000"}).watchdog_interval_s == 15


def test_a_watchdog_meant_for_this_process_counts():
    environ = {"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}

    assert Notifier(environ).watchdog_interval_s == 15


def test_a_watchdog_meant_for_another_process_is_not_ours():
    environ = {"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getppid())}

    assert Notifier(environ).watchdog_interval_s is None


@pytest.mark.parametrize("usec", ["", "0", "soon", "-1"])
def test_a_senseless_watchdog_time_is_no_watchdog(usec):
    assert Notifier({"WATCHDOG_USEC": usec}).watchdog_interval_s is None


def test_a_child_process_finds_none_of_systemds_variables():
    parent = """
import os, subprocess, sys
from playlista.service.notify import Notifier
from playlista.units import Seconds
Notifier(os.environ)
subprocess.run([sys.executable, "-c", "import os; print(*os.environ, sep='\\\\n')"], check=True)
"""
    given = {"NOTIFY_SOCKET": "/nobody", "WATCHDOG_USEC": "1", "WATCHDOG_PID": "1", "CANARY": "1"}

    found = subprocess.run(
        [sys.executable, "-c", parent], env=given, capture_output=True, text=True, check=True
    )

    assert "CANARY" in found.stdout.split()
    assert not {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"} & set(found.stdout.split())
