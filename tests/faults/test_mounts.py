"""Mounts that come, go, hide each other and hang, under a whole daemon."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from daemons import until
from faults.conftest import seen_by, within
from faults.odd import song
from playlista.intake.intake import HUNG_S

# a fuse whose server never answers, as a share that is gone; it is mounted without a program
MOUNT_HUNG = """
import ctypes, os, sys
server = os.open("/dev/fuse", os.O_RDWR)
options = f"fd={server},rootmode=40000,user_id=0,group_id=0".encode()
libc = ctypes.CDLL(None, use_errno=True)
if libc.mount(b"nas:/", os.fsencode(sys.argv[1]), b"fuse", 0, options):
    sys.exit(os.strerror(ctypes.get_errno()))
os.set_inheritable(server, True)
print("mounted", file=sys.stderr, flush=True)
os.execvp(sys.argv[2], sys.argv[2:])
"""
HOME, DISK = ("own",), ("one", "two", "three")
SOON_S = 40.0
"""A mount is noticed within 2 s, or after a back-off of some seconds; scans are 900 s apart."""


class Machine:
    """A daemon among mounts of its own, with a disk to be mounted at a place in its root.

    The disk is a folder: bound to a place it is a mount like any other, and its files are the
    same ones each time.
    """

    def __init__(self, daemon, home, disk, place):
        self.daemon, self.home, self.disk, self.place = daemon, home, disk, place

    def mount(self):
        within(self.daemon, "mount", "--bind", self.disk, self.place)

    def mount_over(self, *names):
        """Mount another disk, with songs of these names."""
        within(self.daemon, "mount", "-t", "tmpfs", "none", self.place)
        for name in names:
            song(seen_by(self.daemon, self.place) / f"{name}.flac", seconds=1.0)

    def unmount(self):
        within(self.daemon, "umount", self.place)

    @property
    def root(self):
        (root,) = self.daemon.status()["watch"]["roots"]
        return root

    @property
    def forgotten(self):
        """The names of files that count as deleted."""
        rows = self.home.rows("SELECT relpath FROM file WHERE missing_since IS NOT NULL")
        return {Path(os.fsdecode(relpath)).stem for (relpath,) in rows}

    @property
    def rebuilds(self):
        return self.daemon.metric('watch_rebuilds_total{reason="mount"}')


@pytest.fixture(params=["", "nas"], ids=["root", "below"])
def below(request):
    """Where the disk is mounted, relative to the root."""
    return request.param


@pytest.fixture
def boot(make_home, mine, tmp_path, start, private_mounts, below):
    """Return a function that starts a daemon, with its disk mounted or without."""
    disk, place = tmp_path / "disk", mine / below
    for folder in (disk, place):
        folder.mkdir(exist_ok=True)
    for name in DISK:
        song(disk / f"{name}.flac", seconds=1.0)
    if below:
        for name in HOME:
            song(mine / f"{name}.flac", seconds=1.0)
    home = make_home(mine)

    def begin(*, mounted=True):
        script = 'mount --bind "$0" "$1" && shift && exec "$@"' if mounted else 'shift; exec "$@"'
        daemon = start(home, *private_mounts, "sh", "-c", script, str(disk), str(place))
        return Machine(daemon, home, disk, place)

    return begin


@pytest.fixture
def known_n(below):
    """How many songs there are."""
    return len(DISK) + bool(below) * len(HOME)


@pytest.fixture
def machine(boot, known_n):
    """A daemon at rest with its disk mounted."""
    machine = boot()
    until(lambda: machine.daemon.at_rest(known_n))
    return machine


def missed(machine):
    """Tell whether the daemon says that something is not there, and what to do."""
    return "roots confirm" in (machine.root["why"] or "")


def whole(machine):
    return (machine.root["state"], machine.root["why"]) == ("online", None)


@pytest.mark.heavy
@pytest.mark.fault(9)
@pytest.mark.needs("unshare", "util-linux")
def test_what_is_unmounted_is_kept_and_is_back_by_itself(machine, known_n):
    machine.unmount()
    until(lambda: missed(machine), SOON_S)
    song(machine.disk / "meanwhile.flac", seconds=1.0)
    assert not machine.forgotten
    machine.mount()

    until(lambda: whole(machine), SOON_S)
    until(lambda: machine.daemon.at_rest(known_n + 1), SOON_S)
    song(machine.disk / "later.flac", seconds=1.0)
    until(lambda: machine.daemon.at_rest(known_n + 2), SOON_S)
    assert not machine.forgotten
    assert machine.daemon.metric("analyses_total") == known_n + 2


@pytest.mark.heavy
@pytest.mark.fault(9)
@pytest.mark.needs("unshare", "util-linux")
def test_what_is_mounted_over_is_kept_and_is_back_by_itself(machine, known_n):
    machine.mount_over("stranger")
    until(lambda: missed(machine), SOON_S)
    assert not machine.forgotten
    machine.unmount()

    until(lambda: whole(machine), SOON_S)
    until(lambda: machine.daemon.at_rest(known_n), SOON_S)
    assert machine.forgotten <= {"stranger"}


@pytest.mark.heavy
@pytest.mark.fault(9)
@pytest.mark.needs("unshare", "util-linux")
def test_what_is_not_there_at_boot_is_kept_and_is_back_by_itself(machine, boot, known_n):
    machine.daemon.stop()

    later = boot(mounted=False)
    until(lambda: missed(later), SOON_S)
    assert not later.forgotten
    later.mount()

    until(lambda: whole(later), SOON_S)
    song(later.disk / "later.flac", seconds=1.0)
    until(lambda: later.daemon.at_rest(known_n + 1), SOON_S)
    assert later.daemon.metric("analyses_total") == 1


@pytest.mark.fault(9)
@pytest.mark.heavy
@pytest.mark.needs("unshare", "util-linux")
@pytest.mark.parametrize("below", ["nas"], indirect=True)
def test_what_is_mounted_anew_at_once_is_doubted_though_the_table_looks_the_same(boot):
    machine = boot(mounted=False)
    machine.mount_over("one")
    (seen_by(machine.daemon, machine.place) / "album").mkdir()
    until(lambda: machine.daemon.at_rest(2))
    until(lambda: machine.daemon.metric("watches") == 3, SOON_S)
    before = machine.rebuilds

    anew = 'umount "$0" && mount -t tmpfs none "$0"'
    within(machine.daemon, "sh", "-c", anew, machine.place)

    until(lambda: missed(machine), SOON_S)
    assert machine.rebuilds == before + 1
    assert not machine.forgotten


@pytest.mark.fault(9)
@pytest.mark.heavy
@pytest.mark.needs("unshare", "util-linux")
@pytest.mark.parametrize("below", ["nas"], indirect=True)
def test_a_mount_elsewhere_costs_no_observer(machine, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    within(machine.daemon, "mount", "-t", "tmpfs", "none", tmp_path / "elsewhere")
    machine.unmount()  # what comes after it has been noticed, it has been noticed, too
    until(lambda: missed(machine), SOON_S)

    assert machine.rebuilds == 1


@pytest.mark.fault(9)
@pytest.mark.heavy
@pytest.mark.needs("unshare", "util-linux")
@pytest.mark.parametrize("below", ["nas"], indirect=True)
def test_what_never_comes_back_leaves_when_that_is_confirmed(machine):
    machine.unmount()
    until(lambda: missed(machine), SOON_S)
    assert machine.home.call("doctor").returncode == 1
    (told,) = machine.home.facts("roots")
    assert "nas is not mounted: 3 files are kept" in told["why"]
    assert machine.home.call("roots", "confirm", told["path"]).returncode == 0

    machine.daemon.signal(signal.SIGHUP)  # which begins a scan

    until(lambda: whole(machine), SOON_S)
    assert machine.forgotten == set(DISK)
    assert machine.daemon.status()["tracks"]["total"] == len(HOME)


@pytest.mark.fault(9)
@pytest.mark.needs("unshare", "util-linux")
def test_a_folder_that_a_mount_shows_twice_is_scanned_and_costs_no_observer(
    make_home, mine, start, private_mounts
):
    for name in ("album", "again"):
        (mine / name).mkdir()
    home = make_home(mine)
    home.configure(SCAN_INTERVAL_NETWORK_SECONDS=1)
    bind = 'mount --bind "$0/album" "$0/again"; exec "$@"'
    daemon = start(home, *private_mounts, "sh", "-c", bind, str(mine))

    until(lambda: daemon.status()["watch"]["roots"][0]["degraded"] == "twice")
    song(mine / "album" / "one.flac", seconds=1.0)

    until(lambda: daemon.at_rest(2))
    assert daemon.status()["watch"]["roots"][0]["mode"] == "events"
    assert daemon.metric('watch_rebuilds_total{reason="unwatched"}') == 0


# --- the kernel's own -------------------------------------------------------------------


@pytest.mark.fault(47)
@pytest.mark.needs("unshare", "util-linux")
def test_file_systems_of_the_kernels_own_below_a_root_are_not_entered(
    make_home, mine, songs, start, private_mounts
):
    songs("one")
    for name in ("proc", "sys", "dev"):
        (mine / name).mkdir()
    bind = 'for it in proc sys dev; do mount --rbind "/$it" "$0/$it"; done; exec "$@"'

    daemon = start(make_home(mine), *private_mounts, "sh", "-c", bind, str(mine))

    until(lambda: daemon.at_rest(1))
    assert daemon.home.rows("SELECT count(*) FROM file") == [(1,)]
    assert daemon.metric("watches") == 1
    (said,) = [line for line in daemon.words().splitlines() if "the kernel's own" in line]
    assert "dev, " in said


# --- a disk that does not answer ----------------------------------------------------------


@pytest.fixture
def share(tmp_path):
    """The mount point of a share."""
    if not Path("/dev/fuse").exists():
        pytest.skip("needs /dev/fuse: modprobe fuse")
    folder = tmp_path / "share"
    folder.mkdir()
    return folder


def hung(daemon):
    first, _ = daemon.status()["watch"]["roots"]
    return first["state"] == "hung"


@pytest.mark.fault(9)
@pytest.mark.needs("unshare", "util-linux")
def test_a_share_that_hangs_at_boot_holds_up_no_other_root(
    make_home, mine, songs, share, start, private_mounts
):
    songs("one", "two")
    mount = (sys.executable, "-c", MOUNT_HUNG, str(share))

    daemon = start(make_home(share, mine), *private_mounts, *mount)

    until(lambda: daemon.status()["tracks"]["full"] == 2)
    songs("three")
    until(lambda: daemon.status()["tracks"]["full"] == 3)
    assert [root["state"] for root in daemon.status()["watch"]["roots"]][1] == "online"
    daemon.signal(signal.SIGTERM)
    assert daemon.ended()[0] == 0


@pytest.mark.fault(9)
@pytest.mark.heavy
@pytest.mark.timeout(180)
@pytest.mark.needs("unshare", "util-linux")
def test_a_share_that_hangs_is_named_and_the_daemon_is_ready_without_it(
    make_home, mine, songs, share, start, private_mounts
):
    songs("one")
    mount = (sys.executable, "-c", MOUNT_HUNG, str(share))

    daemon = start(make_home(share, mine), *private_mounts, *mount)

    until(lambda: hung(daemon), 2 * HUNG_S)
    until(lambda: daemon.at_rest(1))


@pytest.mark.fault(9)
@pytest.mark.heavy
@pytest.mark.needs("unshare", "util-linux")
def test_a_share_that_hangs_when_it_is_configured_holds_up_no_other_root(
    make_home, mine, songs, share, start, private_mounts
):
    songs("one")
    home = make_home(mine)
    daemon = start(home, *private_mounts)
    until(lambda: daemon.at_rest(1))
    where = ("nsenter", "--target", str(daemon.pid), "--user", "--mount")
    words = (*where, sys.executable, "-c", MOUNT_HUNG, share, "sleep", "60")
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr.readline() == "mounted\n"
        home.configure(MUSIC_PATHS=f"{share}:{mine}")

        daemon.signal(signal.SIGHUP)
        until(lambda: len(daemon.status()["watch"]["roots"]) == 2)
        songs("two")

        until(lambda: daemon.status()["tracks"]["full"] == 2)
        told = home.call("doctor", prefix=where)
        assert told.returncode == 1
        assert "does not answer" in told.stdout
        server.kill()
