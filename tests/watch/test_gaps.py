import os

import pytest
from watchdog.observers.inotify_c import inotify_rm_watch

from playlista.watch.gaps import PATIENCE_S, Gaps
from watch.conftest import until


@pytest.fixture
def gaps(watched, music):
    """What an observer leaves unwatched, of a folder with an album in it."""
    return Gaps(os.fsencode(music), watched)


def deafen(watched, folder):
    """Take back the watch of a folder."""
    descriptor = watched._observer.descriptor
    number = watched._emitter._inotify._active_callbacks_by_path[watched._below + folder]
    inotify_rm_watch(descriptor._inotify_fd, number)
    until(lambda: not watched.is_watched(folder))


def test_what_is_watched_is_no_gap(gaps):
    gaps.entered(b"", 0.0)
    gaps.entered(b"album", 0.0)

    assert not gaps.found(PATIENCE_S)


def test_a_folder_that_stays_unwatched_is_a_gap(gaps, watched):
    deafen(watched, b"album")
    gaps.entered(b"album", 0.0)

    assert not gaps.found(PATIENCE_S / 2)
    assert gaps.found(PATIENCE_S)


def test_a_folder_whose_watch_came_late_is_no_gap(gaps, watched, music):
    with watched._observer.descriptor._lock:  # the reading thread holds still
        (music / "late").mkdir()
        gaps.entered(b"late", 0.0)
        assert not watched.is_watched(b"late")
    until(lambda: watched.is_watched(b"late"))

    assert not gaps.found(PATIENCE_S)


def test_a_folder_that_is_gone_is_no_gap(gaps, watched, music):
    deafen(watched, b"album")
    gaps.entered(b"album", 0.0)
    (music / "album").rmdir()

    assert not gaps.found(PATIENCE_S)


@pytest.mark.fault(6)
def test_a_folder_whose_events_come_under_another_name_is_a_gap(gaps, watched, confused):
    gaps.entered(b"", 0.0)

    assert watched.misnamed() == [confused]
    assert not watched.is_watched(confused)
    assert not gaps.found(PATIENCE_S)
    assert gaps.found(2 * PATIENCE_S)


def test_at_the_limit_of_watches_there_is_no_gap(gaps, watched):
    deafen(watched, b"album")
    gaps.entered(b"album", 0.0)
    watched._observer.descriptor.limit_reached = True

    assert not gaps.found(PATIENCE_S)
