import pytest

from playlista.records import (
    Appeared,
    FileTags,
    Moved,
    Returned,
    Tier,
    Vanished,
)
from playlista.store.library import captions, paths
from shelf import Shelf, analysis, signature


def titles(shelf: Shelf) -> list[str | None]:
    return [track.file_tags.title for track in shelf.tracks.library()]


def titled(title: str, audio_id: str | None = None) -> object:
    return analysis(audio_id or title, file_tags=FileTags(title=title))


# --- roots --------------------------------------------------------------------------


def test_a_root_is_remembered_once(shelf: Shelf) -> None:
    again = shelf.tracks.root(b"/music")

    assert again == shelf.root
    assert shelf.tracks.roots() == [shelf.root]


def test_a_root_need_not_be_utf8(shelf: Shelf) -> None:
    root = shelf.tracks.root(b"/mus\xefque")

    assert root.path == b"/mus\xefque"


def test_an_offline_root_keeps_the_identity_it_had(shelf: Shelf) -> None:
    shelf.tracks.mark_root(shelf.root.root_id, "online", (7, 2**64 - 3), None)

    shelf.tracks.mark_root(shelf.root.root_id, "offline", None, "unplugged")

    (root,) = shelf.tracks.roots()
    assert (root.state, root.identity, root.why) == ("offline", (7, 2**64 - 3), "unplugged")


def test_places_of_mounts_are_kept_byte_for_byte(shelf: Shelf) -> None:
    shelf.tracks.mark_mounts(shelf.root.root_id, {b"nas", b"caf\xe9/a"})

    assert shelf.tracks.root(shelf.root.path).mounts == {b"nas", b"caf\xe9/a"}


# --- appeared -----------------------------------------------------------------------


def test_a_new_file_is_known_by_its_signature(shelf: Shelf) -> None:
    known = shelf.land(b"a.flac", 1)

    assert (known.relpath, known.signature, known.missing) == (b"a.flac", signature(1), False)


@pytest.mark.parametrize("number", [2**63 - 1, 2**63, 2**64 - 1])
def test_inode_and_device_numbers_fill_sixty_four_bits(shelf: Shelf, number: int) -> None:
    known = shelf.land(b"a.flac", 1, ino=number, dev=number)

    assert known.signature == signature(1, ino=number, dev=number)


def test_times_before_1970_are_remembered(shelf: Shelf) -> None:
    assert shelf.land(b"a.flac", 1, mtime_ns=-5).signature.mtime_ns == -5


def test_a_changed_file_keeps_its_id(shelf: Shelf) -> None:
    before = shelf.land(b"a.flac", 1)

    assert shelf.land(b"a.flac", 2).file_id == before.file_id


def test_a_changed_file_is_a_new_generation(shelf: Shelf) -> None:
    shelf.land(b"a.flac", 1)
    (old,) = shelf.backlog.ready(1)

    shelf.land(b"a.flac", 2)

    (new,) = shelf.backlog.ready(1)
    assert new.generation == old.generation + 1


def test_many_changes_of_one_file_are_one_job(shelf: Shelf) -> None:
    for number in range(50):
        shelf.land(b"a.flac", number)

    assert shelf.states() == {"ready": 1}


def test_what_is_no_candidate_is_remembered_but_not_queued(shelf: Shelf) -> None:
    known = shelf.land(b"cover.jpg", 1, candidate=False)

    assert known.signature == signature(1)
    assert shelf.states() == {}


def test_a_track_that_becomes_something_else_leaves_library_and_queue(shelf: Shelf) -> None:
    shelf.landed_and_heard(b"a.flac", 1, analysis(tier=Tier.QUICK))

    shelf.land(b"a.flac", 2, candidate=False)

    assert (titles(shelf), shelf.states()) == ([], {})


def test_something_that_becomes_a_track_is_queued(shelf: Shelf) -> None:
    shelf.land(b"a.flac", 1, candidate=False)

    shelf.land(b"a.flac", 2)

    assert shelf.states() == {"ready": 1}


def test_a_file_that_reappears_with_other_content_is_no_longer_missing(shelf: Shelf) -> None:
    shelf.tracks.apply([Vanished(shelf.land(b"a.flac", 1).file_id)])

    assert not shelf.land(b"a.flac", 2).missing


def test_all_differences_are_applied_or_none(shelf: Shelf) -> None:
    good = Appeared(shelf.root.root_id, b"a.flac", signature(1), candidate=True, landed_at=1.0)
    no_such_root = Appeared(999, b"b.flac", signature(2), candidate=True, landed_at=1.0)

    with pytest.raises(Exception, match="FOREIGN KEY"):
        shelf.tracks.apply([good, no_such_root])

    assert shelf.all_known() == {}


# --- vanished and returned ------------------------------------------------------------


def test_a_vanished_file_becomes_a_tombstone(shelf: Shelf) -> None:
    shelf.tracks.apply([Vanished(shelf.land().file_id)])

    assert shelf.known(b"a.flac").missing


def test_a_vanished_file_leaves_library_and_queue(shelf: Shelf) -> None:
    known = shelf.landed_and_heard(b"a.flac", 1, analysis(tier=Tier.QUICK))

    shelf.tracks.apply([Vanished(known.file_id)])

    assert (titles(shelf), shelf.states()) == ([], {})


def test_a_tombstone_keeps_what_was_heard(shelf: Shelf) -> None:
    known = shelf.landed_and_heard(b"a.flac", 1, titled("kept"))
    shelf.tracks.apply([Vanished(known.file_id)])

    shelf.tracks.apply([Returned(known.file_id, signature(1))])

    assert (titles(shelf), shelf.states()) == (["kept"], {})


def test_a_file_that_returns_before_it_was_heard_is_queued(shelf: Shelf) -> None:
    known = shelf.land()
    shelf.tracks.apply([Vanished(known.file_id)])

    shelf.tracks.apply([Returned(known.file_id, signature(1))])

    assert shelf.states() == {"ready": 1}


def test_new_content_that_was_away_is_still_heard(shelf: Shelf) -> None:
    known = shelf.landed_and_heard(b"a.flac", 1, titled("old"))
    shelf.land(b"a.flac", 2)
    shelf.tracks.apply([Vanished(known.file_id)])

    shelf.tracks.apply([Returned(known.file_id, signature(2))])

    assert shelf.states() == {"ready": 1}


def test_strikes_outlast_an_absence(shelf: Shelf) -> None:
    known = shelf.land()
    shelf.backlog.strike(shelf.leased(), "crashed")
    shelf.tracks.apply([Vanished(known.file_id)])

    shelf.tracks.apply([Returned(known.file_id, signature(1))])

    assert [job.strikes for job in shelf.backlog.ready(1)] == [1]


def test_a_returned_file_is_known_by_its_new_signature(shelf: Shelf) -> None:
    known = shelf.land(b"a.flac", 1)
    shelf.tracks.apply([Vanished(known.file_id)])

    shelf.tracks.apply([Returned(known.file_id, signature(1, ctime_ns=9))])

    assert shelf.known(b"a.flac").signature == signature(1, ctime_ns=9)


def test_a_return_of_what_is_no_longer_remembered_is_nothing(shelf: Shelf) -> None:
    shelf.tracks.apply([Returned(999, signature(1)), Vanished(999)])

    assert shelf.all_known() == {}


# --- moved ----------------------------------------------------------------------------


def move(shelf: Shelf, file_id: int, relpath: bytes, number: int) -> Moved:
    return Moved(file_id, shelf.root.root_id, relpath, signature(number, ctime_ns=9))


def test_a_moved_file_keeps_id_and_features(shelf: Shelf) -> None:
    known = shelf.landed_and_heard(b"a.flac", 1, titled("kept"))

    shelf.tracks.apply([move(shelf, known.file_id, b"b/\xff.flac", 1)])

    assert list(shelf.all_known()) == [b"b/\xff.flac"]
    assert shelf.known(b"b/\xff.flac").file_id == known.file_id
    assert (titles(shelf), shelf.states()) == (["kept"], {})


def test_a_moved_file_that_waits_is_analysed_where_it_is_now(shelf: Shelf) -> None:
    known = shelf.land(b"a.flac", 1)

    shelf.tracks.apply([move(shelf, known.file_id, b"b.flac", 1)])

    assert [job.path for job in shelf.backlog.ready(9)] == [b"/music/b.flac"]


def test_a_file_that_moves_while_it_is_analysed_keeps_its_lease(shelf: Shelf) -> None:
    known = shelf.land(b"a.flac", 1)
    job = shelf.leased()

    shelf.tracks.apply([move(shelf, known.file_id, b"b.flac", 1)])

    assert shelf.states() == {"leased": 1}
    assert shelf.backlog.save([(job, analysis())]) == [job]


def test_a_failed_file_stays_failed_wherever_it_moves(shelf: Shelf) -> None:
    known = shelf.land(b"a.flac", 1)
    shelf.backlog.fail(shelf.leased(), "unreadable", "noise")

    shelf.tracks.apply([move(shelf, known.file_id, b"b.flac", 1)])

    assert shelf.states() == {"failed": 1}


def test_a_file_moves_between_roots(shelf: Shelf) -> None:
    known = shelf.landed_and_heard(b"a.flac", 1, titled("kept"))
    other = shelf.tracks.root(b"/other")

    shelf.tracks.apply([Moved(known.file_id, other.root_id, b"a.flac", signature(1))])

    assert shelf.all_known() == {}
    assert shelf.all_known(other)[b"a.flac"].file_id == known.file_id


def test_a_tombstone_that_turns_up_elsewhere_is_alive_again(shelf: Shelf) -> None:
    known = shelf.land(b"a.flac", 1)
    shelf.tracks.apply([Vanished(known.file_id)])

    shelf.tracks.apply([move(shelf, known.file_id, b"b.flac", 1)])

    assert not shelf.known(b"b.flac").missing
    assert shelf.states() == {"ready": 1}


def test_a_file_moved_onto_another_takes_its_place(shelf: Shelf) -> None:
    mover = shelf.landed_and_heard(b"a.flac", 1, titled("mover"))
    shelf.landed_and_heard(b"b.flac", 2, titled("overwritten"))

    shelf.tracks.apply([move(shelf, mover.file_id, b"b.flac", 1)])

    assert titles(shelf) == ["mover"]
    assert shelf.known(b"b.flac").file_id == mover.file_id


def test_two_files_may_swap_their_names(shelf: Shelf) -> None:
    first = shelf.landed_and_heard(b"1.flac", 1, titled("first"))
    second = shelf.landed_and_heard(b"2.flac", 2, titled("second"))

    shelf.tracks.apply(
        [move(shelf, first.file_id, b"2.flac", 1), move(shelf, second.file_id, b"1.flac", 2)]
    )

    assert shelf.known(b"2.flac").file_id == first.file_id
    assert shelf.known(b"1.flac").file_id == second.file_id
    assert titles(shelf) == ["first", "second"]


def test_an_album_may_be_renumbered(shelf: Shelf) -> None:
    ids = [shelf.land(b"%02d.flac" % n, n).file_id for n in range(5)]

    shelf.tracks.apply([move(shelf, ids[n], b"%02d.flac" % (n + 1), n) for n in range(5)])

    names = {known.file_id: name for name, known in shelf.all_known().items()}
    assert names == {ids[n]: b"%02d.flac" % (n + 1) for n in range(5)}


def test_a_new_file_may_take_the_name_of_one_that_moves(shelf: Shelf) -> None:
    old = shelf.land(b"a.flac", 1)
    new = Appeared(shelf.root.root_id, b"a.flac", signature(2), candidate=True, landed_at=1.0)

    shelf.tracks.apply([new, move(shelf, old.file_id, b"b.flac", 1)])

    assert shelf.known(b"b.flac").signature == signature(1, ctime_ns=9)
    assert shelf.known(b"a.flac").signature == signature(2)


def test_a_move_of_what_is_no_longer_remembered_removes_nothing(shelf: Shelf) -> None:
    known = shelf.land(b"b.flac", 2)

    shelf.tracks.apply([move(shelf, 999, b"b.flac", 1)])

    assert shelf.known(b"b.flac") == known


def test_the_id_of_a_forgotten_file_is_never_given_again(shelf: Shelf) -> None:
    mover = shelf.land(b"a.flac", 1)
    forgotten = shelf.land(b"b.flac", 2)
    shelf.tracks.apply([move(shelf, mover.file_id, b"b.flac", 1)])

    assert shelf.land(b"c.flac", 3).file_id != forgotten.file_id


# --- known and twins --------------------------------------------------------------------

BELOW = [b"a/b", b"a/b/1", b"a/b/\x01", b"a/b/\xff\xfe", b"a/b/c/d", b"a/b/\xf0\x9f\x8e\xb5"]
BESIDE = [b"a/b.flac", b"a/b!", b"a/b0", b"a/b0/x", b"a/bb/1", b"a/b\xff/1", b"a/a", b"b"]


@pytest.mark.parametrize("directory", [b"a/b", b"\x80\xff", b"caf\xe9"])
def test_known_at_a_place_is_that_with_all_below_and_nothing_beside(
    shelf: Shelf, directory: bytes
) -> None:
    below = [name.replace(b"a/b", directory) for name in BELOW]
    beside = [name.replace(b"a/b", directory) for name in BESIDE]
    for number, name in enumerate(below + beside):
        shelf.land(name, number)

    known = [one.relpath for one in shelf.tracks.known(shelf.root.root_id, directory)]
    assert known == sorted(below)


def test_known_of_a_root_is_all_of_it_with_tombstones(shelf: Shelf) -> None:
    shelf.tracks.apply([Vanished(shelf.land(b"a", 1).file_id)])
    shelf.land(b"b/c", 2)

    known = shelf.all_known()

    assert {name: one.missing for name, one in known.items()} == {b"a": True, b"b/c": False}


def test_known_comes_in_the_byte_order_of_paths_however_many_pages_it_fills(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("playlista.store.tracks.PAGE_N", 1000)
    names = [b"%04d" % (n * 7919 % 2001) for n in range(2001)]
    shelf.tracks.apply(
        Appeared(shelf.root.root_id, name, signature(n), candidate=False, landed_at=1.0)
        for n, name in enumerate(names)
    )

    known = [one.relpath for one in shelf.tracks.known(shelf.root.root_id)]
    rest = [one.relpath for one in shelf.tracks.known(shelf.root.root_id, after=b"0500")]

    assert known == sorted(names)
    assert rest == sorted(names)[501:]


def test_known_is_of_one_root_alone(shelf: Shelf) -> None:
    shelf.land()

    assert shelf.all_known(shelf.tracks.root(b"/other")) == {}


def test_a_row_that_changed_since_is_not_unchanged(shelf: Shelf) -> None:
    kept, changed, moved = (shelf.land(name, n) for n, name in enumerate([b"a", b"b", b"c"]))
    shelf.land(b"b", 7)
    shelf.tracks.apply([move(shelf, moved.file_id, b"d", 2)])

    assert shelf.tracks.unchanged([kept, changed, moved]) == [kept]


def test_the_files_of_a_root_are_counted_without_tombstones(shelf: Shelf) -> None:
    shelf.tracks.apply([Vanished(shelf.land(b"a", 1).file_id)])
    shelf.land(b"b", 2)
    shelf.land(b"cover.jpg", 3, candidate=False)

    assert shelf.tracks.present_n(shelf.root.root_id) == 2


def test_the_files_of_a_place_are_counted_without_those_that_only_begin_like_it(
    shelf: Shelf,
) -> None:
    for number, name in enumerate((b"a", b"a/b", b"a/b/c", b"a-b", b"ab", b"a0", b"b")):
        shelf.land(name, number)

    assert shelf.tracks.present_n(shelf.root.root_id, b"a") == 3


def test_a_library_is_empty_until_something_was_in_it(shelf: Shelf) -> None:
    empty = shelf.tracks.is_empty
    shelf.tracks.apply([Vanished(shelf.land(b"a", 1).file_id)])

    assert (empty, shelf.tracks.is_empty) == (True, False)


def test_how_far_a_scan_came_is_remembered(shelf: Shelf) -> None:
    shelf.tracks.mark_scan(shelf.root.root_id, b"caf\xe9/1")

    assert [root.cursor for root in shelf.tracks.roots()] == [b"caf\xe9/1"]


def test_a_twin_is_the_same_bytes_whatever_its_ctime(shelf: Shelf) -> None:
    known = shelf.land(b"a.flac", 1, ino=2**64 - 1)

    assert shelf.tracks.twins([signature(1, ino=2**64 - 1, ctime_ns=77)]) == [[known]]


def test_a_weak_signature_has_no_twin(shelf: Shelf) -> None:
    shelf.land(b"a.flac", 1, ino=0, dev=0, ctime_ns=0)

    assert shelf.tracks.twins([signature(1).weakened()]) == [[]]


@pytest.mark.parametrize("field", ["dev", "ino", "size", "mtime_ns"])
def test_another_device_inode_size_or_time_is_no_twin(shelf: Shelf, field: str) -> None:
    shelf.land(b"a.flac", 1)

    assert shelf.tracks.twins([signature(1, **{field: 5})]) == [[]]


def test_a_tombstone_may_be_a_twin(shelf: Shelf) -> None:
    known = shelf.land(b"a.flac", 1)
    shelf.tracks.apply([Vanished(known.file_id)])

    assert [twin.missing for (twin,) in shelf.tracks.twins([signature(1)])] == [True]


# --- the library --------------------------------------------------------------------------


def test_the_library_gives_features_back_as_they_were(shelf: Shelf) -> None:
    heard = analysis(bpm=128.5)
    known = shelf.landed_and_heard(b"a.flac", 1, heard)

    (track,) = shelf.tracks.library()

    assert (track.track_id, track.features, track.file_tags, track.duration_s) == (
        known.file_id,
        heard.features,
        heard.file_tags,
        60.0,
    )


def test_tags_that_are_not_utf8_survive(shelf: Shelf) -> None:
    shelf.landed_and_heard(b"a.flac", 1, titled("caf\udce9\0", "sound"))

    assert titles(shelf) == ["caf\udce9\0"]


def test_features_of_a_later_version_are_passed_over(shelf: Shelf) -> None:
    shelf.landed_and_heard(b"a.flac", 1, analysis(bpm=99.0))
    with shelf.database.transaction() as write:
        write.execute("UPDATE audio SET features = json_set(features, '$.colour', 'blue')")

    assert [track.features.bpm for track in shelf.tracks.library()] == [99.0]


def test_what_was_not_heard_is_not_in_the_library(shelf: Shelf) -> None:
    shelf.land()

    assert shelf.tracks.library() == []


def test_equal_recordings_are_listed_once_as_the_oldest_file(shelf: Shelf) -> None:
    first = shelf.landed_and_heard(b"z.flac", 1, titled("first", "same"))
    shelf.landed_and_heard(b"a.flac", 2, titled("second", "same"))

    assert [(t.track_id, t.file_tags.title) for t in shelf.tracks.library()] == [
        (first.file_id, "first")
    ]


def test_when_the_oldest_vanishes_the_next_of_equal_recordings_stands_for_it(shelf: Shelf) -> None:
    first = shelf.landed_and_heard(b"a.flac", 1, titled("first", "same"))
    shelf.landed_and_heard(b"b.flac", 2, titled("second", "same"))

    shelf.tracks.apply([Vanished(first.file_id)])

    assert titles(shelf) == ["second"]


def test_the_library_is_in_the_order_of_arrival(shelf: Shelf) -> None:
    for number, title in enumerate(["c", "a", "b"]):
        shelf.landed_and_heard(title.encode(), number, titled(title))

    assert titles(shelf) == ["c", "a", "b"]


def test_paths_are_absolute_bytes(shelf: Shelf) -> None:
    known = shelf.land(b"caf\xe9/a.flac", 1)

    with shelf.database.reading() as read:
        assert paths(read, [known.file_id, 999]) == {known.file_id: b"/music/caf\xe9/a.flac"}


def test_a_caption_is_what_a_playlist_prints(shelf: Shelf) -> None:
    known = shelf.landed_and_heard(b"caf\xe9.flac", 1, titled("Title"))

    with shelf.database.reading() as read:
        caption = captions(read, [known.file_id])[known.file_id]

    assert (caption.path, caption.duration_s, caption.file_tags.title, caption.landed_at) == (
        b"/music/caf\xe9.flac",
        60.0,
        "Title",
        5.0,
    )


def test_every_track_is_counted_in_one_place(shelf: Shelf) -> None:
    shelf.landed_and_heard(b"quick", 1, analysis("1", Tier.QUICK))
    shelf.landed_and_heard(b"full", 2, analysis("2", Tier.FULL))
    gone = shelf.landed_and_heard(b"gone", 3, analysis("3", Tier.DEEP))
    shelf.tracks.apply([Vanished(gone.file_id)])
    shelf.land(b"bad", 4)
    (bad,) = (job for job in shelf.backlog.ready(9) if job.path == b"/music/bad")
    shelf.backlog.fail(bad, "unreadable", "noise")
    shelf.land(b"new", 5)
    shelf.land(b"cover.jpg", 6, candidate=False)

    assert shelf.tracks.counts() == {
        "total": 4,
        "quick": 1,
        "full": 1,
        "deep": 0,
        "failed": 1,
        "missing": 1,
    }
