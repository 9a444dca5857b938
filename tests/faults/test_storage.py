"""Where the daemon writes: a disk that refuses, a neighbour that locks, a player that reads."""

import contextlib
import sqlite3
import subprocess
import time

import pytest

import sounds
from daemons import PIECES, piece, until
from faults.conftest import sabotage, seen_by, within
from playlista.store.database import BUSY_S

BIND = 'mount --bind "$0" "$0" && exec "$@"'
READ_ONLY = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"'
SMALL = 'mount -t tmpfs -o size=256k none "$0" && exec "$@"'
TINY = 'mount -t tmpfs -o size=4m none "$0" && exec "$@"'
IMMUTABLE = ("playlista.db", "playlista.db-wal")


@pytest.fixture
def resting(home, start):
    """Return a function that starts a daemon, if need be through a program, and lets it rest."""

    def begin(*prefix):
        daemon = start(home, *prefix)
        until(lambda: daemon.at_rest(PIECES))
        return daemon

    return begin


@pytest.fixture
def land(tmp_path):
    """Return a function that lets one more track land."""
    return lambda: sounds.write(tmp_path / "mine" / "landed.flac", piece(PIECES))


@contextlib.contextmanager
def immutable(folder):
    """Let nobody write the database, not even through an open descriptor."""
    files = [folder / name for name in IMMUTABLE]
    done = subprocess.run(["chattr", "+i", *files], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"needs a file system with attributes, and root: {done.stderr}")
    try:
        yield
    finally:
        subprocess.run(["chattr", "-i", *files], check=True)


@pytest.mark.fault(42)
@pytest.mark.needs("chattr", "e2fsprogs")
def test_a_database_that_becomes_read_only_is_waited_for_and_nothing_is_lost(home, resting, land):
    daemon = resting()

    with immutable(home.state):
        land()
        until(lambda: "the database cannot be used now" in daemon.words())
        assert daemon.ask("/healthz")[0] == 200
        assert daemon.status()["tracks"]["total"] == PIECES

    until(lambda: daemon.at_rest(PIECES + 1))
    assert home.facts("failures") == []


@pytest.mark.fault(42)
def test_a_state_folder_that_is_read_only_at_the_start_is_named_in_one_line(home, private_mounts):
    done = home.call("run", prefix=(*private_mounts, "sh", "-c", READ_ONLY, str(home.state)))

    assert done.returncode == 65
    assert done.stderr == (
        f"playlista: cannot write in {home.state}: Read-only file system: "
        "make that disk writable again, or set STATE_PATH to another\n"
    )


@pytest.mark.fault(41)
def test_a_full_disk_under_the_database_is_waited_for(
    make_home, mine, songs, start, private_mounts
):
    home = make_home(mine)
    home.state.mkdir()
    songs("one")
    daemon = start(home, *private_mounts, "sh", "-c", TINY, str(home.state))
    until(lambda: daemon.at_rest(1))
    ballast = seen_by(daemon, home.state) / "ballast"
    fill_up(ballast)

    songs(*"23456789")

    until(lambda: "the database cannot be used now" in daemon.words())
    assert daemon.ask("/healthz")[0] == 200
    ballast.unlink()
    until(lambda: daemon.at_rest(9))
    assert daemon.status()["tracks"]["full"] == 9


@pytest.fixture
def hold(home, resting, land):
    """Return a function that lets another process hold the database so long."""

    def for_seconds(seconds):
        daemon = resting()
        with contextlib.closing(sqlite3.connect(home.state / "playlista.db")) as neighbour:
            neighbour.execute("BEGIN IMMEDIATE")
            land()
            time.sleep(seconds)
            assert daemon.status()["tracks"]["total"] == PIECES
            assert daemon.ask("/healthz")[0] == 200
        return daemon

    return for_seconds


@pytest.mark.fault(43)
def test_a_database_that_another_process_holds_for_longer_than_sqlite_waits_is_waited_for(hold):
    daemon = hold(BUSY_S + 2)

    until(lambda: daemon.at_rest(PIECES + 1))


@pytest.mark.heavy
@pytest.mark.fault(43)
@pytest.mark.timeout(180)
def test_a_database_that_another_process_holds_for_a_minute_is_waited_for(hold):
    daemon = hold(60)

    until(lambda: daemon.at_rest(PIECES + 1))


@pytest.mark.fault(46)
def test_a_playlist_folder_that_becomes_read_only_keeps_its_lists_until_it_is_not(
    home, resting, land, private_mounts
):
    daemon = resting(*private_mounts, "sh", "-c", BIND, str(home.playlists))
    before = home.lists()
    within(daemon, "mount", "-o", "remount,bind,ro", home.playlists)

    landed = land()

    until(lambda: "playlists are not up to date" in daemon.words())
    assert home.lists() == before
    assert daemon.ask("/healthz")[0] == 200
    within(daemon, "mount", "-o", "remount,bind,rw", home.playlists)
    until(lambda: landed in home.paths() and home.replays())


@pytest.mark.fault(46)
def test_a_full_playlist_folder_keeps_its_lists_whole_until_there_is_room(
    home, resting, land, private_mounts
):
    daemon = resting(*private_mounts, "sh", "-c", SMALL, str(home.playlists))
    seen = seen_by(daemon, home.playlists)
    before = until(lambda: contents(seen) == contents(home.playlists) and contents(seen))
    fill_up(seen / "ballast")

    landed = land()

    until(lambda: "playlists are not up to date" in daemon.words())
    assert contents(seen) == before
    (seen / "ballast").unlink()
    until(lambda: any(landed.name.encode() in text for text in contents(seen).values()))


def fill_up(ballast):
    """Leave no room on a small disk."""
    with ballast.open("wb", 0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))


def contents(folder):
    return {file.name: file.read_bytes() for file in folder.glob("*.m3u8")}


@pytest.mark.fault(46)
def test_a_player_that_has_a_list_open_reads_it_to_its_end(home, resting, land):
    resting()
    recent = home.playlists / "recently-added.m3u8"
    before = recent.read_bytes()

    with recent.open("rb", 0) as player:
        begun = player.read(10)
        landed = land()
        until(lambda: landed in home.paths() and recent.read_bytes() != before)

        assert begun + player.read() == before


@pytest.mark.fault(50)
def test_a_newer_stage_is_heard_again_and_an_older_program_leaves_it_alone(home, start):
    upgraded = start(home, **sabotage(NEWER="beats"))
    until(lambda: upgraded.at_rest(PIECES))
    assert upgraded.metric('analyses_total{outcome="ok",tier="full"}') == PIECES
    upgraded.stop()

    downgraded = start(home)

    until(lambda: downgraded.at_rest(PIECES))
    assert downgraded.metric("analyses_total") == 0
    assert home.rows("SELECT DISTINCT json_extract(done, '$.beats') FROM audio") == [(2,)]


@pytest.mark.fault(50)
def test_an_upgrade_that_is_taken_back_midway_leaves_nothing_to_do(home, start):
    upgraded = start(home, **sabotage(NEWER="beats"))
    until(lambda: upgraded.busy)
    for worker in upgraded.workers:
        worker.suspend()
    assert home.rows("SELECT count(*) FROM job") > [(0,)]
    upgraded.stop()

    downgraded = start(home)

    until(lambda: downgraded.at_rest(PIECES))
    assert downgraded.metric("analyses_total") == 0
    assert home.rows("SELECT * FROM job") == []
