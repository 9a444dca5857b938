import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from playlista.config.settings import StoreSettings
from playlista.errors import OperatorError, TryAgain
from playlista.pipeline.refresh import Refresh
from playlista.playlists.replay import replay
from playlista.records import Composition, Member, Moved, Playlist, Vanished
from playlista.store.lists import history
from shelf import analysis


@pytest.fixture
def folder(tmp_path) -> Path:
    return tmp_path / "lists"


@pytest.fixture
def refresh(shelf, folder, metrics):
    settings = StoreSettings(state_path=shelf.path.parent, playlist_path=folder)
    return Refresh(shelf.database, settings, metrics)


@pytest.fixture
def heard(shelf):
    """Return a function that gives the ids of so many analysed tracks."""

    def tracks(count):
        return [
            shelf.landed_and_heard(b"%d.flac" % n, n, analysis(f"sound {n}")).file_id
            for n in range(1, count + 1)
        ]

    return tracks


def composed(*tracks, slug="calm", frame=None):
    members = tuple(Member(track, "near its centre") for track in tracks)
    playlist = Playlist(f"id-{slug}", slug, slug.title(), "sound", {"centre": [0.5]}, members)
    return Composition(frame or {"mean": [1.0]}, (playlist,))


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def log(shelf):
    return [json.loads(line) for line in deltas(shelf).read_bytes().splitlines()]


def deltas(shelf):
    return shelf.path.parent / "deltas.jsonl"


def stored(refresh):
    (one,) = refresh._lists.load().values()
    return one


def test_a_new_list_becomes_revision_log_line_and_file(refresh, shelf, folder, heard):
    one, two = heard(2)

    assert refresh.adopt(composed(two, one)) == 1

    text = files(folder)["calm.m3u8"].decode()
    assert text.startswith("#EXTM3U\n#PLAYLIST:Calm\n#PLAYLISTA:id=id-calm\n")
    assert text.index("2.flac") < text.index("1.flac")
    assert (stored(refresh).revision, stored(refresh).published) == (1, 1)
    (line,) = log(shelf)
    assert (line["seq"], line["reason"], line["file"]) == (1, "new_tracks", "calm.m3u8")
    assert line["trigger"] == [two, one]


def test_before_the_first_list_nothing_is_founded(refresh, heard):
    assert not refresh.founded()

    refresh.adopt(composed(*heard(1)))

    assert refresh.founded()


def test_paths_in_a_file_are_relative_to_its_folder(refresh, folder, heard):
    refresh.adopt(composed(*heard(1)))

    last = files(folder)["calm.m3u8"].splitlines()[-1]
    assert os.path.normpath(os.fsencode(folder) + b"/" + last) == b"/music/1.flac"


def test_the_same_composition_writes_nothing(refresh, shelf, folder, heard):
    tracks = heard(3)
    refresh.adopt(composed(*tracks))
    both = folder / "calm.m3u8", deltas(shelf)
    before = [(file.stat().st_ino, file.stat().st_mtime_ns) for file in both]

    assert refresh.adopt(composed(*tracks)) == 0

    assert [(file.stat().st_ino, file.stat().st_mtime_ns) for file in both] == before
    assert stored(refresh).revision == 1


def test_a_new_reason_is_remembered_without_a_revision(refresh, heard):
    (track,) = heard(1)
    refresh.adopt(composed(track))
    (playlist,) = composed(track).playlists
    again = Composition({}, (replace(playlist, members=(Member(track, "a closer look"),)),))

    assert refresh.adopt(again) == 0

    assert stored(refresh).lines[0].member.reason == "a closer look"
    assert stored(refresh).revision == 1


def test_one_more_track_is_one_added_line(refresh, shelf, heard, counted):
    one, two, three = heard(3)
    refresh.adopt(composed(one, three))

    refresh.adopt(composed(one, two, three))

    assert [op["op"] for op in log(shelf)[-1]["ops"]] == ["add"]
    assert counted("playlist_lines_total", op="add") == 3
    assert counted("playlist_updates_total", reason="new_tracks") == 2


def test_a_renamed_file_rewrites_its_line(refresh, shelf, folder, heard):
    one, two = heard(2)
    refresh.adopt(composed(one, two))
    known = shelf.known(b"2.flac")
    shelf.tracks.apply([Moved(two, shelf.root.root_id, b"new/2.flac", known.signature)])

    refresh.adopt(composed(one, two))

    assert [op["op"] for op in log(shelf)[-1]["ops"]] == ["set"]
    assert log(shelf)[-1]["reason"] == "changed"
    assert b"new/2.flac" in files(folder)["calm.m3u8"]


def test_a_vanished_track_loses_its_line(refresh, shelf, folder, heard):
    one, two = heard(2)
    refresh.adopt(composed(one, two))
    shelf.tracks.apply([Vanished(one)])

    refresh.adopt(composed(two))

    assert log(shelf)[-1]["reason"] == "deleted"
    assert b"1.flac" not in files(folder)["calm.m3u8"]


def test_a_list_that_loses_all_lines_loses_its_file_and_keeps_its_place(
    refresh, shelf, folder, heard, counted
):
    (one,) = heard(1)
    refresh.adopt(composed(one))

    refresh.adopt(composed())

    assert files(folder) == {}
    assert log(shelf)[-1]["ops"][-1] == {"op": "close"}
    assert stored(refresh).playlist.slug == "calm"
    assert counted("playlists") == 0

    refresh.adopt(composed(one))

    assert list(files(folder)) == ["calm.m3u8"]
    assert counted("playlists") == 1


def test_a_list_born_empty_has_no_file(refresh, shelf, folder):
    assert refresh.adopt(composed()) == 0

    assert files(folder) == {}
    assert not deltas(shelf).exists()


def test_a_track_that_the_library_no_longer_has_is_left_out(refresh, folder, heard):
    (one,) = heard(1)

    refresh.adopt(composed(one, 999))

    assert files(folder)["calm.m3u8"].count(b"#EXTINF") == 1


def test_the_log_gives_every_file_byte_for_byte(refresh, shelf, folder, heard):
    tracks = heard(5)
    weird = shelf.landed_and_heard(b"caf\xe9.flac", 77, analysis("sound 77")).file_id
    for order in (tracks, tracks[::-1], [tracks[2], weird], [weird], [weird, *tracks]):
        refresh.adopt(composed(*order))

    assert replay(deltas(shelf).read_bytes().splitlines()) == files(folder)


def test_history_tells_every_revision(refresh, shelf, heard):
    one, two = heard(2)
    refresh.adopt(composed(one))
    refresh.adopt(composed(one, two))

    with shelf.database.reading() as read:
        assert [edit["rev_to"] for edit in history(read, "id-calm")] == [1, 2]


# --- crashes and refusals -----------------------------------------------------


def test_a_crash_before_publishing_is_caught_up(refresh, shelf, folder, heard, monkeypatch):
    tracks = heard(2)
    with monkeypatch.context() as patch:
        patch.setattr(Refresh, "publish", lambda _: None)
        refresh.adopt(composed(*tracks))
    assert not folder.exists()
    assert stored(refresh).published == 0

    refresh.publish()

    assert list(files(folder)) == ["calm.m3u8"]
    assert stored(refresh).published == 1
    assert replay(deltas(shelf).read_bytes().splitlines()) == files(folder)


def test_a_crash_between_log_and_files_does_not_repeat_the_log(
    refresh, shelf, folder, heard, monkeypatch
):
    tracks = heard(2)

    def die(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Refresh, "_push", die)
        with pytest.raises(KeyboardInterrupt):
            refresh.adopt(composed(*tracks))
    assert len(log(shelf)) == 1

    refresh.publish()

    assert len(log(shelf)) == 1
    assert list(files(folder)) == ["calm.m3u8"]


def test_half_a_line_in_the_log_is_repeated_whole(refresh, shelf, heard):
    one, two = heard(2)
    refresh.adopt(composed(one))
    refresh.adopt(composed(one, two))
    whole = deltas(shelf).read_bytes()
    deltas(shelf).write_bytes(whole[:-20])

    refresh.publish()

    assert deltas(shelf).read_bytes() == whole


def test_a_folder_that_cannot_be_made_is_told_and_caught_up_with_later(
    refresh, folder, heard, counted
):
    tracks = heard(1)
    folder.write_text("in the way")

    with pytest.raises(OperatorError, match="lists"):
        refresh.adopt(composed(*tracks))
    assert counted("outlet_pushes_total", outlet="m3u8", outcome="failed") == 1
    assert stored(refresh).published == 0

    folder.unlink()
    assert refresh.adopt(composed(*tracks)) == 0

    assert list(files(folder)) == ["calm.m3u8"]
    assert counted("outlet_pushes_total", outlet="m3u8", outcome="ok") == 1


def test_a_file_that_cannot_be_written_is_told_and_caught_up_with_later(refresh, folder, heard):
    tracks = heard(1)
    folder.mkdir()
    (folder / "calm.m3u8").mkdir()

    with pytest.raises((OperatorError, TryAgain), match="calm"):
        refresh.adopt(composed(*tracks))
    (folder / "calm.m3u8").rmdir()
    refresh.publish()

    assert list(files(folder)) == ["calm.m3u8"]


# --- from landing to playlist -------------------------------------------------


def test_the_way_of_what_arrived_is_measured(refresh, heard, counted):
    one, two = heard(2)
    refresh.adopt(composed(one, two))

    refresh.observe_landing({two})

    assert counted("landing_to_playlist_seconds_count") == 1


def test_a_track_in_two_lists_is_measured_once(refresh, heard, counted):
    (one,) = heard(1)
    both = composed(one).playlists + composed(one, slug="fast").playlists
    refresh.adopt(Composition({}, both))

    refresh.observe_landing({one})

    assert counted("landing_to_playlist_seconds_count") == 1


def test_a_track_without_a_list_has_not_arrived(refresh, heard, counted):
    one, two = heard(2)
    refresh.adopt(composed(one))

    refresh.observe_landing({two})

    assert counted("landing_to_playlist_seconds_count") == 0


def test_the_log_of_another_database_is_kept_aside(refresh, shelf, heard):
    deltas(shelf).write_text('{"seq": 40, "playlist_id": "of a lost database"}\n')
    (one,) = heard(1)

    refresh.adopt(composed(one))

    kept = deltas(shelf).with_name("deltas.jsonl.1")
    assert json.loads(kept.read_text())["seq"] == 40
    assert [line["seq"] for line in log(shelf)] == [1]
