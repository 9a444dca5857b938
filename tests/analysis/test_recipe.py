import dataclasses
import gc
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import sounds
from playlista import essentia
from playlista.analysis import recipe
from playlista.analysis.recipe import run
from playlista.errors import ChangedMeanwhile, FileUnavailable, NotAudio, NothingToHear
from playlista.records import AnalysisRequest, AudioSettings, Signature, Tier
from playlista.stages import TIMED, Stage, stages

NOWHERE = Path("/nonexistent")


def analyze(path, *, models=NOWHERE, **changes):
    """Listen without a model, whatever there may be on this machine."""
    return recipe.analyze(path, models=models, **changes)


@pytest.fixture(scope="module")
def song(tmp_path_factory):
    beat = sounds.drums(120, 20)
    sound = np.clip(0.5 * beat + 0.3 * sounds.cadence("G minor", 20), -1, 1)
    path = tmp_path_factory.mktemp("music") / "song.flac"
    return sounds.write(path, sound, tags={"TITLE": "Song", "ARTIST": "Band", "DATE": "1997-05-01"})


def test_one_listening_finds_everything_out(song, models):
    found = analyze(song, models=models)

    assert found.features.bpm == pytest.approx(120, rel=0.01)
    assert found.features.key == "G minor"
    assert found.duration_s == pytest.approx(20)
    assert found.file_tags.title == "Song"
    assert (found.file_tags.artist, found.file_tags.year) == ("Band", 1997)
    assert (len(found.embedding), len(found.tags)) == (200, 50)
    assert not found.reasons
    assert not found.truncated


def test_the_engine_names_whose_code_gave_the_numbers(song):
    assert analyze(song, tier=Tier.QUICK).engine == "playlista"
    full = "playlista+librosa" + "+essentia" * essentia.usable()
    assert analyze(song).engine == full


def test_a_default_analysis_really_runs_librosa_essentia_and_the_model(song, models):
    found = analyze(song, models=models)

    assert found.engine == "playlista+librosa" + "+essentia" * essentia.usable() + "+onnxruntime"
    used = {"timbre", "embedding"} | ({"beats"} if essentia.usable() else set())
    assert all(found.seconds[stage] > 0 for stage in used)


def test_without_a_model_embedding_and_tags_have_a_reason(song):
    found = analyze(song)

    assert (found.model, found.embedding, found.tags) == (None, None, None)
    assert found.reasons == dict.fromkeys(("embedding", "tags"), "no model has listened")


def test_the_quick_tier_says_what_it_leaves_out(song, models):
    found = analyze(song, tier=Tier.QUICK, models=models)

    assert found.reasons["mfcc"] == "not part of the quick tier"
    assert found.reasons["tags"] == "no model has listened"


def test_less_than_a_patch_has_no_embedding_and_says_why(tmp_path, models):
    found = analyze(sounds.write(tmp_path / "x.flac", sounds.drums(120, 2.9)), models=models)

    assert found.embedding is None
    assert "shorter than the 3.01 s" in found.reasons["embedding"]


def test_the_deep_tier_hears_what_lies_between_the_patches(tmp_path, models):
    minutes = np.concatenate([sounds.tone(1.5, 220), sounds.noise(1.5)] * 30)
    path = sounds.write(tmp_path / "x.flac", minutes)

    full, deep = (analyze(path, tier=tier, models=models) for tier in (Tier.FULL, Tier.DEEP))

    assert full.features == deep.features
    assert Stage.EVERY_PATCH not in full.done
    assert Stage.EVERY_PATCH in deep.done
    assert deep.embedding != full.embedding
    assert cosine(deep.embedding, full.embedding) > 0.98


def test_a_track_of_few_patches_is_deep_only_once_that_was_asked_for(song):
    path, full = os.fsencode(song), stages(Tier.FULL, model=True)

    unasked = run(AnalysisRequest(path, Tier.FULL, model=True))
    asked = run(AnalysisRequest(path, Tier.DEEP, model=True, have=full))

    assert asked.patches == unasked.patches
    assert unasked.heard == {Stage.EMBEDDING}
    assert asked.heard == {Stage.EMBEDDING, Stage.EVERY_PATCH}


def cosine(one, other):
    return np.dot(one, other) / np.linalg.norm(one) / np.linalg.norm(other)


def test_only_what_is_missing_is_done_again(song):
    have = stages(Tier.FULL, model=False) - {Stage.KEY}
    request = AnalysisRequest(os.fsencode(song), Tier.FULL, have=have)

    found = run(request).analysis

    assert found.features == dataclasses.replace(
        type(found.features)(), key="G minor", key_confidence=found.features.key_confidence
    )
    assert set(found.done) == {Stage.KEY}
    assert not {"rhythm", "timbre", "patches"} & found.seconds.keys()


def test_without_essentia_the_same_fields_are_filled(song, monkeypatch):
    monkeypatch.setattr(essentia, "usable", lambda: False)

    found = analyze(song)

    assert found.engine == "playlista+librosa"
    assert None not in dataclasses.asdict(found.features).values()


def test_a_path_may_be_text_bytes_or_path_and_need_not_be_utf8(song, tmp_path):
    odd = os.fsencode(tmp_path) + b"/caf\xe9.flac"
    Path(os.fsdecode(odd)).symlink_to(song)

    ids = {analyze(path, tier=Tier.QUICK).audio_id for path in (song, str(song), odd)}

    assert len(ids) == 1


@pytest.mark.parametrize("lufs", [-14, -23, -33])
def test_a_tone_of_known_loudness_measures_it(lufs, tmp_path):
    """EBU Tech 3341, cases 1 and 2."""
    path = sounds.write(tmp_path / "x.wav", sounds.tone_at(lufs, 10))

    features = analyze(path, tier=Tier.QUICK).features

    assert features.loudness_lufs == pytest.approx(lufs, abs=0.1)
    assert features.loudness_range_lu == pytest.approx(0, abs=0.1)


SURROUND = np.stack([sounds.tone(4, 110 * n, rate=192_000) for n in range(1, 7)])
ODD_FILES = {
    "silence": ("wav", sounds.silence(4), 44_100),
    "a direct current": ("wav", np.full(4 * 44_100, 0.5, np.float32), 44_100),
    "a thousandth of a second": ("wav", np.ones(50, np.float32), 44_100),
    "a tenth of a second": ("flac", sounds.tone(0.1), 44_100),
    "clipping": ("wav", np.sign(sounds.tone(4)), 44_100),
    "no numbers": ("wavf", np.where(sounds.noise(4) > 0.2, np.nan, sounds.noise(4)), 44_100),
    "infinite": ("wavf", np.where(sounds.noise(4) > 0.2, np.inf, sounds.noise(4)), 44_100),
    "telephone": ("wav8", sounds.drums(120, 6, 8_000), 8_000),
    "six channels": ("wav24", SURROUND, 192_000),
    "the highest rate": ("wav", sounds.drums(120, 4, 384_000), 384_000),
}


@pytest.mark.parametrize("name", ODD_FILES)
def test_every_field_of_every_odd_file_is_known_or_has_a_reason(name, tmp_path, models):
    kind, sound, rate = ODD_FILES[name]
    path = sounds.write(tmp_path / "x", sound, kind, rate=rate)

    found = analyze(path, models=models)

    values = dataclasses.asdict(found.features)
    values |= {"embedding": found.embedding, "tags": found.tags}
    unknown = {field for field, value in values.items() if value is None}
    assert unknown == set(found.reasons) - {"samples", "packets"}
    assert all(found.reasons.values())


def test_silence_sounds_like_nothing(tmp_path, models):
    found = analyze(sounds.write(tmp_path / "x.flac", sounds.silence(4)), models=models)

    assert (found.embedding, found.tags) == (None, None)
    assert found.reasons["embedding"] == found.reasons["tags"] == "the track is silent"


def test_ten_minutes_of_silence_have_reasons_instead_of_numbers(tmp_path):
    path = sounds.write(tmp_path / "x.flac", sounds.silence(600, 8000), rate=8000)

    found = analyze(path, tier=Tier.QUICK)

    assert found.duration_s == pytest.approx(600)
    assert found.features.loudness_lufs is None
    assert "nothing passes" in found.reasons["loudness_lufs"]


def test_no_numbers_in_the_file_are_said_to_be_silenced(tmp_path):
    sound = sounds.drums(120, 8)
    sound[50_000:50_010] = np.nan
    found = analyze(sounds.write(tmp_path / "x", sound, "wavf"), tier=Tier.QUICK)

    assert found.reasons["samples"].startswith("10 were no numbers")
    assert found.features.bpm == pytest.approx(120, rel=0.01)


def test_a_damaged_file_is_heard_and_the_damage_counted(tmp_path):
    path = sounds.write(tmp_path / "x.flac", sounds.noise(60))
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 3000] = bytes(3000)
    path.write_bytes(content)

    found = analyze(path, tier=Tier.QUICK)

    assert found.duration_s == pytest.approx(60, abs=1)


def test_the_time_of_each_stage_is_reported_under_known_names(song, models):
    seconds = analyze(song, models=models).seconds

    assert set(seconds) == set(TIMED) - ({"beats"} if not essentia.usable() else set())
    assert all(value >= 0 for value in seconds.values())


def test_whole_or_streamed_makes_no_difference(song):
    streamed = analyze(song, tier=Tier.QUICK).features
    whole = analyze(song, tier=Tier.QUICK, settings=AudioSettings(streaming=False)).features

    assert whole == streamed


def test_the_block_length_makes_no_difference(song):
    one = dataclasses.asdict(analyze(song, tier=Tier.QUICK).features)
    settings = AudioSettings(block_s=0.7)
    other = dataclasses.asdict(analyze(song, tier=Tier.QUICK, settings=settings).features)

    numbers = {field: value for field, value in one.items() if isinstance(value, float)}
    assert {field: other[field] for field in numbers} == pytest.approx(numbers, rel=1e-3)
    assert other["key"] == one["key"]


def test_the_files_own_rate_is_used_when_none_is_given(song):
    features = analyze(song, tier=Tier.QUICK, settings=AudioSettings(sample_rate=None)).features

    low = analyze(song, tier=Tier.QUICK).features
    assert features.key == "G minor"
    assert features.spectral_centroid_hz > low.spectral_centroid_hz  # the hi-hat above 11 kHz


def test_a_cap_on_a_tracks_memory_is_told(song):
    found = analyze(song, tier=Tier.QUICK, settings=AudioSettings(cap_bytes=1000))

    assert found.truncated


def test_cleanup_collects_garbage(song, monkeypatch):
    tidied = []
    monkeypatch.setattr(gc, "collect", tidied.append)

    analyze(song, tier=Tier.QUICK, settings=AudioSettings(cleanup=False))
    assert not tidied
    analyze(song, tier=Tier.QUICK, settings=AudioSettings(cleanup=True))
    assert tidied


def request(path, **changes):
    signature = Signature.of(path.stat())
    return AnalysisRequest(
        os.fsencode(path), Tier.QUICK, signature._replace(**changes), AudioSettings()
    )


def test_the_queued_file_is_analysed_and_its_result_survives_the_pipe(song):
    found = run(request(song))

    assert pickle.loads(pickle.dumps(found)) == found


def test_another_file_than_the_queued_one_is_refused(song):
    with pytest.raises(ChangedMeanwhile, match="since it was queued"):
        run(request(song, mtime_ns=1))


def change_while_reading(monkeypatch, change):
    real = recipe.file_tags

    def tags(file):
        change()
        return real(file)

    monkeypatch.setattr(recipe, "file_tags", tags)


@pytest.mark.fault(30)
def test_a_file_replaced_while_being_read_is_discarded(tmp_path, monkeypatch):
    path = sounds.write(tmp_path / "x.flac", sounds.tone(2))
    other = sounds.write(tmp_path / "y.flac", sounds.tone(2))
    change_while_reading(monkeypatch, lambda: other.replace(path))

    with pytest.raises(ChangedMeanwhile, match="while it was being read"):
        run(request(path))


@pytest.mark.fault(30)
def test_a_file_cut_off_while_being_read_has_changed_rather_than_failed(tmp_path, monkeypatch):
    path = sounds.write(tmp_path / "x.flac", sounds.noise(4))
    change_while_reading(monkeypatch, lambda: os.truncate(path, 100_000))

    with pytest.raises(ChangedMeanwhile):
        run(request(path))


@pytest.mark.fault(30)
def test_a_file_that_vanishes_while_being_read_can_be_tried_again(tmp_path, monkeypatch):
    path = sounds.write(tmp_path / "x.flac", sounds.tone(2))
    queued = request(path)
    change_while_reading(monkeypatch, path.unlink)

    with pytest.raises(FileUnavailable):
        run(queued)


def test_what_is_wrong_is_said_in_one_plain_line(tmp_path):
    picture, empty = tmp_path / "a.mp3", tmp_path / "b.mp3"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(99))
    empty.touch()

    with pytest.raises(NotAudio, match=r"a\.mp3: is a PNG image, not audio$"):
        analyze(picture)
    with pytest.raises(NothingToHear, match=r"b\.mp3: is empty: 0 bytes$"):
        analyze(empty)


@pytest.mark.fault(21)
def test_memory_does_not_grow_with_the_length_of_the_file(tmp_path):
    short = sounds.write(tmp_path / "1.wav", sounds.drone(0.02, 22_050), rate=22_050)
    long = sounds.write(tmp_path / "60.wav", sounds.drone(0.5, 22_050), rate=22_050)
    code = (
        "import re, sys, playlista.analysis.recipe as r, playlista.records as k\n"
        "r.analyze(sys.argv[1], tier=k.Tier.QUICK)\n"
        "print(re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1])"
    )

    peaks = [
        int(subprocess.run([sys.executable, "-c", code, p], capture_output=True, check=True).stdout)
        / 1024
        for p in (short, long)
    ]

    assert peaks[1] - peaks[0] < 25
    assert peaks[1] < 150
