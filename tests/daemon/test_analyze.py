"""``playlista analyze``: once is enough, on sounds made by maths and on music by people."""

import shutil
from dataclasses import fields

import pytest

from daemons import PIECES
from playlista.records import Features

REAL = 6
"""So many make a list."""


def files_of(home):
    """Name → (when written, content) of everything the last run may have written."""
    written = [*home.playlists.iterdir(), home.state / "deltas.jsonl"]
    return {file.name: (file.stat().st_mtime_ns, file.read_bytes()) for file in written}


def test_a_second_run_analyses_nothing_and_rewrites_nothing(home):
    before = files_of(home)

    done = home.facts("analyze")

    assert done["analysed"] == 0
    assert done["tracks"]["full"] == PIECES
    assert files_of(home) == before


def test_its_playlists_replay_byte_for_byte(analysed):
    assert analysed.lists()
    assert analysed.replays()


@pytest.mark.timeout(180)
def test_of_real_music_everything_is_known_or_has_a_reason(make_home, real_tracks, tmp_path):
    smallest = sorted(real_tracks, key=lambda track: track.stat().st_size)[:REAL]
    (tmp_path / "real").mkdir()
    tracks = [shutil.copy(track, tmp_path / "real") for track in smallest]
    home = make_home(tmp_path / "real")

    assert home.facts("analyze")["analysed"] == REAL

    for track in tracks:
        told = home.facts("explain", track)
        assert told["tier"] == "full"
        for field in fields(Features):
            assert told[field.name] is not None or told["reasons"][field.name]
    before = files_of(home)
    assert home.facts("analyze")["analysed"] == 0
    assert files_of(home) == before
