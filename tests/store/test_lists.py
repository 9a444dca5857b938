from dataclasses import replace

import pytest

from playlista.records import Composition, Member, Playlist
from playlista.store.lists import Lists, StoredLine, StoredList, composition, history
from shelf import Shelf

ODD = b"#EXTINF:60,caf\xe9 - \xff\r\n../\xf0\x9f\x8e\xb5 \x80.mp3\n"


def a_list(name: str = "calm", *texts: bytes) -> StoredList:
    members = tuple(Member(n, f"because {n}") for n, _ in enumerate(texts))
    return StoredList(
        playlist=Playlist(f"id-{name}", name, name.title(), "sound", {"centre": [0.1]}, members),
        revision=1,
        head=b"#EXTM3U\n",
        lines=tuple(StoredLine(*pair) for pair in zip(members, texts, strict=True)),
    )


@pytest.fixture
def lists(shelf: Shelf) -> Lists:
    return Lists(shelf.database)


def test_a_list_comes_back_byte_for_byte(lists: Lists) -> None:
    stored = a_list("calm", ODD, b"\n", b"plain.mp3\n")

    lists.save({}, [stored], [])

    assert lists.load() == {"id-calm": stored}


def test_lists_come_back_in_the_order_of_their_birth(lists: Lists) -> None:
    lists.save({}, [a_list("zebra"), a_list("ape")], [])
    lists.save({}, [a_list("mole"), a_list("zebra", ODD)], [])

    assert list(lists.load()) == ["id-zebra", "id-ape", "id-mole"]


def test_a_saved_list_replaces_all_its_lines(lists: Lists) -> None:
    lists.save({}, [a_list("calm", b"1\n", b"2\n", b"3\n")], [])

    lists.save({}, [a_list("calm", b"3\n")], [])

    assert [line.lines for line in lists.load()["id-calm"].lines] == [b"3\n"]


def test_lists_that_are_not_saved_stay_as_they_are(lists: Lists) -> None:
    other = a_list("other", b"1\n")
    lists.save({}, [other], [])

    lists.save({}, [a_list("calm", b"2\n")], [])

    assert lists.load()["id-other"] == other


def test_a_list_without_lines_keeps_its_identity(lists: Lists) -> None:
    lists.save({}, [a_list("calm", b"1\n")], [])

    lists.save({}, [a_list("calm")], [])

    assert lists.load()["id-calm"].playlist.slug == "calm"


def test_the_composer_finds_its_frame_and_lists_again(lists: Lists, shelf: Shelf) -> None:
    stored = a_list("calm", b"1\n", b"2\n")
    frame = {"mean": [0.1, 1e-300], "n": 3, "none": None}

    lists.save(frame, [stored], [])

    with shelf.database.reading() as read:
        assert composition(read) == Composition(frame, (stored.playlist,))


def test_before_the_first_revision_there_is_an_empty_composition(shelf: Shelf) -> None:
    with shelf.database.reading() as read:
        assert composition(read) == Composition()


def test_a_revision_is_not_published_until_it_is_marked(lists: Lists) -> None:
    stored = a_list("calm", b"1\n")
    lists.save({}, [stored], [])
    assert lists.load()["id-calm"].published == 0

    lists.mark_published([stored])

    assert lists.load()["id-calm"].published == 1


def test_a_later_revision_is_yet_to_be_published(lists: Lists) -> None:
    stored = a_list("calm", b"1\n")
    lists.save({}, [stored], [])
    lists.mark_published([stored])

    lists.save({}, [replace(stored, revision=2)], [])

    kept = lists.load()["id-calm"]
    assert (kept.published, kept.revision) == (1, 2)


def test_edits_are_numbered_without_gaps(lists: Lists) -> None:
    first = lists.save({}, [], [{"playlist_id": "a"}, {"playlist_id": "b"}])
    second = lists.save({}, [], [{"playlist_id": "a"}])

    assert [record["seq"] for record in first + second] == [1, 2, 3]


def test_edits_come_back_as_they_were_saved(lists: Lists) -> None:
    record = {"v": 1, "playlist_id": "a", "ops": [{"op": "add", "lines": "caf\u00e9\n"}]}

    saved = lists.save({}, [], [record])

    assert lists.records() == saved == [{"seq": 1} | record]


def test_only_later_edits_are_asked_for(lists: Lists) -> None:
    lists.save({}, [], [{"playlist_id": "a"}, {"playlist_id": "b"}])

    assert [record["seq"] for record in lists.records(after=1)] == [2]


def test_the_history_is_of_one_list(lists: Lists, shelf: Shelf) -> None:
    lists.save({}, [], [{"playlist_id": "a"}, {"playlist_id": "b"}, {"playlist_id": "a"}])

    with shelf.database.reading() as read:
        assert [record["seq"] for record in history(read, "a")] == [1, 3]


def test_a_revision_is_saved_whole_or_not_at_all(lists: Lists) -> None:
    with pytest.raises(KeyError):
        lists.save({}, [a_list("calm", b"1\n")], [{"no": "playlist_id"}])

    assert lists.load() == {}


def test_two_lists_never_share_a_file_name(lists: Lists) -> None:
    one = a_list("calm")
    two = replace(one, playlist=replace(one.playlist, id="another"))

    with pytest.raises(Exception, match="UNIQUE"):
        lists.save({}, [one, two], [])
