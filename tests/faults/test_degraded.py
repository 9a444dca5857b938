"""Music folders in which not every change gives an event: scans find it, and a person is told."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from daemons import until
from faults.conftest import private, within
from faults.odd import song

FOLDERS = 200
NEXT_TRY_S = 90.0
"""The waits between two tries double."""
FEW = 'echo 50 >/proc/sys/user/max_inotify_watches && exec "$@"'
ENOUGH = "echo 5000 >/proc/sys/user/max_inotify_watches"
OVERLAY = (
    'mount -t overlay -o lowerdir="$0",upperdir="$1",workdir="$2" none "$3"; shift 3; exec "$@"'
)


@pytest.fixture
def home(make_home, mine):
    """A home that looks through its one folder each second, if not every change gives an event."""
    home = make_home(mine)
    home.configure(SCAN_INTERVAL_NETWORK_SECONDS=1, SETTLE_NETWORK_SECONDS=0.5)
    return home


@pytest.fixture
def beneath(tmp_path):
    """What a music folder only shows."""
    folder = tmp_path / "beneath"
    folder.mkdir()
    return folder


@pytest.fixture
def share(mine, beneath):
    """The command that enters mounts in which the music folder is a share of type sshfs."""
    command = ("bindfs", "-f", "-o", "subtype=sshfs", str(beneath), str(mine))
    server = subprocess.Popen([*private("mount"), *command])
    mounts = Path(f"/proc/{server.pid}/mountinfo")
    until(lambda: "fuse.sshfs" in mounts.read_text())
    yield ("nsenter", "--target", str(server.pid), "--user", "--mount")
    server.terminate()
    server.wait()


def the_root(daemon):
    watch = daemon.status()["watch"]
    assert watch["degraded"] == (watch["roots"][0]["degraded"] is not None)
    return watch["roots"][0]


def total(daemon):
    return daemon.status()["tracks"]["total"]


@pytest.mark.fault(4)
def test_at_the_limit_of_watches_scans_find_everything_until_it_is_raised(
    home, mine, start, private_mounts
):
    for number in range(FOLDERS):
        (mine / str(number)).mkdir()
    daemon = start(home, *private_mounts, "sh", "-c", FEW, "sh")
    until(lambda: the_root(daemon)["degraded"] == "watches")

    for number in range(FOLDERS):
        (mine / str(number) / "no music.txt").write_bytes(b"no music")

    until(lambda: daemon.home.rows("SELECT count(*) FROM file") == [(FOLDERS,)])
    assert the_root(daemon)["mode"] == "events"
    until(lambda: daemon.metric('watch_roots{state="degraded"}') == 1)
    assert daemon.words().count("raise fs.inotify.max_user_watches") == 1
    within(daemon, "sh", "-c", ENOUGH)
    until(lambda: daemon.metric("watches") == FOLDERS + 1)
    until(lambda: the_root(daemon)["degraded"] is None)


@pytest.mark.fault(5)
@pytest.mark.timeout(180)
def test_without_an_inotify_instance_it_scans_until_there_is_one(home, mine, start, private_mounts):
    none = 'echo 0 >/proc/sys/user/max_inotify_instances && exec "$@"'
    daemon = start(home, *private_mounts, "sh", "-c", none, "sh")
    until(lambda: the_root(daemon)["degraded"] == "instances")
    assert the_root(daemon)["mode"] == "scan"
    assert "raise fs.inotify.max_user_instances" in daemon.words()
    song(mine / "one.flac", seconds=1.0)
    until(lambda: total(daemon) == 1)

    within(daemon, "sh", "-c", "echo 100 >/proc/sys/user/max_inotify_instances")

    until(lambda: the_root(daemon)["mode"] == "events", NEXT_TRY_S)
    until(lambda: the_root(daemon)["degraded"] is None)


@pytest.mark.needs("bindfs", "bindfs")
def test_on_a_share_of_another_machine_it_scans_and_says_so(home, beneath, start, share):
    song(beneath / "one.flac", seconds=1.0)
    daemon = start(home, *share)
    until(lambda: daemon.at_rest(1))

    song(beneath / "two.flac", seconds=1.0)

    until(lambda: daemon.at_rest(2))
    root = the_root(daemon)
    assert (root["state"], root["mode"], root["degraded"]) == ("online", "scan", "network")
    assert "on fuse.sshfs" in root["why"]
    assert daemon.words().count("SCAN_INTERVAL_NETWORK_SECONDS") == 1
    assert daemon.metric("watches") == 0


@pytest.mark.fault(9)
@pytest.mark.needs("bindfs", "bindfs")
def test_a_share_whose_inodes_are_others_after_each_mount_is_heard_once(
    home, beneath, start, share
):
    tracks = [song(beneath / f"{name}.flac") for name in ("one", "two", "three")]
    first = start(home, *share)
    until(lambda: first.at_rest(3))
    assert first.metric("analyses_total") == 3
    first.stop()
    for track in tracks:
        shutil.copy2(track, track.with_suffix(".new"))
        track.with_suffix(".new").replace(track)

    again = start(home, *share)
    until(lambda: again.at_rest(3))

    assert again.metric("analyses_total") == 0


@pytest.mark.needs("bindfs", "bindfs")
def test_a_share_of_another_machine_is_told_with_what_is_done_about_it(home, mine, share):
    told = json.loads(home.call("doctor", "--json", prefix=share).stdout)

    (music,) = [finding for finding in told if finding["what"] == f"music {mine}"]
    assert "every SCAN_INTERVAL_NETWORK_SECONDS" in music["found"]
    (watches,) = [finding for finding in told if finding["what"] == "inotify max_user_watches"]
    assert watches["found"].endswith(", 0 needed")


@pytest.mark.needs("bindfs", "bindfs")
def test_a_share_below_a_music_folder_is_told_by_its_place(home, mine, share):
    home.configure(MUSIC_PATHS=mine.parent)

    told = json.loads(home.call("doctor", "--json", prefix=share).stdout)

    (music,) = [finding for finding in told if finding["what"] == f"music {mine.parent}"]
    assert "mine: on fuse.sshfs" in music["found"]


def test_what_is_changed_beneath_an_overlay_is_found_by_scans(
    home, mine, beneath, tmp_path, start, private_mounts
):
    for name in ("upper", "work"):
        (tmp_path / name).mkdir()
    layers = (str(beneath), str(tmp_path / "upper"), str(tmp_path / "work"), str(mine))
    daemon = start(home, *private_mounts, "sh", "-ec", OVERLAY, *layers)
    until(lambda: the_root(daemon)["degraded"] == "layers")
    assert the_root(daemon)["mode"] == "events"

    song(beneath / "one.flac", seconds=1.0)

    until(lambda: daemon.at_rest(1))
