"""A daemon whose standard output takes nothing, nor perhaps its log."""

import os
import signal
import socket
import subprocess

import pytest

from daemons import PLAYLISTA

OUTPUTS = {
    "full": 'exec "$@" >/dev/full',
    "closed": 'exec "$@" >&-',
    "unread": 'exec "$@"',
    "full, as the log": 'exec "$@" >/dev/full 2>&1',
    "unread, as the log": 'exec "$@" 2>&1',
}


@pytest.fixture
def systemd(tmp_path):
    """The other end of its line to systemd."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.bind(str(tmp_path / "notify"))
        end.settimeout(30)
        yield end


@pytest.fixture
def unread():
    """A pipe that nobody reads."""
    reader, writer = os.pipe()
    os.close(reader)
    yield writer
    os.close(writer)


def heard(systemd, start):
    while not systemd.recv(4096).startswith(start):
        pass


@pytest.mark.fault(49)
@pytest.mark.parametrize("output", OUTPUTS)
def test_a_standard_output_that_takes_nothing_ends_no_daemon(home, systemd, unread, output):
    daemon = subprocess.Popen(
        ["sh", "-c", OUTPUTS[output], "sh", *PLAYLISTA, "run", "--config", home.config],
        env=home.environ | {"NOTIFY_SOCKET": systemd.getsockname()},
        stdout=unread,
    )
    try:
        heard(systemd, b"READY=1")
        heard(systemd, b"STATUS=")
        daemon.send_signal(signal.SIGTERM)

        assert daemon.wait(15) == 0
    finally:
        daemon.kill()
        daemon.wait()
