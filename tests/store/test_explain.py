import json
from dataclasses import fields

import pytest

from playlista.errors import UsageError
from playlista.records import Features, Member, Playlist, Tier, Vanished
from playlista.store.explain import explain
from playlista.store.lists import Lists, StoredLine, StoredList
from shelf import Shelf, analysis

CONTRACT = {
    "path", "audio_id", "duration_s", "file_tags", "tier", "features_version", "engine",
    "embedding", "tags", "truncated", "analysed_at", "seconds", "playlists", "failures",
}  # fmt: skip


def facts(shelf: Shelf, path: bytes = b"/music/a.flac") -> dict[str, object]:
    with shelf.database.reading() as read:
        return explain(read, path)


@pytest.mark.parametrize("heard", [False, True])
def test_every_name_of_the_contract_is_there(shelf: Shelf, heard: bool) -> None:
    shelf.land()
    if heard:
        shelf.hear(shelf.backlog.ready(1)[0], analysis())

    assert CONTRACT | {field.name for field in fields(Features)} <= facts(shelf).keys()


def test_names_that_older_results_lack_are_unknown(shelf: Shelf) -> None:
    shelf.landed_and_heard(b"a.flac", 1, analysis())
    with shelf.database.transaction() as write:
        write.execute("UPDATE audio SET features = json_remove(features, '$.key')")

    assert facts(shelf)["key"] is None


def test_what_was_heard_is_told(shelf: Shelf) -> None:
    shelf.landed_and_heard(b"a.flac", 1, analysis("abc", bpm=97.5, reasons={"key": "no pitch"}))

    told = facts(shelf)

    assert (told["audio_id"], told["bpm"], told["tier"]) == ("abc", 97.5, "full")
    assert told["reasons"]["key"] == "no pitch"


def test_a_track_not_heard_yet_says_so(shelf: Shelf) -> None:
    shelf.land()

    told = facts(shelf)

    assert (told["tier"], told["bpm"]) == (None, None)
    assert told["reasons"] == {"*": "not analysed yet"}


def test_a_path_that_is_not_utf8_is_found_and_printable(shelf: Shelf) -> None:
    shelf.land(b"caf\xe9/\n.flac", 1)

    told = facts(shelf, b"/music/caf\xe9/\n.flac")

    assert told["path"] == "/music/caf\\xe9/\\x0a.flac"
    assert json.dumps(told)


@pytest.mark.parametrize("path", [b"/music/b.flac", b"/musica.flac", b"/else/\xff", b"/music/"])
def test_an_unknown_path_is_refused_in_words(shelf: Shelf, path: bytes) -> None:
    shelf.land()

    with pytest.raises(UsageError, match="not in the library"):
        facts(shelf, path)


def test_what_is_no_track_is_not_explained(shelf: Shelf) -> None:
    shelf.land(b"cover.jpg", 1, candidate=False)

    with pytest.raises(UsageError, match="not in the library"):
        facts(shelf, b"/music/cover.jpg")


def test_a_failure_is_told_with_its_reason(shelf: Shelf) -> None:
    shelf.land()
    shelf.backlog.strike(shelf.leased(), "SIGSEGV")

    assert facts(shelf)["failures"] == [
        {"state": "ready", "reason": "poison", "error": "SIGSEGV", "strikes": 1}
    ]


def test_success_ends_the_telling_of_failures(shelf: Shelf) -> None:
    shelf.land()
    shelf.backlog.strike(shelf.leased(), "SIGSEGV")

    shelf.backlog.save([(shelf.leased(), analysis(tier=Tier.QUICK))])

    assert facts(shelf)["failures"] == []


def test_the_lists_of_a_track_are_told_with_the_reason(shelf: Shelf) -> None:
    known = shelf.landed_and_heard(b"a.flac", 1, analysis())
    playlist = Playlist("id1", "calm", "Calm", "rule", {})
    line = StoredLine(Member(known.file_id, "slow"), b"a.flac\n")
    Lists(shelf.database).save({}, [StoredList(playlist, lines=(line,))], [])

    assert facts(shelf)["playlists"] == [
        {"id": "id1", "name": "Calm", "position": 1, "reason": "slow"}
    ]


def test_a_missing_track_is_still_explained(shelf: Shelf) -> None:
    known = shelf.landed_and_heard(b"a.flac", 1, analysis())
    shelf.tracks.apply([Vanished(known.file_id)])

    told = facts(shelf)

    assert (told["missing"], told["tier"]) == (True, "full")
