import numpy as np
import pytest

import sounds
from playlista.features import danceability
from playlista.features.curve import Curve
from playlista.features.danceability import Danceability, fluctuation
from playlista.features.descriptor import Stretch
from playlista.features.spectral import Centroid, ZeroCrossings
from playlista.features.spectrum import Spectrum

RATE = 22_050
NOTHING = np.empty(0, np.float32)


def result_of(descriptor, sound, spectrum):
    descriptor.feed(Stretch(sound, spectrum.feed(sound), NOTHING, NOTHING))
    return descriptor.result()


def test_a_tone_has_its_centroid_at_its_frequency():
    spectrum = Spectrum(RATE)
    found = result_of(Centroid(spectrum.frequencies), sounds.tone(2, 2000, rate=RATE), spectrum)

    assert found["spectral_centroid_hz"] == pytest.approx(2000, abs=20)


def test_a_tone_crosses_zero_twice_in_each_period():
    found = result_of(ZeroCrossings(), sounds.tone(2, 1000, rate=RATE), Spectrum(RATE))

    assert found["zero_crossing_rate"] == pytest.approx(2 * 1000 / RATE, rel=0.01)


def test_a_beat_is_more_danceable_than_a_wandering_level():
    walk = np.cumsum(np.random.default_rng(3).standard_normal(30 * 100))
    level = np.repeat(np.exp(walk / walk.std()), RATE // 100)[: 30 * RATE]
    wandering = (level * sounds.noise(30, rate=RATE)[: len(level)]).astype(np.float32)

    scores = [
        result_of(
            Danceability(RATE, Curve(100, cap_bytes=10**6, float16=True)), sound, Spectrum(RATE)
        )["danceability"]
        for sound in (sounds.drums(120, 30, RATE), wandering)
    ]

    assert scores[0] > 2
    assert scores[1] < 1.2


@pytest.mark.parametrize("batch_n", [50, 10_000])
def test_fluctuation_is_the_distance_from_fitted_lines(batch_n, monkeypatch, rng):
    monkeypatch.setattr(danceability, "_BATCH_N", batch_n)
    level, length = rng.random(500), 20
    walk = np.cumsum(level - level.mean())
    windows = np.stack([walk[start : start + length] for start in range(0, 481, 5)])
    x = np.arange(length)
    lines = np.stack([np.polyval(np.polyfit(x, window, 1), x) for window in windows])

    assert fluctuation(level, length) == pytest.approx(np.sqrt(np.mean((windows - lines) ** 2)))
