import errno
import os
import struct
import subprocess
import sys

import mutagen.id3
import numpy as np
import pytest

import sounds
from playlista.audio.decode import TrackStream, clock
from playlista.audio.source import opened
from playlista.audio.tags import file_tags
from playlista.errors import IncompleteTrack, NotAudio, NothingToHear, UnreadableAudio
from playlista.records import AudioSettings

LOSSLESS = ("wav", "wav24", "wav32", "wavf", "wavd", "aiff", "au", "flac", "alac", "wv", "tta")
DECLARING = ("wav", "aiff", "au", "flac", "mp3", "wv", "tta")


def hear(path, **settings):
    with opened(os.fsencode(path)) as file:
        stream = TrackStream(os.fsencode(path), file, AudioSettings(**settings))
        blocks = list(stream.blocks())
    samples = [block.samples for block in blocks]
    return np.concatenate(samples) if samples else np.empty(0), stream.heard, blocks


@pytest.mark.parametrize("kind", LOSSLESS)
def test_a_lossless_file_at_its_own_rate_gives_its_samples_back(kind, tmp_path):
    sound = sounds.drums(100, 2)
    path = sounds.write(tmp_path / "x", sound, kind)

    samples, heard, _ = hear(path, sample_rate=None)

    assert heard.duration_s == pytest.approx(2)
    assert np.abs(samples - sound).max() < 1e-4


@pytest.mark.parametrize("kind", sounds.KINDS)
def test_every_kind_decodes_to_mono_at_the_wanted_rate(kind, tmp_path):
    rate = 48_000 if kind == "opus" else 44_100
    path = sounds.write(tmp_path / "x", sounds.tone(4, 440, 0.5, rate), kind, rate=rate)

    samples, heard, _ = hear(path)

    middle = samples[22_050:66_150]
    assert len(samples) / 22_050 == pytest.approx(4, abs=0.1)
    assert np.sqrt(np.mean(middle**2)) == pytest.approx(0.5 / np.sqrt(2), rel=0.05)
    assert len(heard.audio_id) == 32


@pytest.mark.parametrize("rate", [8_000, 96_000, 192_000, 384_000])
def test_any_sample_rate_is_resampled(rate, tmp_path):
    path = sounds.write(tmp_path / "x.wav", sounds.tone(1, 440, 0.5, rate), rate=rate)

    samples, _, _ = hear(path)

    strongest = np.argmax(np.abs(np.fft.rfft(samples))) * 22_050 / len(samples)
    assert strongest == pytest.approx(440, abs=2)


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 5, 6, 8])
def test_any_number_of_channels_is_mixed_without_clipping(channels, tmp_path):
    sound = np.stack([sounds.tone(1, 440, 0.9)] * channels)
    path = sounds.write(tmp_path / "x.wav", sound)

    samples, _, _ = hear(path)

    assert 0.5 < np.abs(samples).max() < 1.0


def test_eight_bits_are_enough(tmp_path):
    path = sounds.write(tmp_path / "x", sounds.tone(1), "wav8")

    samples, _, _ = hear(path)

    assert np.sqrt(np.mean(samples**2)) == pytest.approx(0.5 / np.sqrt(2), rel=0.02)


def test_blocks_have_the_length_asked_for(tmp_path):
    path = sounds.write(tmp_path / "x.flac", sounds.noise(10))

    _, _, blocks = hear(path, block_s=2.0)

    lengths = [len(block.samples) / 22_050 for block in blocks]
    assert lengths[:-1] == pytest.approx([2.0] * (len(blocks) - 1), abs=0.11)


def test_the_loudness_meter_reads_every_tenth_of_a_second_once_its_window_is_full(tmp_path):
    path = sounds.write(tmp_path / "x.wav", sounds.tone_at(-23, 5))

    _, _, blocks = hear(path)

    momentary = np.concatenate([block.momentary for block in blocks])
    short_term = np.concatenate([block.short_term for block in blocks])
    assert (len(momentary), len(short_term)) == (47, 21)
    assert momentary == pytest.approx(-23, abs=0.1)


@pytest.mark.parametrize("kind", ["flac", "mp3", "m4a", "ogg", "opus"])
def test_new_tags_leave_the_identity_alone(kind, tmp_path):
    path = sounds.write(tmp_path / f"x.{kind}", sounds.tone(2, rate=48_000), rate=48_000)
    before = hear(path)[1].audio_id
    tagged = mutagen.File(path, easy=True)
    tagged["title"] = "A new title " * 100
    tagged.save()

    with path.open("rb") as file:
        assert file_tags(file).title.startswith("A new title")
    assert hear(path)[1].audio_id == before


def test_other_sound_has_another_identity(tmp_path):
    one = sounds.write(tmp_path / "1.flac", sounds.tone(1, 440))
    other = sounds.write(tmp_path / "2.flac", sounds.tone(1, 441))

    assert hear(one)[1].audio_id != hear(other)[1].audio_id


@pytest.mark.fault(17)
@pytest.mark.parametrize("kind", DECLARING)
def test_half_a_file_is_incomplete_and_says_both_lengths(kind, tmp_path):
    path = sounds.write(tmp_path / f"x.{kind}", sounds.noise(6))
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])

    with pytest.raises(IncompleteTrack, match=r"only 0:0[23]\.\d of 0:06\.0 is there"):
        hear(path)


@pytest.mark.fault(17)
def test_half_an_m4a_misses_its_index(tmp_path):
    path = sounds.write(tmp_path / "x.m4a", sounds.noise(3))
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])

    with pytest.raises(IncompleteTrack, match="index is missing"):
        hear(path)


@pytest.mark.fault(18)
@pytest.mark.parametrize("kind", ["flac", "mp3", "m4a", "ogg"])
def test_a_hole_of_zeros_is_incomplete(kind, tmp_path):
    path = sounds.write(tmp_path / f"x.{kind}", sounds.noise(20))
    content = bytearray(path.read_bytes())
    quarter = len(content) // 4
    content[quarter : 3 * quarter] = bytes(2 * quarter)
    path.write_bytes(content)

    with pytest.raises(IncompleteTrack):
        hear(path)


@pytest.mark.fault(27)
@pytest.mark.parametrize("size", [0, 0xFFFF_FFFF, 0x7FFF_FFFF])
def test_a_wav_of_unknown_length_is_complete_as_it_is(size, tmp_path):
    path = sounds.write(tmp_path / "x.wav", sounds.tone(1))
    content = path.read_bytes()
    at = content.index(b"data") + 4
    path.write_bytes(content[:at] + struct.pack("<I", size) + content[at + 4 :])

    _, heard, _ = hear(path)

    assert heard.declared_s is None
    assert heard.duration_s == pytest.approx(1)


@pytest.mark.parametrize("name", ["x.mp3", "x.flac", "x.m4a"])
def test_a_picture_is_named_for_what_it_is(name, tmp_path):
    (tmp_path / name).write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(1000))

    with pytest.raises(NotAudio, match="is a PNG image, not audio"):
        hear(tmp_path / name)


def test_an_empty_file_is_empty(tmp_path):
    (tmp_path / "x.mp3").touch()

    with pytest.raises(NothingToHear, match="0 bytes"):
        hear(tmp_path / "x.mp3")


def test_no_samples_at_all_is_nothing_to_hear(tmp_path):
    path = sounds.write(tmp_path / "x.wav", sounds.silence(0))

    with pytest.raises((NothingToHear, UnreadableAudio)):
        hear(path)


@pytest.mark.parametrize("content", [bytes(100_000), os.urandom(50), b"fLaC" + bytes(1000)])
def test_what_no_decoder_reads_is_unreadable(content, tmp_path):
    (tmp_path / "x.mp3").write_bytes(b"\x01" + content if content[:1] == b"\xff" else content)

    with pytest.raises((UnreadableAudio, NothingToHear)):
        hear(tmp_path / "x.mp3")


def test_a_flac_named_mp3_decodes(tmp_path):
    path = sounds.write(tmp_path / "x.mp3", sounds.tone(1), "flac")

    assert hear(path)[1].duration_s == pytest.approx(1)


def test_a_cover_is_not_mistaken_for_the_sound(tmp_path):
    path = sounds.write(tmp_path / "x.mp3", sounds.tone(2))
    tags = mutagen.id3.ID3()
    tags.add(mutagen.id3.APIC(mime="image/png", data=b"\x89PNG\r\n\x1a\n" + bytes(70_000)))
    tags.save(path)

    assert hear(path)[1].duration_s == pytest.approx(2, abs=0.06)


def test_what_is_no_number_becomes_silence_and_is_counted(tmp_path):
    sound = sounds.tone(2)
    sound[1000:1100] = np.nan
    sound[2000:2050] = np.inf
    sound[3000] = 1e30
    path = sounds.write(tmp_path / "x", sound, "wavf")

    samples, heard, blocks = hear(path)

    assert heard.mended_n == 151
    assert np.isfinite(samples).all()
    assert np.isfinite(np.concatenate([block.momentary for block in blocks])).all()


def test_the_rate_may_change_midway(tmp_path):
    halves = [
        sounds.write(tmp_path / f"{rate}.mp3", sounds.tone(2, 440, 0.5, rate), rate=rate)
        for rate in (44_100, 32_000)
    ]
    path = tmp_path / "x.mp3"
    # the first half without its frame count, which knows nothing of the second
    path.write_bytes(b"".join(half.read_bytes().replace(b"Info", b"\0\0\0\0") for half in halves))

    samples, heard, _ = hear(path)

    assert heard.duration_s == pytest.approx(4, abs=0.2)
    assert len(samples) / 22_050 == pytest.approx(4, abs=0.2)


def test_mapped_or_read_makes_no_difference(tmp_path):
    path = sounds.write(tmp_path / "x.wav", sounds.noise(3))

    mapped, one, _ = hear(path, memory_map=True)
    read, other, _ = hear(path, memory_map=False)

    assert np.array_equal(mapped, read)
    assert one.audio_id == other.audio_id


def test_an_uncompressed_file_really_goes_through_a_map(tmp_path, monkeypatch):
    path = sounds.write(tmp_path / "x.wav", sounds.noise(1))
    windows = []
    from playlista.audio import source

    real = source.MappedFile._mapped
    monkeypatch.setattr(
        source.MappedFile, "_mapped", lambda self, at: windows.append(at) or real(self, at)
    )

    hear(path, memory_map=False)
    assert not windows
    hear(path, memory_map=True)
    assert windows


def test_a_failing_disk_is_an_os_error_not_a_bad_track(tmp_path):
    path = sounds.write(tmp_path / "x.flac", sounds.noise(20))

    class FailingDisk:
        def __init__(self, file):
            self._file = file
            self.fileno, self.seek, self.tell = file.fileno, file.seek, file.tell

        def read(self, n=-1):
            if self._file.tell() > 200_000:
                raise OSError(errno.EIO, "bad sector")
            return self._file.read(n)

    with path.open("rb") as file:
        stream = TrackStream(os.fsencode(path), FailingDisk(file), AudioSettings())
        with pytest.raises(OSError, match="bad sector"):
            list(stream.blocks())


def test_lengths_are_written_as_players_write_them():
    assert clock(205.04) == "3:25.0"
    assert clock(59.96) == "1:00.0"


def test_probing_needs_neither_numpy_nor_av():
    code = (
        "import sys, playlista.audio.probe as p; print('numpy' in sys.modules, 'av' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["False", "False"]
