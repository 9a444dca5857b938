"""Files come and go; what stands for a recording in playlists stays."""

import pytest

from playlista.records import (
    Composition,
    FileTags,
    How,
    Member,
    Playlist,
    Recognised,
    Returned,
    Tier,
    Vanished,
)
from playlista.store.lists import Lists, StoredLine, StoredList
from shelf import analysis, signature

NEW = FileTags(title="New")


def recognise(shelf, relpath):
    """Let a worker say of a file that it holds the one recording there is."""
    job = next(job for job in shelf.backlog.ready(9) if job.path.endswith(relpath))
    assert shelf.backlog.lease(job)
    return shelf.backlog.save([(job, Recognised(How.PACKETS, "5e" * 16, NEW))])


def hear(shelf, relpath, number, **changes):
    return shelf.landed_and_heard(relpath, number, analysis("5e" * 16, **changes)).file_id


def vanish(shelf, file_id):
    shelf.tracks.apply([Vanished(file_id)])


def there(shelf):
    """Return which id each present file has."""
    known = shelf.all_known().values()
    return {known.relpath: known.file_id for known in known if not known.missing}


def listed(shelf, *file_ids):
    """Let one playlist name these files."""
    playlist = Playlist("id", "slug", "Name", "sound", {})
    lines = tuple(StoredLine(Member(file_id, "fits"), b"x") for file_id in file_ids)
    Lists(shelf.database).save(Composition().frame, [StoredList(playlist, lines=lines)], [])


def test_what_moved_and_was_retagged_keeps_its_id_and_says_its_new_tags(shelf):
    old = hear(shelf, b"old/a.flac", 1)
    listed(shelf, old)
    vanish(shelf, old)
    shelf.land(b"new/a.flac", 2)

    assert len(recognise(shelf, b"new/a.flac")) == 1

    assert there(shelf) == {b"new/a.flac": old}
    assert set(shelf.all_known()) == {b"new/a.flac"}
    assert shelf.known(b"new/a.flac").signature == signature(2)
    (track,) = shelf.tracks.library()
    assert (track.track_id, track.file_tags) == (old, NEW)


def test_a_copy_takes_no_place_while_the_first_is_there(shelf):
    first = hear(shelf, b"a.flac", 1)
    copy = shelf.land(b"b.flac", 2).file_id
    recognise(shelf, b"b.flac")

    assert there(shelf) == {b"a.flac": first, b"b.flac": copy}
    assert [track.track_id for track in shelf.tracks.library()] == [first]


def test_when_a_file_vanishes_its_copy_carries_its_id_on(shelf):
    first = hear(shelf, b"a.flac", 1)
    listed(shelf, first)
    shelf.land(b"b.flac", 2)
    recognise(shelf, b"b.flac")

    vanish(shelf, first)

    assert there(shelf) == {b"b.flac": first}
    assert set(shelf.all_known()) == {b"b.flac"}


def test_a_copy_that_a_playlist_names_itself_keeps_its_id(shelf):
    first, copy = hear(shelf, b"a.flac", 1), hear(shelf, b"b.flac", 2)
    listed(shelf, copy)

    vanish(shelf, first)

    assert there(shelf) == {b"b.flac": copy}


def test_a_copy_that_has_changed_since_is_no_heir(shelf):
    first = hear(shelf, b"a.flac", 1)
    hear(shelf, b"b.flac", 2)
    copy = shelf.land(b"b.flac", 3).file_id

    vanish(shelf, first)

    assert there(shelf) == {b"b.flac": copy}


def test_of_two_that_moved_each_takes_one_place(shelf):
    first = hear(shelf, b"a.flac", 1)
    shelf.land(b"b.flac", 2)
    recognise(shelf, b"b.flac")
    second = shelf.known(b"b.flac").file_id
    shelf.tracks.apply([Vanished(second), Vanished(first)])
    for number, relpath in enumerate([b"c.flac", b"d.flac"], 3):
        shelf.land(relpath, number)
        recognise(shelf, relpath)

    assert sorted(there(shelf).values()) == [first, second]


def test_the_tracks_of_a_root_that_is_watched_no_more_move_with_their_ids(shelf):
    first = hear(shelf, b"a.flac", 1)
    shelf.tracks.watch_only([])
    shelf.root = shelf.tracks.root(b"/elsewhere")
    shelf.land(b"a.flac", 2)
    recognise(shelf, b"elsewhere/a.flac")

    assert there(shelf) == {b"a.flac": first}


def test_what_is_heard_in_full_is_an_heir_too(shelf):
    first = hear(shelf, b"a.flac", 1)
    vanish(shelf, first)
    hear(shelf, b"b.flac", 2)

    assert there(shelf) == {b"b.flac": first}


def test_what_comes_back_after_its_heir_came_is_a_copy(shelf):
    first = hear(shelf, b"a.flac", 1)
    vanish(shelf, first)
    shelf.land(b"b.flac", 2)
    recognise(shelf, b"b.flac")
    shelf.land(b"a.flac", 1)
    recognise(shelf, b"a.flac")

    assert there(shelf)[b"b.flac"] == first
    assert [track.track_id for track in shelf.tracks.library()] == [first]


@pytest.mark.parametrize("moves", ["recognised", "vanished"])
def test_what_is_still_owed_to_a_recording_is_owed_to_its_heir(shelf, moves):
    first = hear(shelf, b"a.flac", 1, tier=Tier.QUICK)
    if moves == "recognised":
        vanish(shelf, first)
    shelf.land(b"b.flac", 2)
    recognise(shelf, b"b.flac")
    if moves == "vanished":
        vanish(shelf, first)

    (job,) = shelf.backlog.ready(9)
    assert (job.file_id, job.path, job.upgrade) == (first, b"/music/b.flac", True)


def test_a_result_for_the_old_place_is_thrown_away(shelf):
    first = hear(shelf, b"a.flac", 1, tier=Tier.QUICK)
    job = shelf.leased()
    vanish(shelf, first)
    shelf.land(b"b.flac", 2)
    recognise(shelf, b"b.flac")

    assert shelf.backlog.save([(job, analysis("5e" * 16))]) == []
    assert shelf.states() == {"ready": 1}


def test_a_lease_of_the_place_that_was_taken_is_void(shelf):
    first = hear(shelf, b"a.flac", 1, tier=Tier.QUICK)
    hear(shelf, b"b.flac", 2, tier=Tier.QUICK)
    lease = next(job for job in shelf.backlog.ready(9) if job.path.endswith(b"b.flac"))
    assert shelf.backlog.lease(lease)
    vanish(shelf, first)

    assert shelf.backlog.save([(lease, analysis("5e" * 16))]) == []
    assert shelf.states() == {"ready": 1}


def test_a_tombstone_that_returns_unchanged_is_itself(shelf):
    first = hear(shelf, b"a.flac", 1)
    vanish(shelf, first)
    shelf.tracks.apply([Returned(first, signature(1))])

    assert there(shelf) == {b"a.flac": first}


def test_an_older_file_that_was_overwritten_by_what_vanished_keeps_its_own_id(shelf):
    first = shelf.landed_and_heard(b"a.flac", 1, analysis("0a" * 16)).file_id
    second = hear(shelf, b"b.flac", 2)
    vanish(shelf, second)
    shelf.land(b"a.flac", 2)
    recognise(shelf, b"a.flac")

    assert there(shelf) == {b"a.flac": first}


def test_a_copy_on_a_disk_that_is_away_is_no_heir(shelf):
    first = hear(shelf, b"a.flac", 1)
    home, shelf.root = shelf.root, shelf.tracks.root(b"/away")
    shelf.land(b"b.flac", 2)
    recognise(shelf, b"b.flac")
    shelf.tracks.mark_root(shelf.root.root_id, "offline", None, "unplugged")
    vanish(shelf, first)

    assert b"a.flac" in shelf.all_known(home)
    assert there(shelf)[b"b.flac"] != first


def test_copies_that_are_lost_together_take_nobodys_place(shelf):
    hear(shelf, b"a.flac", 1)
    hear(shelf, b"b.flac", 2)
    both = [shelf.known(b"a.flac"), shelf.known(b"b.flac")]

    assert shelf.tracks.lose(both) == both


def test_copies_that_vanish_together_are_both_gone(shelf):
    ids = [hear(shelf, b"a.flac", 1), hear(shelf, b"b.flac", 2)]

    shelf.tracks.apply(map(Vanished, ids))

    assert there(shelf) == {}


def test_a_job_that_waits_is_ready_with_the_file_that_inherits_it(shelf):
    old = hear(shelf, b"old.flac", 1, tier=Tier.QUICK)
    hear(shelf, b"new.flac", 2, tier=Tier.QUICK)
    job = next(job for job in shelf.backlog.ready(9) if job.path.endswith(b"new.flac"))
    shelf.backlog.lease(job)
    shelf.backlog.postpone(job, "waiting", "unavailable", "no disk")
    vanish(shelf, old)

    assert [job.file_id for job in shelf.backlog.ready(9)] == [old]
