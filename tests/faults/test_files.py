"""Whatever lies in a music folder: heard, or set aside for a reason that a person understands.

One folder holds one of each, and one daemon with a strict limit on its workers' memory has
seen them all.
"""

import json
from pathlib import Path
from typing import Any, NamedTuple

import mutagen.mp4
import numpy as np
import pytest

import sounds
from daemons import Daemon, home_in, until
from faults.corpus import CHANNELS, RATES, ROOT, candidates, fill
from faults.odd import LENGTHS_KNOWN, SECONDS, named

NOT_TOLD = ("aac", "ac3", "ogg", "opus")
WORKER = "700MB"
"""More than any of these may cost: an honest worker holds about half."""


class Fate(NamedTuple):
    """What became of a file."""

    duration_s: float | None
    features: dict[str, Any]
    reasons: dict[str, str]
    reason: str | None
    error: str


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    fill(folder)
    return folder


@pytest.fixture(scope="module")
def daemon(corpus, compiled, tmp_path_factory):
    folder = tmp_path_factory.mktemp("daemon")
    home = home_in(folder, compiled, corpus)
    home.configure(MEMORY_LIMIT=WORKER)
    daemon = Daemon(home, folder)
    try:
        until(lambda: daemon.at_rest(len(candidates(corpus))), 60)
        yield daemon
    finally:
        daemon.stop()


@pytest.fixture(scope="module")
def fates(daemon):
    """What became of each, by name."""
    rows = daemon.home.rows(
        "SELECT relpath, duration_s, ifnull(features, '{}'), ifnull(reasons, '{}'), reason, "
        "ifnull(error, '') FROM file "
        "LEFT JOIN audio ON audio.id = audio_id LEFT JOIN job ON job.file_id = file.id"
    )
    return {
        name.decode(): Fate(seconds, json.loads(features), json.loads(reasons), reason, error)
        for name, seconds, features, reasons, reason, error in rows
    }


def is_heard(fate, seconds=SECONDS):
    return fate.reason is None and fate.duration_s == pytest.approx(seconds, abs=0.1)


@pytest.mark.fault(16)
def test_a_file_of_no_bytes_is_set_aside_as_empty(fates):
    assert fates["empty.flac"].reason == "empty"


@pytest.mark.fault(17)
@pytest.mark.parametrize("kind", LENGTHS_KNOWN)
def test_half_a_file_of_any_kind_that_tells_its_length_is_incomplete(fates, kind):
    assert fates[named(Path(), "half", kind).name].reason == "incomplete"


@pytest.mark.fault(17)
@pytest.mark.parametrize("kind", NOT_TOLD)
def test_half_a_stream_that_does_not_tell_its_length_is_heard_as_far_as_it_goes(fates, kind):
    half = fates[named(Path(), "half", kind).name]

    assert half.reason is None
    assert 0 < half.duration_s < SECONDS - 1


@pytest.mark.fault(23)
@pytest.mark.parametrize("kind", sounds.KINDS)
def test_a_whole_file_of_any_kind_and_width_is_heard(fates, kind):
    assert is_heard(fates[named(Path(), "whole", kind).name])


@pytest.mark.fault(19)
@pytest.mark.parametrize("name", ["flac.mp3", "mp3.flac"])
def test_music_under_the_name_of_another_kind_is_heard(fates, name):
    assert is_heard(fates[name])


@pytest.mark.fault(19)
@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("picture.mp3", "is a PNG image"),
        ("page.flac", "is a web page"),
        ("words.m4a", "is a text file"),
    ],
)
def test_what_claims_to_be_music_is_named_for_what_it_is(fates, name, what):
    assert fates[name].reason == "not_audio"
    assert what in fates[name].error


@pytest.mark.fault(20)
def test_a_protected_file_is_set_aside_as_that(fates):
    assert fates["protected.m4p"].reason == "unreadable"
    assert "copy-protected" in fates["protected.m4p"].error


@pytest.mark.fault(22)
def test_a_tenth_of_a_second_is_heard_and_what_it_cannot_tell_has_a_reason(fates):
    moment = fates["moment.wav"]

    assert is_heard(moment, 0.1)
    assert "bpm" in moment.reasons


@pytest.mark.fault(23)
@pytest.mark.parametrize("rate", RATES)
def test_any_sample_rate_is_heard(fates, rate):
    assert is_heard(fates[f"{rate} Hz.wav"], 2)


@pytest.mark.fault(23)
@pytest.mark.parametrize("channels", CHANNELS)
def test_any_number_of_channels_is_heard(fates, channels):
    assert is_heard(fates[f"{channels} channels.flac"], 2)


@pytest.mark.fault(23)
def test_a_rate_that_changes_midway_is_heard_to_the_end(fates):
    assert fates["two rates.mp3"].duration_s == pytest.approx(4, abs=0.2)


@pytest.mark.fault(24)
def test_silence_is_heard_and_what_it_does_not_have_has_a_reason(fates):
    silence = fates["silence.flac"]

    assert is_heard(silence)
    assert {"bpm", "key", "loudness_lufs"} <= silence.reasons.keys()
    assert not {"bpm", "key", "loudness_lufs"} & {
        name for name, value in silence.features.items() if value is not None
    }


@pytest.mark.fault(25)
def test_samples_that_are_no_numbers_are_counted_and_leave_none_behind(fates):
    odd_one = fates["no numbers.wav"]

    assert is_heard(odd_one)
    assert odd_one.reasons["samples"].startswith("150 were no numbers")
    values = [value for value in odd_one.features.values() if isinstance(value, float)]
    assert np.isfinite(values).all()


@pytest.mark.fault(26)
@pytest.mark.parametrize(
    "name", ["cover.mp3", "film.m4a", "languages.mka", "chapters.m4a", "album.flac"]
)
def test_sound_in_company_is_heard_once_as_one_track(fates, name):
    assert is_heard(fates[name])


@pytest.mark.fault(26)
def test_the_corpus_has_a_file_that_really_has_chapters(corpus):
    assert len(mutagen.mp4.MP4(corpus / "chapters.m4a").chapters) == 2


@pytest.mark.fault(26)
def test_pictures_without_sound_are_no_music(fates):
    assert fates["pictures alone.m4a"].reason == "not_audio"
    assert "without sound" in fates["pictures alone.m4a"].error


@pytest.mark.fault(26)
def test_a_cue_sheet_is_no_track(fates):
    assert fates["album.cue"].duration_s is None


@pytest.mark.fault(27)
@pytest.mark.parametrize("name", ["4 GB.wav", "no length.flac", "bomb.mp3"])
def test_a_length_that_is_a_lie_does_not_keep_a_track_from_being_heard(fates, name):
    assert is_heard(fates[name])


@pytest.mark.fault(27)
@pytest.mark.parametrize("name", ["no rate.wav", "endless tag.mp3"])
def test_a_header_that_leaves_nothing_to_hear_has_a_reason(fates, name):
    assert fates[name].reason == "unreadable"


@pytest.mark.fault(30)
@pytest.mark.parametrize(
    ("name", "reason", "what"),
    [
        ("pipe.flac", "not_audio", "is a named pipe"),
        ("socket.mp3", "not_audio", "is a socket"),
        ("terabyte.wav", "too_large", "SEQUENTIAL_MAX_FILE_SIZE_MB"),
    ],
)
def test_what_must_not_be_read_is_not_read_and_has_a_reason(fates, name, reason, what):
    assert fates[name].reason == reason
    assert what in fates[name].error


@pytest.mark.fault(30)
@pytest.mark.skipif(not ROOT, reason="root alone can make a device")
def test_a_device_is_never_read(fates):
    assert fates["device.mp3"].reason == "not_audio"
    assert "is a device" in fates["device.mp3"].error


@pytest.mark.fault(27)
def test_none_of_them_cost_a_worker_its_life(daemon):
    exits = daemon.ask("/metrics")[1]

    for reason in ("signal", "deadline", "memory", "exit"):
        assert f'worker_exits_total{{reason="{reason}"}} 0.0' in exits
