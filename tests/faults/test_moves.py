"""Music that is moved and tagged anew at once, as taggers that file albums do."""

import json
import signal
from pathlib import Path

import mutagen
import pytest

import sounds
from daemons import until

FEW, ENOUGH_FOR_DOUBT, MANY = 30, 60, 5000
KILLS = 3
KINDS = ("flac", "mp3", "ogg")


@pytest.fixture
def library(tmp_path, make_home, start):
    """Return a function that starts a daemon on so many short tracks in the first of two roots."""

    def begin(tracks):
        roots = [tmp_path / "one", tmp_path / "two"]
        for root in roots:
            root.mkdir()
        for number in range(tracks):
            album = roots[0] / str(number // 12)
            album.mkdir(exist_ok=True)
            path = album / f"{number}.{KINDS[number % len(KINDS)]}"
            sounds.write(path, sounds.noise(0.3, seed=number))
        home = make_home(*roots)
        home.configure(FAST_MODE="true")
        first = start(home)
        until(lambda: first.at_rest(tracks), 60 + tracks / 10)
        first.stop()
        daemon = start(home)
        until(lambda: daemon.at_rest(tracks), 60 + tracks / 10)  # its first lists are of all tracks
        return daemon, *roots

    return begin


def refile(track: Path, root: Path) -> None:
    """Move a track to another root, and give it another name and other tags."""
    new = track.rename(root / f"{track.stem} - New{track.suffix}")
    tagged = mutagen.File(new, easy=True)
    tagged["title"] = f"New {track.stem} " * 100
    tagged["artist"] = "Somebody else"
    tagged.save()


def refile_all(one: Path, two: Path) -> None:
    for track in sorted(one.rglob("*.*")):
        refile(track, two)


def order(home):
    """Return the number of every track in every list, in playing order."""
    return {
        name: [int(Path(line).stem.split(" ")[0]) for line in lines]
        for name, lines in home.lists().items()
    }


def edits(home):
    """Return the kinds of all edits there ever were, in order."""
    log = (home.state / "deltas.jsonl").read_text().splitlines()
    return [op["op"] for record in map(json.loads, log) for op in record["ops"]]


def moved(home, root):
    return home.paths() and all(path.parent == root for path in home.paths())


def assert_kept(daemon, before, edits_n):
    home = daemon.home
    assert order(home) == before
    assert set(edits(home)[edits_n:]) == {"set"}
    assert {tags for (tags,) in home.rows("SELECT json_extract(tags, '$.artist') FROM file")} == {
        "Somebody else"
    }
    until(home.replays)


@pytest.mark.fault(15)
@pytest.mark.parametrize("tracks", [FEW, pytest.param(MANY, marks=pytest.mark.heavy)])
@pytest.mark.timeout(900)
def test_tracks_that_move_to_another_root_with_new_tags_are_not_heard_again(library, tracks):
    daemon, one, two = library(tracks)
    before, edits_n = order(daemon.home), len(edits(daemon.home))
    refile_all(one, two)

    until(lambda: moved(daemon.home, two), 60 + tracks / 10)
    until(lambda: daemon.at_rest(tracks), 60 + tracks / 10)
    assert daemon.metric("analyses_total") == 0
    assert daemon.metric("recognised_total") >= tracks
    assert_kept(daemon, before, edits_n)


@pytest.mark.heavy
@pytest.mark.fault(15)
@pytest.mark.timeout(180)
def test_a_daemon_killed_again_and_again_meanwhile_hears_none_of_them_again(library, start):
    daemon, one, two = library(FEW)
    home = daemon.home
    before, edits_n = order(home), len(edits(home))
    heard = home.rows("SELECT id, hash, analysed_at FROM audio ORDER BY id")
    refile_all(one, two)
    for _ in range(KILLS):
        until(lambda daemon=daemon: daemon.metric("recognised_total") or moved(home, two))
        daemon.signal(signal.SIGKILL)
        daemon.stop()
        daemon = start(home)

    until(lambda: moved(home, two), 60)
    until(lambda: daemon.at_rest(FEW))
    assert home.rows("SELECT id, hash, analysed_at FROM audio ORDER BY id") == heard
    assert_kept(daemon, before, edits_n)


@pytest.mark.heavy
@pytest.mark.fault(15)
@pytest.mark.timeout(180)
def test_a_whole_root_that_is_filed_anew_within_itself_is_not_taken_for_unplugged(library):
    daemon, one, _ = library(ENOUGH_FOR_DOUBT)
    before, edits_n = order(daemon.home), len(edits(daemon.home))
    (one / "new").mkdir()
    for album in [folder for folder in one.iterdir() if folder.name != "new"]:
        for track in sorted(album.iterdir()):
            refile(track, one / "new")

    until(lambda: moved(daemon.home, one / "new"), 60)
    until(lambda: daemon.at_rest(ENOUGH_FOR_DOUBT))
    assert daemon.metric("analyses_total") == 0
    assert "offline" not in daemon.words()
    assert_kept(daemon, before, edits_n)
