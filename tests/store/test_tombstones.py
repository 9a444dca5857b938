import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playlista.records import Returned, Vanished
from playlista.store import tombstones
from shelf import Shelf, analysis, signature

DAY_S = 86_400.0
AGE_S = 90 * DAY_S


def live(shelf: Shelf, seconds: float) -> None:
    with shelf.database.transaction() as write:
        tombstones.remember(write, seconds)


def forget(shelf: Shelf, age_s: float = AGE_S) -> int:
    with shelf.database.transaction() as write:
        return tombstones.forget(write, age_s)


def count(shelf: Shelf, table: str) -> int:
    with shelf.database.reading() as read:
        return read.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


@pytest.fixture
def gone(shelf):
    """A track that was heard, and has just been seen to be missing."""
    known = shelf.landed_and_heard(b"a.flac", 1, analysis())
    shelf.tracks.apply([Vanished(known.file_id)])
    live(shelf, 0.0)
    return known


def test_what_is_gone_is_remembered_for_its_time(shelf, gone):
    live(shelf, AGE_S - 1)

    assert forget(shelf) == 0
    assert shelf.known(b"a.flac").file_id == gone.file_id


@pytest.mark.usefixtures("gone")
def test_and_then_forgotten_with_what_was_heard_in_it(shelf):
    live(shelf, AGE_S)

    assert forget(shelf) == 1
    assert [count(shelf, table) for table in ("file", "audio", "job", "tombstone")] == [0] * 4


def test_time_in_which_nobody_looked_does_not_count(shelf, gone):
    """A month off, and a clock set ahead by ten years: nothing adds to the time awake."""
    with shelf.database.transaction() as write:
        write.execute("UPDATE file SET missing_since = missing_since - 10 * 365 * 86400")
    live(shelf, 0.0)

    assert forget(shelf) == 0
    assert shelf.known(b"a.flac").file_id == gone.file_id


def test_time_adds_up_over_restarts(shelf, gone):
    for _ in range(90):
        live(shelf, DAY_S)
        shelf.restart()

    assert forget(shelf) == 1
    assert gone.relpath not in shelf.tracks.known(shelf.root.root_id)


def test_what_returned_begins_anew(shelf, gone):
    live(shelf, AGE_S - 1)
    shelf.tracks.apply([Returned(gone.file_id, signature(1))])
    live(shelf, 10.0)
    shelf.tracks.apply([Vanished(gone.file_id)])
    live(shelf, 10.0)

    assert forget(shelf) == 0


def test_what_returned_and_left_between_two_looks_begins_anew(shelf, gone):
    live(shelf, AGE_S - 1)
    with shelf.database.transaction() as write:
        write.execute("UPDATE file SET missing_since = missing_since + 7")
    live(shelf, 10.0)

    assert forget(shelf) == 0
    assert shelf.known(b"a.flac").file_id == gone.file_id


def test_what_is_there_is_never_forgotten(shelf):
    shelf.landed_and_heard(b"a.flac", 1, analysis())
    live(shelf, 2 * AGE_S)

    assert forget(shelf) == 0
    assert count(shelf, "audio") == 1


def test_a_recording_that_another_file_holds_stays(shelf):
    shelf.landed_and_heard(b"a.flac", 1, analysis())
    copy = shelf.landed_and_heard(b"copy.flac", 2, analysis())
    shelf.tracks.apply([Vanished(copy.file_id)])
    live(shelf, 0.0)
    live(shelf, AGE_S)

    assert forget(shelf) == 1
    assert count(shelf, "audio") == 1
    assert set(shelf.all_known()) == {b"a.flac"}


def test_a_recording_that_was_replaced_goes(shelf):
    known = shelf.landed_and_heard(b"a.flac", 1, analysis("before"))
    shelf.landed_and_heard(b"a.flac", 3, analysis("after"))

    forget(shelf)

    with shelf.database.reading() as read:
        assert [row["hash"] for row in read.execute("SELECT hash FROM audio")] == ["after"]
    assert shelf.known(b"a.flac").file_id == known.file_id


def test_a_track_that_a_playlist_names_stays_until_it_has_left_it(shelf, gone):
    with shelf.database.transaction() as write:
        write.execute(
            "INSERT INTO playlist (id, position, slug, name, kind, rule) "
            "VALUES ('x', 0, 'x', 'X', 'sound', '{}')"
        )
        write.execute("INSERT INTO line VALUES ('x', 0, ?, 'sound', x'')", (gone.file_id,))
    live(shelf, AGE_S)

    assert forget(shelf) == 0

    with shelf.database.transaction() as write:
        write.execute("DELETE FROM line")
    assert forget(shelf) == 1


def test_what_is_forgotten_can_come_again_as_something_new(shelf, gone):
    live(shelf, AGE_S)
    forget(shelf)

    again = shelf.land(b"a.flac", 1)

    assert again.file_id != gone.file_id
    assert shelf.states() == {"ready": 1}


@settings(max_examples=30)
@given(st.lists(st.tuples(st.sampled_from(["live", "leave", "return"]), st.floats(0, 40))))
def test_a_file_is_forgotten_exactly_when_it_was_away_for_long_enough(steps):
    """Against a model that knows when it left, in time awake; one look after each step."""
    with tempfile.TemporaryDirectory() as folder:
        shelf = Shelf(Path(folder) / "playlista.db")
        known = shelf.land()
        awake, left = 0.0, None
        for clock, (step, seconds) in enumerate(steps, 1):
            if step == "live":
                awake += seconds
                live(shelf, seconds)
            elif step == "leave" and left is None:
                left = awake
                shelf.tracks.apply([Vanished(known.file_id)])
                with shelf.database.transaction() as write:
                    write.execute("UPDATE file SET missing_since = ?", (clock,))
                live(shelf, 0.0)
            elif step == "return" and left is not None:
                left = None
                shelf.tracks.apply([Returned(known.file_id, signature(1))])
        expected = left is not None and awake - left >= 60
        assert forget(shelf, 60) == expected
        shelf.database.close()
