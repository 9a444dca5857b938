import librosa
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sounds
from playlista.features.patches import (
    EXCERPT_N,
    FEW,
    MANY,
    RATE,
    STRIDE_N,
    Excerpts,
    Patches,
    Spread,
    log_mel,
)

SOUND = sounds.noise(11, rate=RATE)


def excerpts(blocks):
    cutter = Excerpts()
    return np.concatenate([cutter.feed(block) for block in blocks])


@given(st.integers(0, len(SOUND)), st.lists(st.integers(0, len(SOUND)), max_size=8).map(sorted))
def test_a_stream_has_the_excerpts_of_the_whole(length, cuts):
    sound = SOUND[:length]

    whole, streamed = excerpts([sound]), excerpts(np.split(sound, cuts))

    assert np.array_equal(streamed, whole)


def test_excerpts_begin_where_the_frames_of_the_last_one_end():
    whole = excerpts([SOUND])

    assert len(whole) == 3
    assert np.array_equal(whole[1], SOUND[STRIDE_N : STRIDE_N + EXCERPT_N])


@pytest.mark.parametrize("n", [FEW, MANY])
def test_a_track_shorter_than_a_patch_has_none(n):
    patches = Patches(RATE, n)
    patches.feed(SOUND[: EXCERPT_N - 1])

    assert patches.result().shape == (0, 187, 96)


@pytest.mark.parametrize("n", [FEW, MANY])
@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 44_100, 192_000])
def test_patches_are_those_of_the_sound_whatever_its_rate(n, rate):
    patches = Patches(rate, n)
    for block in np.array_split(sounds.tone(9.1, 1000.0, rate=rate).astype(np.float32), 7):
        patches.feed(block)

    found = patches.result()

    assert found.shape == (3, 187, 96)
    assert found.dtype == np.float16
    whole = log_mel(excerpts([sounds.tone(9.1, 1000.0, rate=RATE)]))
    assert np.abs(found[1] - whole[1]).max() < 0.02


@pytest.mark.parametrize(("n", "given"), [(FEW, 24), (MANY, 33)])
def test_no_more_patches_are_given_than_asked_for(n, given):
    patches = Patches(RATE, n)
    patches.feed(np.tile(SOUND, 9))

    assert len(patches.result()) == given


@given(st.integers(1, 300), st.integers(1, 30), st.integers(1, 40))
def test_the_chosen_lie_evenly_along_the_track(n, asked, at_once):
    spread = Spread(asked)
    numbers = np.zeros((n, 1), np.float32) + np.arange(n, dtype=np.float32)[:, None]
    track = np.broadcast_to(numbers, (n, EXCERPT_N))
    for start in range(0, n, at_once):
        spread.add(track[start : start + at_once])

    places = np.array(spread.chosen())[:, 0].astype(int)

    assert len(places) == min(n, asked)
    assert places[0] == 0
    if len(places) > 1:
        gaps = np.diff(places)
        assert gaps.max() <= 2 * gaps.min()
        assert n - places[-1] <= 2 * gaps.max()


def test_patches_are_librosas_mel_spectrogram():
    found = log_mel(excerpts([SOUND]))

    power = librosa.feature.melspectrogram(
        y=SOUND, sr=RATE, n_fft=512, hop_length=256, n_mels=96, center=False
    )
    whole = np.log10(10_000 * power + 1).T
    assert found.dtype == np.float32
    for place, patch in enumerate(found):
        assert np.abs(patch - whole[187 * place : 187 * (place + 1)]).max() < 1e-4


def test_silence_is_nought():
    assert not log_mel(np.zeros((1, EXCERPT_N), np.float32)).any()


def test_a_tone_lights_its_band():
    patch = log_mel(excerpts([sounds.tone(3.1, 1000.0, rate=RATE)]))[0]

    centres = librosa.mel_frequencies(98, fmin=0, fmax=RATE / 2)[1:-1]
    assert centres[patch.mean(axis=0).argmax()] == pytest.approx(1000, rel=0.05)
