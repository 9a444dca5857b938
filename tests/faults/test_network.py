"""Callers that are slow or evil, and a machine without IPv6."""

import contextlib
import json
import socket
import sys
from urllib.parse import urlsplit

import pytest

from daemons import Daemon, home_in
from faults.conftest import private, within

IDLE = 200
HUGE = b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * (1 << 20)
LOOPBACK_UP = (
    "import fcntl, socket, struct;"
    "fcntl.ioctl(socket.socket(), 0x8914, struct.pack('16sh14x', b'lo', 0x1))"
)
"""SIOCSIFFLAGS with IFF_UP: netdevice(7)."""
WITHOUT_IPV6 = 'echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6; "$0" -c "$1"; shift; exec "$@"'
ASK = "import sys, urllib.request as r; print(r.urlopen(sys.argv[1], timeout=10).read().decode())"


@pytest.fixture(scope="module")
def daemon(compiled, tmp_path_factory):
    folder, music = tmp_path_factory.mktemp("daemon"), tmp_path_factory.mktemp("music")
    daemon = Daemon(home_in(folder, compiled, music), folder)
    yield daemon
    daemon.stop()


@pytest.fixture
def caller(daemon):
    """Return a function that opens one more connection and says something."""
    with contextlib.ExitStack() as stack:
        address = urlsplit(daemon.url)

        def call(words=b""):
            line = stack.enter_context(
                socket.create_connection((address.hostname, address.port), 10)
            )
            line.sendall(words)
            return line

        yield call


@pytest.fixture
def without_ipv6():
    """The program that gives a daemon a network of its own, of IPv4 loopback alone."""
    return (*private("net"), "sh", "-c", WITHOUT_IPV6, sys.executable, LOOPBACK_UP)


def answers(daemon):
    return daemon.ask("/healthz")[0] == 200 and daemon.ask("/status")[0] == 200


@pytest.mark.fault(48)
def test_two_hundred_callers_who_say_nothing_hold_up_nobody(daemon, caller):
    for _ in range(IDLE):
        caller()

    assert answers(daemon)


@pytest.mark.fault(48)
def test_callers_who_never_finish_their_question_hold_up_nobody(daemon, caller):
    lines = [caller(b"GET /status HTTP/1.1\r\nHost: localhost\r\nX-Slow: ") for _ in range(50)]

    for _ in range(3):
        for line in lines:
            line.sendall(b"x")
        assert answers(daemon)


@pytest.mark.fault(48)
def test_a_header_of_a_megabyte_is_refused(daemon, caller):
    line = caller()
    with contextlib.suppress(ConnectionError):  # it may hang up before the end
        line.sendall(HUGE)

    assert answer(line)[:10] in {b"HTTP/1.1 4", b""}
    assert answers(daemon)


def answer(line):
    """Return the first words of an answer; nothing when there is none."""
    with contextlib.suppress(ConnectionError):
        return line.recv(100)
    return b""


@pytest.mark.fault(48)
def test_without_ipv6_it_serves_on_ipv4(make_home, mine, start, without_ipv6):
    daemon = start(make_home(mine), *without_ipv6)

    told = within(daemon, sys.executable, "-c", ASK, f"{daemon.url}/status", network=True)

    assert json.loads(told)["state"] in {"starting", "running"}


@pytest.mark.fault(48)
def test_an_ipv6_address_on_a_machine_without_is_refused_in_one_line(make_home, mine, without_ipv6):
    home = make_home(mine)
    home.configure(HTTP_LISTEN="[::1]:0")

    done = home.call("run", prefix=without_ipv6)

    assert done.returncode == 78
    assert done.stderr.startswith("playlista: HTTP_LISTEN [::1]:0: ")
    assert done.stderr.count("\n") == 1
