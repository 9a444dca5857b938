"""A music folder with a real observer on it."""

import os
import time

import pytest

from playlista.watch.dirty import Dirty
from playlista.watch.observer import RootObserver


def until(claim, limit_s=5.0):
    """Wait for a claim to hold; return whether it does."""
    end = time.monotonic() + limit_s
    while not claim() and time.monotonic() < end:
        time.sleep(0.01)
    return claim()


@pytest.fixture
def music(tmp_path):
    folder = tmp_path / "music"
    folder.mkdir()
    return folder


@pytest.fixture
def cookies(tmp_path):
    """A folder for a file that must come back as an event."""
    return tmp_path / "cookies"


@pytest.fixture
def dirty():
    return Dirty(lambda: None)


@pytest.fixture
def watched(music, dirty, cookies):
    """A music folder with one album in it, observed."""
    (music / "album").mkdir()
    observer = RootObserver(os.fsencode(music), dirty, frozenset(), cookies)
    yield observer
    observer.stop()


@pytest.fixture
def confused(watched, music):
    """A folder whose watch belongs to another: it was renamed before its event was read."""
    with watched._observer.descriptor._lock:  # the reading thread holds still
        (music / "fresh").mkdir()
        (music / "fresh").rename(music / "named")
        (music / "fresh").mkdir()
    assert until(watched.misnamed)
    return b"named"


@pytest.fixture
def noted(dirty):
    """What is noted until a path is among it, or the whole root."""

    def until(path, limit_s=5.0):
        found = {}
        end = time.monotonic() + limit_s
        while path not in found and b"*" not in found and time.monotonic() < end:
            taken = dirty.take()
            if taken.whole:
                found[b"*"] = None
            for folder, names in taken.folders.items():
                for name, finished in ({b"*": None} if names is None else names).items():
                    found[folder + b"/" + name if folder else name] = finished
            time.sleep(0.01)
        return found

    return until
