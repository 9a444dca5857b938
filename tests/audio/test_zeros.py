"""Holes of zeros, in tracks that are long enough not to lose two percent of their length by one."""

import os
import tempfile

import mutagen
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sounds
from playlista.audio.decode import TrackStream
from playlista.audio.source import opened
from playlista.audio.zeros import RUN_N, ZeroRuns
from playlista.errors import IncompleteTrack
from playlista.records import AudioSettings

# kind -> minutes after which a hole costs less than two percent of them
LONG_ENOUGH = {"flac": 1, "alac": 1, "tta": 1, "mka": 5, "mp3_320": 2, "wma": 4, "m4a": 7}
LENGTH_TELLS = ("wv", "aac", "ac3", "ogg", "opus")
"""Kinds of which nothing decodes behind a hole, or which state no length to compare with."""

SILENT = ("aac", "ac3", "ogg", "opus")
"""Kinds that state no length, or none that a tail of zeros would leave."""


def heard_s(path):
    with opened(os.fsencode(path)) as file:
        stream = TrackStream(os.fsencode(path), file, AudioSettings())
        for _ in stream.blocks():
            pass
        return stream.heard.duration_s


def write(path, kind, minutes):
    rate = 48_000 if kind == "opus" else 44_100
    sound = (sounds.noise(30, seed=n, rate=rate) for n in range(2 * minutes))
    return sounds.write(path, sound, kind, rate=rate)


@pytest.mark.fault(18)
@pytest.mark.parametrize(
    ("kind", "minutes"), [*LONG_ENOUGH.items(), *((kind, 1) for kind in LENGTH_TELLS)]
)
def test_a_small_hole_in_a_long_track_is_incomplete(kind, minutes, tmp_path):
    path = write(tmp_path / f"x.{kind}", kind, minutes)
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        file.write(bytes(RUN_N + 2))

    with pytest.raises(IncompleteTrack):
        heard_s(path)


@pytest.mark.fault(24)
@pytest.mark.parametrize("kind", sounds.KINDS)
def test_silence_is_no_hole(kind, tmp_path):
    rate = 48_000 if kind == "opus" else 44_100
    path = sounds.write(tmp_path / "x", sounds.silence(60, rate), kind, rate=rate)

    assert heard_s(path) == pytest.approx(60, abs=0.2)


@pytest.mark.parametrize("kind", ["flac", "mp3", "m4a"])
def test_room_left_for_tags_is_no_hole(kind, tmp_path):
    path = sounds.write(tmp_path / f"x.{kind}", sounds.tone(2))
    tagged = mutagen.File(path, easy=True)
    tagged["title"] = "Roomy"
    tagged.save(padding=lambda _: 4 * RUN_N)
    assert bytes(3 * RUN_N) in path.read_bytes()

    assert heard_s(path) == pytest.approx(2, abs=0.1)


@pytest.mark.parametrize("kind", ["flac", "m4a", "mka", "tta", "wv"])
def test_zeros_behind_all_that_was_declared_are_no_hole(kind, tmp_path):
    path = write(tmp_path / f"x.{kind}", kind, 1)
    with path.open("ab") as file:
        file.write(bytes(RUN_N + 2))

    assert heard_s(path) == pytest.approx(60, rel=0.01)


@pytest.mark.fault(17)
@pytest.mark.fault(29)
@pytest.mark.parametrize("kind", SILENT)
def test_a_file_laid_out_beforehand_and_half_filled_is_incomplete_though_it_states_no_length(
    kind, tmp_path
):
    path = write(tmp_path / f"x.{kind}", kind, 1)
    size = path.stat().st_size
    os.truncate(path, size // 2)
    os.truncate(path, size)

    with pytest.raises(IncompleteTrack, match="hole of zeros"):
        heard_s(path)


@given(
    before_n=st.integers(0, 2 * RUN_N),
    zeros_n=st.integers(0, 3 * RUN_N),
    packet_n=st.integers(1, 2 * RUN_N),
)
def test_a_run_is_found_wherever_it_lies_and_no_shorter_one(before_n, zeros_n, packet_n):
    with tempfile.TemporaryFile() as file:
        file.write(b"\1" * before_n + bytes(zeros_n) + b"\1" * RUN_N)
        file.flush()
        size = file.tell()
        zeros = ZeroRuns(file.fileno(), indexed=False)
        for begin in range(0, size, packet_n):
            zeros.passed(begin, min(begin + packet_n, size))

    assert zeros.found == (zeros_n >= RUN_N)


@given(lengths=st.lists(st.integers(1, 2 * RUN_N), min_size=1, max_size=8))
def test_what_an_index_leaves_out_may_be_zeros(lengths):
    with tempfile.TemporaryFile() as file:
        zeros = ZeroRuns(file.fileno(), indexed=True)
        for length in lengths:
            file.seek(2 * RUN_N, os.SEEK_CUR)
            begin = file.tell()
            file.write(b"\1" * length)
            file.flush()
            zeros.passed(begin, file.tell())

    assert not zeros.found
