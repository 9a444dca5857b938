import os

import mutagen
import pytest

import sounds
from playlista.audio.decode import TrackStream
from playlista.audio.identity import OPENING_N, recognised
from playlista.audio.source import opened
from playlista.audio.zeros import RUN_N
from playlista.records import AudioSettings, How
from playlista.sieve import Sieve

MD5_AT = slice(26, 42)
"""Where a FLAC file has the MD5 of its sound: behind its mark and 22 bytes of header."""


def heard(path):
    """Listen to all of a file."""
    with opened(os.fsencode(path)) as file:
        stream = TrackStream(os.fsencode(path), file, AudioSettings())
        for _ in stream.blocks():
            pass
        return stream.heard


def knowing(*paths):
    """Know what some files hold."""
    sieve = Sieve()
    for path in paths:
        prints = heard(path).prints
        sieve.add(filter(None, (prints.opening, prints.flac)))
    return sieve


def asked(path, sieve):
    with opened(os.fsencode(path)) as file:
        found = recognised(file, sieve)
        assert file.tell() == 0
        return found


def retag(path):
    tagged = mutagen.File(path, easy=True)
    tagged["title"] = "A new title " * 1000
    tagged.save()


def write(path, sound, **how):
    rate = 48_000 if path.suffix == ".opus" else 44_100
    return sounds.write(path, sound, rate=rate, **how)


@pytest.mark.parametrize("kind", ["mp3", "m4a", "ogg", "opus"])
def test_new_tags_are_no_new_recording(kind, tmp_path):
    path = write(tmp_path / f"x.{kind}", sounds.noise(3))
    sieve, audio_id = knowing(path), heard(path).audio_id
    retag(path)

    assert asked(path, sieve) == (How.PACKETS, audio_id)


def test_of_a_flac_file_the_header_tells_though_its_tags_changed(tmp_path):
    path = write(tmp_path / "x.flac", sounds.noise(3))
    sieve, flac = knowing(path), heard(path).prints.flac
    retag(path)

    assert asked(path, sieve) == (How.FLAC, flac)


@pytest.mark.parametrize("kind", sounds.KINDS)
def test_a_short_file_of_any_kind_is_recognised(kind, tmp_path):
    rate = 48_000 if kind == "opus" else 44_100
    path = sounds.write(tmp_path / "x", sounds.noise(0.3, rate=rate), kind, rate=rate)
    told = heard(path)

    flac, packets = (How.FLAC, told.prints.flac), (How.PACKETS, told.audio_id)
    assert asked(path, knowing(path)) == (flac if told.prints.flac else packets)


def test_a_flac_file_that_was_packed_anew_is_the_same_recording(tmp_path, monkeypatch):
    loosely = ("flac", "flac", "s16", {"compression_level": "0"})
    monkeypatch.setitem(sounds.KINDS, "loose flac", loosely)
    path = write(tmp_path / "x.flac", sounds.noise(3))
    again = write(tmp_path / "again", sounds.noise(3), kind="loose flac")
    assert heard(path).audio_id != heard(again).audio_id

    assert asked(again, knowing(path)) == (How.FLAC, heard(path).prints.flac)


def test_a_flac_file_without_a_checksum_is_recognised_by_its_packets(tmp_path):
    path = write(tmp_path / "x.flac", sounds.noise(3))
    content = bytearray(path.read_bytes())
    content[MD5_AT] = bytes(16)
    path.write_bytes(content)

    assert heard(path).prints.flac is None
    assert asked(path, knowing(path)) == (How.PACKETS, heard(path).audio_id)


def test_a_flac_header_before_a_hole_is_not_believed(tmp_path):
    path = write(tmp_path / "x.flac", sounds.noise(5))
    sieve = knowing(path)
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        file.write(bytes(2 * RUN_N))

    assert asked(path, sieve)[0] is How.PACKETS


def test_other_sound_is_not_recognised(tmp_path):
    one = write(tmp_path / "one.flac", sounds.noise(1, seed=1))
    other = write(tmp_path / "other.flac", sounds.noise(1, seed=2))

    assert asked(other, knowing(one)) is None


def test_recordings_that_begin_alike_are_told_apart_by_the_rest(tmp_path):
    silence = sounds.silence(2)
    paths = [tmp_path / "one.wav", tmp_path / "other.wav"]
    for seed, path in enumerate(paths):
        write(path, [silence, sounds.noise(1, seed=seed)])
    one, other = (heard(path) for path in paths)

    assert one.prints.opening == other.prints.opening
    assert asked(paths[1], knowing(paths[0])) == (How.PACKETS, other.audio_id)
    assert one.audio_id != other.audio_id


def test_of_a_stranger_only_the_opening_is_read(tmp_path):
    one = write(tmp_path / "one.wav", sounds.noise(1, seed=1))
    long = write(tmp_path / "long.wav", sounds.noise(30, seed=2))
    sieve = knowing(one)
    read_n = 0
    with opened(os.fsencode(long)) as file:

        class Counting:
            def read(self, n):
                nonlocal read_n
                read_n += n
                return file.read(n)

            def __getattr__(self, name):
                return getattr(file, name)

        recognised(Counting(), sieve)

    assert OPENING_N <= read_n < 20 * OPENING_N < long.stat().st_size


@pytest.mark.parametrize("content", [b"", b"no music", b"fLaC" + bytes(100)])
def test_what_cannot_be_opened_is_not_recognised(content, tmp_path):
    path = tmp_path / "x.flac"
    path.write_bytes(content)
    known = write(tmp_path / "known.flac", sounds.noise(1))

    assert asked(path, knowing(known)) is None
