import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import sounds
from playlista.features.onsets import OnsetCurve, peaks
from playlista.features.spectrum import Spectrum
from playlista.features.tempo import tempo

RATE = 22_050


def curve_of(sound):
    spectrum = Spectrum(RATE)
    return OnsetCurve(spectrum.frequencies).feed(spectrum.feed(sound)), spectrum.frame_rate


@pytest.mark.parametrize("bpm", [*range(60, 201, 10), 87.5, 128.3, 173])
def test_clicks_have_their_tempo(bpm):
    found = tempo(*curve_of(sounds.clicks(bpm, 30, RATE)))

    assert found[0] == pytest.approx(bpm, rel=0.005)
    assert found[1] > 0.7


@pytest.mark.parametrize("bpm", range(60, 201, 10))
def test_drums_have_their_tempo_up_to_an_octave(bpm):
    found, _ = tempo(*curve_of(sounds.drums(bpm, 30, RATE)))

    assert min(abs(found / bpm / octave - 1) for octave in (0.5, 1, 2)) < 0.005


def test_noise_has_little_confidence():
    _, confidence = tempo(*curve_of(sounds.noise(30, rate=RATE)))

    assert confidence < 0.2


def test_a_second_opinion_decides_between_what_fits_nearly_as_well():
    curve, rate = curve_of(sounds.drums(90, 30, RATE))

    assert tempo(curve, rate, lambda *_: 180.0)[0] == pytest.approx(180, rel=0.01)


def test_a_second_opinion_that_does_not_fit_is_not_followed():
    curve, rate = curve_of(sounds.clicks(90, 30, RATE))

    for wrong in (130.0, 1000.0, None):
        assert tempo(curve, rate, lambda *_, wrong=wrong: wrong)[0] == pytest.approx(90, rel=0.01)


def test_a_second_opinion_of_three_beats_for_two_is_not_followed():
    rate = 43.0
    at_s = np.arange(round(40 * rate)) / rate
    dotted_crotchets, crotchets, quavers = (
        np.cos(np.pi * at_s * bpm / 60) ** 32 for bpm in (72, 108, 216)
    )
    curve = (dotted_crotchets + 0.5 * crotchets + 0.3 * quavers).astype(np.float32)

    assert tempo(curve, rate, lambda *_: 108.0)[0] == pytest.approx(72, rel=0.01)


def test_clicks_are_counted_as_onsets():
    curve, rate = curve_of(sounds.clicks(120, 30, RATE))

    found, salience = peaks(curve, rate)

    assert len(found) == 59  # the first click is where the track begins: nothing rises
    assert salience > 0.8


def test_onsets_stand_where_the_clicks_are():
    curve, rate = curve_of(sounds.clicks(60, 10, RATE))

    found, _ = peaks(curve, rate)

    assert found / rate == pytest.approx(np.arange(1, 10), abs=0.1)


def test_a_steady_tone_has_no_onset():
    curve, rate = curve_of(sounds.tone(10, rate=RATE))

    assert not len(peaks(curve, rate)[0])


def test_a_quieter_track_has_the_same_onsets():
    loud, quiet = (curve_of(level * sounds.drums(100, 20, RATE)) for level in (1, 0.03))

    assert len(peaks(*quiet)[0]) == pytest.approx(len(peaks(*loud)[0]), abs=1)


@given(arrays(np.float32, st.integers(0, 300), elements=st.integers(0, 8).map(lambda n: n / 8)))
def test_onsets_do_not_depend_on_how_much_is_looked_at_together(curve):
    whole, salience = peaks(curve, 40, slice_s=60)

    for slice_s in (0.01, 0.5, 2):
        found, sliced_salience = peaks(curve, 40, slice_s=slice_s)
        assert np.array_equal(found, whole)
        assert sliced_salience == pytest.approx(salience)


def test_hours_are_searched_in_little_memory():
    curve = np.zeros(10 * 3600 * 43, np.float32)
    curve[::4300] = 1
    tracemalloc.start()
    try:
        found, _ = peaks(curve, 43)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert len(found) == 360
    assert most < 1_000_000
