import numpy as np
import pytest

from playlista import essentia
from playlista.features import essentia_beats

pytestmark = pytest.mark.skipif(
    not essentia.usable(), reason="essentia has no wheel for this machine, or it lacks AVX"
)
RATE = 43.066


def pulses(bpm, seconds=30):
    curve = np.zeros(round(seconds * RATE), np.float32)
    curve[np.round(np.arange(0, seconds, 60 / bpm) * RATE).astype(int)] = 1
    return curve


@pytest.mark.parametrize("bpm", [90, 120, 140])
def test_pulses_have_their_tempo(bpm):
    assert essentia_beats.beats_per_minute(pulses(bpm), RATE) == pytest.approx(bpm, rel=0.03)


def test_too_short_a_curve_has_none():
    assert essentia_beats.beats_per_minute(np.zeros(5, np.float32), RATE) is None


def test_a_long_track_is_judged_by_its_middle_so_that_memory_stays_flat():
    curve = np.concatenate([pulses(90, 900), pulses(120, 400), pulses(90, 900)])

    assert essentia_beats.beats_per_minute(curve, RATE) == pytest.approx(120, rel=0.03)
