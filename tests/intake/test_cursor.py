import pytest

from playlista.intake.cursor import Cursor
from playlista.records import Signature
from playlista.watch.scanner import Entry
from shelf import FakeClock, Shelf


@pytest.fixture
def shelf(tmp_path):
    shelf = Shelf(tmp_path / "playlista.db")
    yield shelf
    shelf.database.close()


def saved(shelf):
    (root,) = shelf.tracks.roots()
    return root.cursor


def entries(clock, names, seconds_each):
    for name in names:
        clock.sleep(seconds_each)
        yield Entry(name, Signature(1, 2, 3, 4, 5), regular=True)


def test_a_long_scan_is_saved_every_minute(shelf):
    clock = FakeClock()
    cursor = Cursor(shelf.root, shelf.tracks, clock)
    found = cursor.following(entries(clock, [b"a", b"b", b"c", b"d"], 25))

    assert [saved(shelf) for _ in found] == [b"", b"", b"b", b"b"]


def test_a_short_scan_writes_nothing(shelf, monkeypatch):
    clock = FakeClock()
    cursor = Cursor(shelf.root, shelf.tracks, clock)
    monkeypatch.setattr(shelf.tracks, "mark_scan", lambda *_: pytest.fail("written"))

    assert len(list(cursor.following(entries(clock, [b"a", b"b"], 1)))) == 2
    cursor.rewind()
    cursor.save()


def test_a_cursor_begins_where_the_last_one_was_saved(shelf):
    first = Cursor(shelf.root, shelf.tracks, FakeClock())
    first.place = b"caf\xe9"
    first.save()
    (root,) = shelf.tracks.roots()

    assert Cursor(root, shelf.tracks, FakeClock()).place == b"caf\xe9"
