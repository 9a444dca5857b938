"""A daemon whose database is locked, has no room, cannot be written, or is on a share."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import daemons
from daemons import PIECES, PLAYLISTA, until
from playlista.playlists.replay import replay

HOLD = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
time.sleep(float(sys.argv[2]))
"""

# a fuse whose server never answers, as a share that is gone; it is mounted without a program
MOUNT_SHARE = """
import ctypes, os, sys
server = os.open("/dev/fuse", os.O_RDWR)
options = f"fd={server},rootmode=40000,user_id=0,group_id=0".encode()
libc = ctypes.CDLL(None, use_errno=True)
if libc.mount(b"phone:/", os.fsencode(sys.argv[1]), b"fuse.sshfs", 0, options):
    sys.exit(os.strerror(ctypes.get_errno()))
os.set_inheritable(server, True)
os.execvp(sys.argv[2], sys.argv[2:])
"""

# ext4 that remounts itself read-only at the first error, as a worn-out disk does
FAILING_DISK = """
cp -a "$0" "$0.kept"; truncate -s 32m "$0.image"; mkfs.ext4 -q "$0.image"
mount -o loop,errors=remount-ro "$0.image" "$0"; cp -a "$0.kept"/. "$0"
exec "$@"
"""


@pytest.fixture
def hold(home):
    """Return a function that has another process hold the write lock for so many seconds."""
    held = []

    def begin(seconds):
        path = home.state / "playlista.db"
        holder = subprocess.Popen(
            [sys.executable, "-c", HOLD, path, str(seconds)], stdout=subprocess.PIPE, text=True
        )
        held.append(holder)
        assert holder.stdout.readline() == "held\n"
        return holder

    yield begin
    for holder in held:
        holder.kill()
        holder.wait()
        holder.stdout.close()


def in_namespace(script):
    """Return what runs a shell script among mounts of its own, and then a program."""
    return ("unshare", "-Ur", "-m", "sh", "-ec", f'{script}; exec "$@"', "sh")


def on_a_small_disk(home, then=""):
    """Return a prefix that puts the state folder on a disk of its own, and then does more."""
    kept = home.state.with_name("kept")
    home.state.rename(kept)
    home.state.mkdir()
    disk = f"mount -t tmpfs -o size=16m none {home.state}; cp -a {kept}/. {home.state}"
    return in_namespace(f"cd {home.state.parent}; {disk}; {then}".rstrip("; "))


def fill_up(ballast):
    """Leave no room on a small disk."""
    with ballast.open("wb", 0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))


def log_in(state):
    return (state / "deltas.jsonl").read_bytes().splitlines()


def lists_in(state):
    return {file.name: file.read_bytes() for file in (state / "playlists").glob("*.m3u8")}


# --- locked -------------------------------------------------------------------------


@pytest.mark.fault(43)
def test_a_daemon_waits_for_a_database_that_another_holds(home, hold, start):
    hold(8)

    daemon = start(home)

    assert any(said.startswith("STATUS=waiting: ") for said in daemon.heard)
    assert any(said.startswith("EXTEND_TIMEOUT_USEC=") for said in daemon.heard)
    assert "locked" in daemon.words()
    until(lambda: daemon.at_rest(PIECES))
    assert daemon.metric("analyses_total") == 0


@pytest.mark.fault(43)
@pytest.mark.heavy
@pytest.mark.timeout(180)
def test_a_daemon_waits_for_a_whole_minute(home, hold, start, monkeypatch):
    monkeypatch.setattr(daemons, "START_S", 90.0)
    hold(60)

    daemon = start(home)

    until(lambda: daemon.at_rest(PIECES))


@pytest.mark.fault(43)
def test_a_daemon_that_waits_can_be_stopped(home, hold):
    hold(60)
    waiting = subprocess.Popen(
        [*PLAYLISTA, "run", "--config", home.config],
        env=home.environ,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert "waiting: " in next(line for line in waiting.stderr if "info" not in line)

    waiting.send_signal(signal.SIGTERM)

    assert waiting.wait(15) == 0
    waiting.stderr.close()


# --- no room, no right --------------------------------------------------------------


@pytest.mark.fault(41)
@pytest.mark.needs("unshare", "util-linux")
def test_a_daemon_waits_for_room_on_a_full_disk(home, start):
    fill = "dd if=/dev/zero of=state/ballast bs=4k status=none || :"
    relent = "(sleep 6; rm state/ballast) >/dev/null 2>&1 &"

    daemon = start(home, *on_a_small_disk(home, f"{fill}; {relent} :"))

    assert any(said.startswith("STATUS=waiting: ") for said in daemon.heard)
    until(lambda: daemon.at_rest(PIECES))


@pytest.mark.fault(41)
@pytest.mark.needs("unshare", "util-linux")
def test_a_disk_that_is_full_now_and_then_loses_nothing(home, start, music, rng):
    daemon = start(home, *on_a_small_disk(home))
    until(lambda: daemon.at_rest(PIECES))
    ballast = Path(f"/proc/{daemon.pid}/root{home.state.resolve()}/ballast")

    for number, track in enumerate(sorted(music.rglob("*.*"))):
        shutil.copy(track, home.state.with_name("mine") / f"{number}{track.suffix}")
        fill_up(ballast)
        time.sleep(rng.uniform(0.2, 1.5))
        ballast.unlink()
        time.sleep(rng.uniform(0.0, 0.5))

    until(lambda: daemon.at_rest(2 * PIECES), 50)
    assert "the database cannot be used now" in daemon.words()
    assert daemon.status()["tracks"]["failed"] == 0
    until(lambda: replay(log_in(ballast.parent)) == lists_in(ballast.parent))


@pytest.mark.fault(42)
@pytest.mark.needs("unshare", "util-linux")
def test_a_read_only_disk_is_refused_with_the_remedy(home):
    prefix = on_a_small_disk(home, "mount -o remount,ro state")

    done = subprocess.run(
        [*prefix, *PLAYLISTA, "run", "--config", home.config],
        env=home.environ,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 65
    assert "make that disk writable again" in done.stderr.splitlines()[-1]


@pytest.mark.fault(42)
@pytest.mark.needs("mkfs.ext4", "e2fsprogs")
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, for a disk that fails")
def test_a_disk_that_fails_and_becomes_read_only_ends_no_daemon(home, start, music):
    daemon = start(home, "unshare", "-m", "sh", "-ec", FAILING_DISK, str(home.state))
    until(lambda: daemon.at_rest(PIECES))
    mounted = Path(f"/proc/{daemon.pid}/mounts").read_text().splitlines()
    device = next(line.split()[0] for line in mounted if f" {home.state.resolve()} " in line)
    Path(f"/sys/fs/ext4/{Path(device).name}/trigger_fs_error").write_text("a test\n")
    shutil.copy(next(music.rglob("*.flac")), home.state.with_name("mine") / "new.flac")

    until(lambda: "the database cannot be used now" in daemon.words())

    assert daemon.ask("/healthz")[0] == 200
    assert daemon.at_rest(PIECES)
    daemon.signal(signal.SIGTERM)
    assert daemon.ended()[0] == 0


# --- where no database can live -----------------------------------------------------


@pytest.mark.fault(44)
@pytest.mark.needs("unshare", "util-linux")
@pytest.mark.skipif(not Path("/dev/fuse").exists(), reason="needs /dev/fuse")
def test_a_share_of_another_machine_is_refused_even_if_it_does_not_answer(home, tmp_path):
    share = tmp_path / "share"
    share.mkdir()
    home.configure(STATE_PATH=share / "state")
    mounted = ("unshare", "-Ur", "-m", sys.executable, "-c", MOUNT_SHARE, str(share))

    done = subprocess.run(
        [*mounted, *PLAYLISTA, "run", "--config", home.config],
        env=home.environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )

    assert done.returncode == 78
    assert "is on fuse.sshfs" in done.stderr
    assert "set STATE_PATH to a disk of this machine" in done.stderr


# --- how it was left ----------------------------------------------------------------


@pytest.mark.fault(44)
def test_only_a_database_that_was_not_closed_in_order_is_looked_through(home, start):
    first = start(home)
    first.stop()
    second = start(home)
    second.signal(signal.SIGKILL)
    second.ended()

    third = start(home)

    assert "not stopped in order" not in second.words()
    assert "not stopped in order" in third.words()


@pytest.mark.fault(44)
def test_a_database_that_lost_its_log_is_filled_up_from_the_disk(home, start, music):
    shutil.copy(next(music.rglob("*.flac")), home.state.with_name("mine") / "new.flac")
    first = start(home)
    until(lambda: first.at_rest(PIECES + 1))
    first.signal(signal.SIGKILL)
    first.ended()
    (home.state / "playlista.db-wal").unlink()

    again = start(home)

    until(lambda: again.at_rest(PIECES + 1))
    assert home.replays()
