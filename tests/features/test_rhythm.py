import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import sounds
from playlista.features.onsets import OnsetCurves, peaks
from playlista.features.spectrum import Spectrum
from playlista.features.tempo import tempo

RATE = 22_050


def parts_of(sound):
    spectrum = Spectrum(RATE)
    return OnsetCurves(spectrum.frequencies).feed(spectrum.feed(sound)).T, spectrum.frame_rate


def curve_of(sound):
    parts, rate = parts_of(sound)
    return np.square(parts).sum(axis=0), rate


@pytest.mark.parametrize("bpm", [*range(60, 201, 10), 87.5, 128.3, 173])
def test_clicks_have_their_tempo(bpm):
    found = tempo(*parts_of(sounds.clicks(bpm, 30, RATE)))

    assert found[0] == pytest.approx(bpm, rel=0.005)
    assert found[1] > 0.7


@pytest.mark.parametrize("bpm", range(80, 201, 10))
def test_a_kick_and_a_snare_in_turn_tell_the_beat_from_its_octaves(bpm):
    assert tempo(*parts_of(sounds.drums(bpm, 30, RATE)))[0] == pytest.approx(bpm, rel=0.005)


@pytest.mark.parametrize("bpm", [60, 70])
def test_slow_drums_have_their_tempo_up_to_an_octave(bpm):
    found, _ = tempo(*parts_of(sounds.drums(bpm, 30, RATE)))

    assert min(abs(found / bpm / octave - 1) for octave in (1, 2)) < 0.005


@pytest.mark.parametrize("sound", [sounds.drums(97, 60, RATE), sounds.clicks(97, 60, RATE)])
def test_longer_is_the_same(sound):
    longer, shorter = tempo(*parts_of(sound)), tempo(*parts_of(sound[: 20 * RATE]))

    assert longer[0] == pytest.approx(shorter[0], rel=0.005)
    assert longer[1] == pytest.approx(shorter[1], abs=0.1)


def test_noise_has_little_confidence():
    _, confidence = tempo(*parts_of(sounds.noise(30, rate=RATE)))

    assert confidence < 0.2


def test_a_second_opinion_makes_what_it_agrees_with_likelier():
    parts, rate = parts_of(sounds.drums(90, 30, RATE))

    alone, agreed, doubted = (
        tempo(parts, rate, opinion)[1] for opinion in (None, lambda *_: 90.0, lambda *_: 180.0)
    )

    assert doubted < alone < agreed


def test_a_second_opinion_that_does_not_fit_is_not_followed():
    parts, rate = parts_of(sounds.clicks(90, 30, RATE))

    for wrong in (115.0, 1000.0, None):
        assert tempo(parts, rate, lambda *_, wrong=wrong: wrong) == tempo(parts, rate)


def test_a_second_opinion_of_three_beats_for_two_is_not_followed():
    parts, rate = parts_of(sounds.drums(100, 30, RATE))

    assert tempo(parts, rate, lambda *_: 150.0) == tempo(parts, rate)


@pytest.mark.parametrize(("hertz", "part"), [(80, 0), (400, 1), (3000, 2)])
def test_what_begins_is_heard_in_its_own_part_of_the_curve(hertz, part):
    frequencies = Spectrum(RATE).frequencies
    spectrum = np.zeros((2, len(frequencies)), np.float32)
    spectrum[1, np.argmin(np.abs(frequencies - hertz))] = 1

    curves = OnsetCurves(frequencies).feed(spectrum)

    assert not curves[0].any()
    assert list(np.flatnonzero(curves[1])) == [part]


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
