"""Folders that move, names that are strange, and threads that die, under a whole daemon."""

import os
import shutil
import signal
import time
import unicodedata

import pytest

from daemons import MORTAL, until
from faults.conftest import sabotage
from faults.odd import song

NOTE = "playlista.watch.dirty:Dirty.note"
NOTICED_S = 5.0
"""A thread's death must be noticed in so long."""
REPLACED_S = 10.0
STALLED_S = 120.0
"""A cookie is asked for each minute, and may take its time."""
CROWD_S = 90.0
"""For some thousand files, well before the next scan."""
NAMES = (
    os.fsdecode(b"caf\xe9.flac"),
    "two\nlines.flac",
    "x" * 250 + ".flac",
    unicodedata.normalize("NFC", "é.flac"),
    unicodedata.normalize("NFD", "é.flac"),
    "Case.flac",
    "case.flac",
    " -rf.flac",
    "\u202eright to left.flac",
    "🎵.flac",
)
DEPTH = 20
"""Folders of 250 bytes inside one another: 5,000 bytes are beyond PATH_MAX, 4,096."""


def total(daemon):
    return daemon.status()["tracks"]["total"]


def the_root(daemon):
    """Return the state of the first root, and why."""
    root = daemon.status()["watch"]["roots"][0]
    return root["state"], root["why"]


def known(daemon):
    return daemon.home.rows("SELECT count(*) FROM file")[0][0]


def rebuilds(daemon, why):
    return daemon.metric(f'watch_rebuilds_total{{reason="{why}"}}')


@pytest.fixture
def lone(make_home, mine, songs, start):
    """Return a function that starts a daemon on one folder of three songs, and waits for them."""

    def begin(**environ):
        songs("one", "two", "three")
        daemon = start(make_home(mine), **environ)
        until(lambda: daemon.at_rest(3))
        return daemon

    return begin


@pytest.mark.fault(7)
def test_an_album_that_moves_between_roots_and_is_deleted_deafens_neither(
    make_home, tmp_path, start
):
    incoming, library = tmp_path / "incoming", tmp_path / "library"
    for folder in (incoming / "album", library / "other"):
        folder.mkdir(parents=True)
        song(folder / "one.flac", seconds=1.0)
    daemon = start(make_home(incoming, library))
    until(lambda: daemon.at_rest(2))

    album = incoming / "album"
    for step in (
        lambda: album.rename(library / "album"),
        album.mkdir,
        album.rmdir,
        lambda: shutil.rmtree(library / "album"),
    ):
        step()
        time.sleep(0.2)  # each must be seen by itself

    until(lambda: rebuilds(daemon, "thread"), NOTICED_S)
    for number, root in enumerate((incoming, library)):
        song(root / f"new {number}.flac", seconds=1.0)
    until(lambda: total(daemon) == 3, REPLACED_S)


@pytest.mark.fault(8)
def test_a_root_that_is_renamed_and_put_back_keeps_its_tracks_and_is_heard_again(lone, mine, songs):
    daemon = lone()

    mine.rename(mine.with_name("away"))
    state, why = until(lambda: the_root(daemon)[1] and the_root(daemon))
    assert (state, total(daemon)) == ("offline", 3)
    mine.mkdir()
    until(lambda: the_root(daemon)[1] not in {None, why})
    assert (the_root(daemon)[0], total(daemon)) == ("offline", 3)
    mine.rmdir()
    mine.with_name("away").rename(mine)

    until(lambda: the_root(daemon) == ("online", None))
    songs("four")
    until(lambda: daemon.at_rest(4))
    assert daemon.metric("analyses_total") == 4


@pytest.mark.fault(10)
@pytest.mark.needs("setpriv", "util-linux")
def test_a_folder_that_cannot_be_read_keeps_its_tracks_and_is_picked_up_later(
    make_home, mine, songs, start
):
    (mine / "album").mkdir()
    songs("one", "album/two")
    daemon = start(make_home(mine), *MORTAL)
    until(lambda: daemon.at_rest(2))

    (mine / "album").chmod(0)
    song(mine / "album" / "three.flac", seconds=1.0)  # root may: the daemon here may not
    until(lambda: the_root(daemon)[1])
    assert total(daemon) == 2
    (mine / "album").chmod(0o755)

    until(lambda: daemon.at_rest(3))
    until(lambda: the_root(daemon) == ("online", None))
    assert daemon.metric("analyses_total") == 3


@pytest.mark.fault(10)
@pytest.mark.needs("setpriv", "util-linux")
def test_a_folder_that_could_not_be_read_from_the_start_is_heard_once_it_can(
    make_home, mine, songs, start
):
    (mine / "album").mkdir()
    songs("one", "album/two")
    (mine / "album").chmod(0)
    daemon = start(make_home(mine), *MORTAL)
    until(lambda: daemon.at_rest(1))
    assert daemon.status()["watch"]["roots"][0]["degraded"] == "unreadable"

    (mine / "album").chmod(0o755)

    until(lambda: daemon.at_rest(2))
    until(lambda: rebuilds(daemon, "unwatched") == 1)
    until(lambda: the_root(daemon) == ("online", None))
    songs("album/three")
    until(lambda: daemon.at_rest(3))


@pytest.mark.fault(6)
@pytest.mark.timeout(240)
def test_folders_that_are_made_filled_and_renamed_in_a_hurry_are_all_heard_later(
    make_home, mine, start
):
    daemon = start(make_home(mine))
    fresh = mine / "fresh"
    for number in range(1000):
        (fresh / "inner").mkdir(parents=True)
        for folder in (fresh, fresh / "inner"):
            (folder / "early.txt").write_bytes(b"no music")
        fresh.rename(mine / str(number))
    until(lambda: known(daemon) == 2000, CROWD_S)

    for folder in (mine, *mine.rglob("*/")):
        (folder / "late.txt").write_bytes(b"no music")

    until(lambda: known(daemon) == 4001, CROWD_S)


@pytest.mark.fault(11)
def test_links_in_a_ring_and_out_of_the_root_are_not_followed(
    make_home, mine, songs, tmp_path, start
):
    songs("one")
    (tmp_path / "outside").mkdir()
    song(tmp_path / "outside" / "two.flac", seconds=1.0)
    (mine / "ring").mkdir()
    (mine / "ring" / "up").symlink_to("..")
    (mine / "ring" / "itself").symlink_to("itself")
    (mine / "out").symlink_to(tmp_path / "outside")

    daemon = start(make_home(mine))

    until(lambda: daemon.at_rest(1))
    song(tmp_path / "outside" / "three.flac", seconds=1.0)
    songs("four")
    until(lambda: daemon.at_rest(2))


@pytest.mark.fault(12)
def test_strange_names_are_kept_byte_for_byte_and_shown_in_one_line(make_home, mine, start):
    whole = song(mine / "whole.flac", seconds=1.0).read_bytes()
    (mine / "whole.flac").unlink()
    for name in NAMES:
        (mine / name).write_bytes(whole)
    home = make_home(mine)

    daemon = start(home)

    until(lambda: daemon.at_rest(len(NAMES)))
    stored = {row[0] for row in home.rows("SELECT relpath FROM file")}
    assert stored == {os.fsencode(name) for name in NAMES}
    for name in NAMES:
        assert home.facts("explain", mine / name)["path"].isprintable()
    assert "two\nlines" not in daemon.words()


@pytest.mark.fault(12)
def test_a_change_of_case_alone_is_a_rename(lone, mine):
    daemon = lone()

    (mine / "one.flac").rename(mine / "ONE.flac")

    until(lambda: (b"ONE.flac",) in daemon.home.rows("SELECT relpath FROM file"))
    assert total(daemon) == 3
    assert daemon.metric("analyses_total") == 3


@pytest.mark.fault(12)
def test_a_path_too_long_for_the_kernel_holds_up_no_other(make_home, mine, songs, start):
    songs("one")
    folder = os.open(mine, os.O_RDONLY)
    for _ in range(DEPTH):
        os.mkdir("y" * 250, dir_fd=folder)
        inner = os.open("y" * 250, os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = inner
    os.close(os.open("deep.flac", os.O_CREAT, dir_fd=folder))
    os.close(folder)

    daemon = start(make_home(mine))

    until(lambda: daemon.at_rest(1))
    songs("two")
    until(lambda: daemon.at_rest(2))
    assert the_root(daemon)[0] == "online"


@pytest.mark.fault(13)
def test_a_handler_that_raises_costs_an_observer_and_no_file(lone, songs):
    daemon = lone(**sabotage(CALL=NOTE))

    songs("raise", "four")

    until(lambda: rebuilds(daemon, "thread"), NOTICED_S)
    until(lambda: daemon.at_rest(5), REPLACED_S)


@pytest.mark.heavy
@pytest.mark.fault(14)
@pytest.mark.parametrize("thread", ["Descriptor", "Emitter", "Observer"])
def test_a_thread_of_the_watcher_that_dies_is_replaced_and_nothing_is_lost(lone, songs, thread):
    daemon = lone(**sabotage(THREAD=thread))

    daemon.signal(signal.SIGRTMIN)
    songs("four")

    until(lambda: rebuilds(daemon, "thread"), NOTICED_S)
    songs("five")
    until(lambda: daemon.at_rest(5), REPLACED_S)


@pytest.mark.heavy
@pytest.mark.fault(14)
@pytest.mark.timeout(240)
def test_a_thread_of_the_watcher_that_lives_and_passes_nothing_on_is_replaced(lone, songs):
    daemon = lone(**sabotage(CALL=NOTE))

    songs("stall")

    until(lambda: rebuilds(daemon, "cookie") == 1, STALLED_S)
    songs("four")
    until(lambda: daemon.at_rest(5), REPLACED_S)


@pytest.mark.heavy
@pytest.mark.fault(14)
@pytest.mark.parametrize("thread", ["intake", "intake-1", "dispatch", "model", "composer", "http"])
def test_a_part_that_dies_ends_the_daemon_so_that_systemd_starts_it_again(lone, songs, thread):
    daemon = lone(**sabotage(THREAD=thread))

    daemon.signal(signal.SIGRTMIN)
    songs("four")

    assert daemon.ended()[0] == 1
    assert "Broken" in daemon.words()
