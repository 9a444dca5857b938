import errno
import os
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path

import pytest
from watchdog.observers.inotify_c import inotify_rm_watch

from playlista.watch import limits
from playlista.watch.dirty import WatchEvent
from playlista.watch.observer import RootObserver, Trouble
from watch.conftest import until


def descriptors():
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.fixture
def left():
    """Return a function that counts the descriptors and threads that are more than before."""
    before = descriptors(), threading.active_count()
    return lambda: (descriptors() - before[0], threading.active_count() - before[1])


def test_a_file_that_was_written_and_closed_is_noted_as_finished(watched, music, noted):
    (music / "album" / "song.flac").write_bytes(b"fLaC")
    until(watched._observer.event_queue.empty)
    time.sleep(0.1)

    assert noted(b"album/song.flac") == {b"album/song.flac": True}


@pytest.mark.usefixtures("watched")
def test_a_file_that_is_still_open_is_not_finished(music, noted):
    with (music / "song.flac").open("wb"):
        assert noted(b"song.flac") == {b"song.flac": False}


@pytest.mark.usefixtures("watched")
def test_a_file_moved_in_is_finished(music, noted, tmp_path):
    (tmp_path / "song.flac").touch()
    (tmp_path / "song.flac").rename(music / "song.flac")

    assert noted(b"song.flac") == {b"song.flac": True}


@pytest.mark.usefixtures("watched")
def test_a_rename_notes_both_names(music, noted):
    (music / "a.flac").touch()
    noted(b"a.flac")
    (music / "a.flac").rename(music / "b.flac")

    assert {b"a.flac", b"b.flac"} <= noted(b"b.flac").keys()


@pytest.mark.usefixtures("watched")
def test_the_rename_that_ends_a_download_names_the_real_file_only(music, noted):
    (music / "song.flac.part").write_bytes(b"fLaC")
    (music / "song.flac.part").rename(music / "song.flac")

    assert noted(b"song.flac") == {b"song.flac": True}


@pytest.mark.usefixtures("watched")
def test_a_deleted_file_is_noted(music, noted):
    (music / "album").rmdir()

    assert b"album" in noted(b"album")


@pytest.mark.usefixtures("watched")
def test_our_own_reads_make_no_events(music, dirty, noted):
    (music / "song.flac").write_bytes(b"fLaC")
    noted(b"song.flac")
    time.sleep(0.2)
    dirty.take()
    for _ in range(3):
        (music / "song.flac").read_bytes()
        list(music.rglob("*"))
    time.sleep(0.2)

    assert not dirty


def test_our_own_folders_are_not_noted(music, dirty, cookies, noted):
    (music / "lists").mkdir()
    observer = RootObserver(os.fsencode(music), dirty, frozenset({b"lists"}), cookies)
    (music / "lists" / "a.m3u8").touch()
    (music / "song.flac").touch()

    assert noted(b"song.flac").keys() == {b"song.flac"}
    observer.stop()


def test_what_is_excluded_is_not_even_watched(music, dirty, cookies):
    (music / "lists" / "deep").mkdir(parents=True)
    (music / "album").mkdir()
    observer = RootObserver(os.fsencode(music), dirty, frozenset({b"lists"}), cookies)

    assert observer.watches_n == 2
    observer.stop()


def test_a_folder_that_is_excluded_and_made_later_is_not_watched(music, dirty, cookies, noted):
    observer = RootObserver(os.fsencode(music), dirty, frozenset({b"lists"}), cookies)
    (music / "lists").mkdir()
    (music / "album").mkdir()
    noted(b"album")

    assert observer.watches_n == 2
    observer.stop()


@pytest.mark.fault(9)
def test_an_observer_that_skips_what_should_be_watched_now_is_in_trouble(music, dirty, cookies):
    excluded = {b"nas"}
    observer = RootObserver(os.fsencode(music), dirty, excluded, cookies)
    assert observer.trouble() is None

    excluded.clear()

    assert observer.trouble() == Trouble.MOUNT
    observer.stop()


def test_a_root_that_is_a_link_is_observed(music, tmp_path, dirty, cookies, noted):
    link = tmp_path / "link"
    link.symlink_to(music)
    observer = RootObserver(os.fsencode(link), dirty, frozenset(), cookies)
    (music / "song.flac").touch()

    assert b"song.flac" in noted(b"song.flac")
    observer.stop()


@pytest.mark.usefixtures("watched")
def test_names_that_are_not_utf8_are_noted_as_they_are(music, noted):
    (music / os.fsdecode(b"caf\xe9\n.flac")).touch()

    assert b"caf\xe9\n.flac" in noted(b"caf\xe9\n.flac")


def test_a_steady_observer_is_in_no_trouble(watched):
    assert watched.trouble() is None
    assert watched.watches_n == 2


def test_a_missing_root_cannot_be_observed(tmp_path, dirty, cookies):
    with pytest.raises(FileNotFoundError):
        RootObserver(os.fsencode(tmp_path / "none"), dirty, frozenset(), cookies)


def test_a_failed_start_leaves_no_descriptor_behind(tmp_path, dirty, cookies):
    before = descriptors()
    for _ in range(3):
        with pytest.raises(FileNotFoundError):
            RootObserver(os.fsencode(tmp_path / "none"), dirty, frozenset(), cookies)

    assert descriptors() == before


def test_a_stopped_observer_leaves_no_descriptor_behind(music, dirty, cookies):
    before = descriptors()
    RootObserver(os.fsencode(music), dirty, frozenset(), cookies).stop()

    assert descriptors() == before


@pytest.mark.fault(6)
def test_an_observer_whose_tables_are_wrong_leaves_nothing_behind(left, watched, confused):
    assert not watched.is_watched(confused)

    watched.stop()

    assert left() == (0, 0)


@pytest.mark.fault(14)
def test_a_reading_thread_that_died_leaves_nothing_behind(left, watched, music, monkeypatch):
    def broken():
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(watched._observer.descriptor, "_check_inotify_fd", broken)
    (music / "song.flac").touch()
    assert until(lambda: watched.trouble() == Trouble.THREAD)

    watched.stop()

    assert left() == (0, 0)


@pytest.mark.fault(4)
def test_a_limit_that_was_raised_is_trouble(watched, monkeypatch):
    watched._observer.descriptor.limit_reached = True
    assert watched.trouble() is None

    monkeypatch.setattr(limits, "watches", lambda: 10**9)

    assert watched.trouble() == Trouble.UNWATCHED


@pytest.mark.fault(8)
def test_a_root_replaced_under_its_name_is_trouble(watched, music, tmp_path):
    music.rename(tmp_path / "old")
    music.mkdir()

    assert watched.trouble() == Trouble.ROOT


@pytest.mark.fault(9)
def test_a_root_that_lost_its_watches_as_an_unmount_does_is_trouble(watched):
    descriptor = watched._observer.descriptor
    for wd in list(descriptor._watch_for_wd):
        inotify_rm_watch(descriptor._inotify_fd, wd)

    assert until(lambda: watched.trouble() == Trouble.ROOT)


@pytest.mark.fault(8)
def test_a_root_that_is_deleted_is_trouble(watched, music):
    (music / "album").rmdir()
    music.rmdir()

    assert until(watched.trouble)


@pytest.mark.fault(13)
def test_a_handler_that_raises_is_trouble_and_not_silence(watched, music, dirty, monkeypatch):
    def broken(*_args, **_options):
        raise ValueError

    monkeypatch.setattr(dirty, "note", broken)
    (music / "song.flac").touch()

    assert until(lambda: watched.trouble() == Trouble.THREAD)


@pytest.mark.fault(7)
def test_the_thread_death_of_a_reappearing_folder_is_trouble(watched, music, tmp_path):
    """watching.md §1.7: watchdog 7.1 goes deaf for ever, with all but one thread alive."""
    steps = (
        lambda: (music / "album").rename(tmp_path / "out"),
        (music / "album").mkdir,
        (music / "album").rmdir,
        (tmp_path / "out").rmdir,
    )
    for step in steps:
        step()
        time.sleep(0.1)  # each must be seen by itself

    assert until(lambda: watched.trouble() == Trouble.THREAD)


@pytest.mark.fault(14)
@pytest.mark.parametrize("name", ["descriptor", "emitter", "observer"])
def test_the_end_of_any_thread_is_trouble(watched, name):
    inner = watched._observer
    emitter = watched._emitter
    {"descriptor": inner.descriptor, "emitter": emitter, "observer": inner}[name].stop()

    assert until(lambda: watched.trouble() == Trouble.THREAD)


@pytest.mark.fault(3)
def test_an_overflow_is_trouble_and_is_not_repaired_in_place(watched, music):
    limit = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    with watched._observer.descriptor._lock:  # the reading thread holds still
        for _ in range(limit // 2 + 100):
            (music / "album" / "song.flac").touch()
            (music / "album" / "song.flac").unlink()

    assert until(lambda: watched.trouble() == Trouble.OVERFLOW)


def test_nested_folders_made_in_a_hurry_raise_no_warning(watched, music, noted):
    """watching.md §1.6: the text of that warning is the whole table of watches."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for n in range(20):
            (music / f"{n}" / "/".join("abcdefgh")).mkdir(parents=True)
            (music / f"{n}" / "song.flac").touch()
        noted(b"19/song.flac")

        assert watched.trouble() is None


@pytest.mark.fault(38)
def test_the_descriptor_is_not_inherited(watched):
    assert not os.get_inheritable(watched._observer.descriptor._inotify_fd)


@pytest.mark.fault(5)
def test_a_machine_without_instances_left_says_so(tmp_path):
    code = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from playlista.watch.dirty import Dirty\n"
        "from playlista.watch.observer import RootObserver\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (8, 8))\n"
        "try:\n"
        "    root, cookies = sys.argv[1].encode(), Path(sys.argv[1], 'cookies')\n"
        "    kept = [RootObserver(root, Dirty(bool), frozenset(), cookies) for _ in range(9)]\n"
        "except OSError as error:\n"
        "    print(error.errno)\n"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=True
    )

    assert shown.stdout.strip() == "24"


@pytest.mark.usefixtures("watched")
def test_events_are_counted_by_kind(music, dirty):
    (music / "song.flac").touch()
    time.sleep(0.3)

    assert dirty.take().events == {WatchEvent.CREATED: 1, WatchEvent.CLOSED: 1}
