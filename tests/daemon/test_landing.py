"""A file lands, a playlist gains a line: with the daemon running, as a person would see it."""

import os
import shutil
from pathlib import Path

import pytest

import sounds
from daemons import PIECES, piece, until

OWN = 3
RECENT = "recently-added.m3u8"
SETTLE_S = 0.5
SLACK_S = 8.0
"""A worker and a composer may have to start on a busy machine."""


@pytest.fixture
def mine(tmp_path) -> Path:
    """A watched folder with a few files of this test's own."""
    folder = tmp_path / "mine"
    folder.mkdir(exist_ok=True)
    for number in range(OWN):
        sounds.write(folder / f"own {number}.flac", piece(PIECES + number))
    return folder


@pytest.fixture
def daemon(home, mine, start):
    """A daemon at rest, which knows the shared folder and those files."""
    daemon = start(home)
    until(lambda: daemon.landed == len(list(mine.iterdir())))
    return daemon


def without(lists, name):
    """The lines of every list but those of one file."""
    return {one: [line for line in lines if name not in line] for one, lines in lists.items()}


def test_a_landed_track_gains_a_line_and_moves_no_other(daemon, home, mine):
    before = home.lists()

    sounds.write(mine / "landed.flac", piece(PIECES + OWN))

    until(lambda: daemon.landed == OWN + 1)
    after = home.lists()
    kept = without(after, "landed.flac")
    assert sum(map(len, after.values())) > sum(map(len, kept.values()))
    for name in before.keys() - {RECENT}:
        assert kept[name] == before[name]
    assert kept[RECENT] == before[RECENT][: len(kept[RECENT])]  # the oldest may leave it


def test_a_landed_track_is_in_its_playlists_two_seconds_after_its_analysis(daemon, mine):
    waited, analysed = daemon.metric("landing_to_playlist_seconds_sum"), daemon.listening_s

    sounds.write(mine / "landed.flac", piece(PIECES + OWN))

    until(lambda: daemon.landed == OWN + 1)
    took = daemon.metric("landing_to_playlist_seconds_sum") - waited
    assert took < SETTLE_S + daemon.listening_s - analysed + 2 + SLACK_S


@pytest.mark.usefixtures("daemon")
def test_a_removed_track_loses_its_lines_and_no_other_moves(home, mine):
    before = home.lists()

    (mine / "own 1.flac").unlink()

    until(lambda: mine / "own 1.flac" not in home.paths() and home.replays())
    after = home.lists()
    for name in before.keys() - {RECENT}:
        assert after.get(name, []) == without(before, "own 1.flac")[name]


def test_a_moved_track_is_not_analysed_again_and_its_lines_name_the_new_place(daemon, home, mine):
    analyses, before = daemon.metric("analyses_total"), home.lists()

    (mine / "new").mkdir()
    (mine / "own 0.flac").rename(mine / "new" / "renamed.flac")

    until(lambda: mine / "new" / "renamed.flac" in home.paths())
    until(lambda: mine / "own 0.flac" not in home.paths())
    assert daemon.metric("analyses_total") == analyses
    assert {name: len(lines) for name, lines in home.lists().items()} == {
        name: len(lines) for name, lines in before.items()
    }


def test_copies_and_hard_links_of_a_track_add_no_line(daemon, home, mine):
    before = home.lists()

    shutil.copy(mine / "own 0.flac", mine / "copy.flac")
    os.link(mine / "own 0.flac", mine / "link.flac")

    until(lambda: daemon.at_rest(PIECES + OWN + 2))
    sounds.write(mine / "landed.flac", piece(PIECES + OWN))
    until(lambda: daemon.landed == OWN + 1)
    assert without(home.lists(), "landed.flac").keys() >= before.keys()
    assert not {mine / "copy.flac", mine / "link.flac"} & home.paths()
    assert len(home.rows("SELECT DISTINCT audio_id FROM file")) == PIECES + OWN + 1


def test_a_track_that_changes_is_heard_again(daemon, home, mine):
    ((old,),) = home.rows("SELECT audio_id FROM file WHERE relpath = ?", b"own 2.flac")

    sounds.write(mine / "own 2.flac", piece(PIECES + OWN + 1))

    query = "SELECT audio_id FROM file WHERE relpath = ?"
    until(lambda: home.rows(query, b"own 2.flac") != [(old,)] and daemon.at_rest(PIECES + OWN))


def test_a_landed_track_reaches_the_delta_log_too(daemon, home, mine):
    sounds.write(mine / "landed.flac", piece(PIECES + OWN))

    until(lambda: daemon.landed == OWN + 1)
    assert home.replays()
