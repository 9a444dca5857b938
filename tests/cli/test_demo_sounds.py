import numpy as np
import pytest

from playlista.cli.demo_sounds import RATE, STYLES, play

STYLE = {style.genre: style for style in STYLES}


@pytest.fixture(scope="module")
def heard():
    return {
        genre: play(style, bpm=style.bpm[0], tonic=48, seconds=10, seed=1)
        for genre, style in STYLE.items()
    }


def centroid_hz(sound):
    power = np.abs(np.fft.rfft(sound.mean(axis=0))) ** 2
    return np.sum(np.fft.rfftfreq(sound.shape[1], 1 / RATE) * power) / np.sum(power)


def strongest_period_s(sound, shortest, longest):
    """The lag at which the energy of 10 ms frames repeats best."""
    hop = RATE // 100
    mono = sound.mean(axis=0)[: sound.shape[1] // hop * hop]
    energy = np.maximum(np.diff(np.log(1e-3 + (mono.reshape(-1, hop) ** 2).mean(axis=1))), 0)
    lags = range(round(shortest * 100), round(longest * 100) + 1)
    return max(lags, key=lambda lag: float(energy[lag:] @ energy[:-lag])) / 100


def test_every_style_is_stereo_finite_and_peaks_at_nine_tenths(heard):
    for sound in heard.values():
        assert sound.shape[0] == 2
        assert sound.dtype == np.float32
        assert np.abs(sound).max() == pytest.approx(0.9)


def test_a_piece_is_as_long_as_asked_and_ends_with_a_whole_bar(heard):
    for genre, sound in heard.items():
        bar = 240 / STYLE[genre].bpm[0]
        assert 10 <= sound.shape[1] / RATE <= 10 + 1.5 * bar


def test_drum_and_bass_is_brighter_than_lofi_and_lofi_than_ambient(heard):
    ambient, lofi, fast = (
        centroid_hz(heard[genre]) for genre in ("Ambient", "Lo-fi", "Drum and bass")
    )

    assert ambient < lofi < fast


def test_house_beats_at_its_tempo(heard):
    beat = 60 / STYLE["House"].bpm[0]

    assert strongest_period_s(heard["House"], 0.7 * beat, 1.4 * beat) == pytest.approx(
        beat, abs=0.011
    )


def test_another_seed_is_another_melody():
    folk = STYLE["Folk"]

    one, other = (play(folk, bpm=100, tonic=48, seconds=5, seed=seed) for seed in (1, 2))

    assert not np.array_equal(one, other)
