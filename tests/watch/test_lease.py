"""The kernel's leases, and real writers: other processes that hold a file."""

import os
import signal
import subprocess
import sys

import pytest

from playlista.records import Signature
from playlista.service.signals import Signals
from playlista.watch.head import look_into
from playlista.watch.lease import open_for_writing
from writers import HOLDS, NOBODY, NOBODY_ID, NOBODY_WITH_CAP_LEASE, held, needs_root, public_folder

ASK = """
import os, signal, sys
from playlista.watch.lease import open_for_writing
signal.signal(signal.SIGIO, signal.SIG_IGN)
print(open_for_writing(os.open(sys.argv[1], os.O_RDONLY)))
"""


@pytest.fixture(autouse=True)
def signals():
    with Signals():
        yield


@pytest.fixture
def song(tmp_path):
    path = tmp_path / "song.flac"
    path.write_bytes(bytes(1000))
    return path


def ask(path):
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        return open_for_writing(fd)
    finally:
        os.close(fd)


def ask_as(path, *prefix):
    command = [*prefix, sys.executable, "-c", ASK, path]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.fault(29)
@pytest.mark.parametrize("how", HOLDS)
def test_a_file_is_open_until_its_writer_is_done(song, how):
    before = Signature.of(song.stat())
    with held(song, how):
        assert look_into(os.fsencode(song), before).written is True

    assert look_into(os.fsencode(song), before).written is False


def test_readers_are_no_writers(song):
    with song.open("rb"):
        assert ask(song) is False


@pytest.mark.fault(29)
@needs_root
@pytest.mark.needs("setpriv", "util-linux")
@pytest.mark.parametrize(
    ("owner", "who", "told"),
    [(NOBODY_ID, NOBODY, "True"), (0, NOBODY_WITH_CAP_LEASE, "True"), (0, NOBODY, "None")],
    ids=["its owner", "CAP_LEASE", "neither"],
)
def test_nobody_is_told_of_his_own_files_and_with_cap_lease_of_all(owner, who, told):
    with public_folder() as folder:
        path = folder / "song.flac"
        path.write_bytes(bytes(1000))
        os.chown(path, owner, owner)
        with held(path, "mapped"):
            assert ask_as(path, *who) == told


def test_a_lease_is_given_back_at_once(song):
    assert ask(song) is False

    os.close(os.open(song, os.O_WRONLY | os.O_NONBLOCK))  # would be refused


def test_what_is_no_file_has_no_writers_that_count(tmp_path):
    os.mkfifo(tmp_path / "pipe")

    assert ask(tmp_path / "pipe") is None


def test_nothing_is_asked_where_the_answer_could_end_the_process(song):
    before = signal.signal(signal.SIGIO, signal.SIG_DFL)
    try:
        assert ask(song) is None
    finally:
        signal.signal(signal.SIGIO, before)
