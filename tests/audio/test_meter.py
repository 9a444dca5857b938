import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import lfilter

import sounds
from playlista.audio.meter import Meter, k_weighting

STEREO = ("FL", "FR")


def read(sound, rate=sounds.RATE, speakers=STEREO):
    return Meter(rate, speakers).feed(np.asarray(sound, np.float32))


def test_at_48_khz_the_weighting_is_the_standards_table():
    shelf = [1.53512485958697, -2.69169618940638, 1.19839281085285]
    shelf_poles = [1.0, -1.69065929318241, 0.73248077421585]
    pass_poles = [1.0, -1.99004745483398, 0.99007225036621]

    b, a = k_weighting(48_000)

    assert b == pytest.approx(np.convolve(shelf, [1.0, -2.0, 1.0]), abs=1e-9)
    assert a == pytest.approx(np.convolve(shelf_poles, pass_poles), abs=1e-9)


@pytest.mark.parametrize("rate", [8_000, 11_025, 11_030, 44_100, 48_000, 96_000, 192_000])
def test_it_filters_as_one_does_sample_by_sample(rate):
    """Also where the slot is a prime number of samples, as at 11,030 Hz."""
    sound = sounds.noise(1, rate=rate) + sounds.tone(1, 25, rate=rate) + 0.3

    momentary, _ = read([sound], rate, ["FC"])

    slot_n = round(rate / 10)
    filtered = lfilter(*k_weighting(rate), sound.astype(np.float64))[: 10 * slot_n]
    power = np.convolve((filtered.reshape(10, slot_n) ** 2).mean(axis=1), np.full(4, 0.25), "valid")
    assert momentary == pytest.approx(-0.691 + 10 * np.log10(power), abs=1e-3)


@pytest.mark.parametrize("rate", [22_050, 44_100, 48_000])
def test_a_tone_of_known_loudness_measures_it_in_both_windows(rate):
    momentary, short_term = read(sounds.tone_at(-23, 5, rate), rate)

    assert (len(momentary), len(short_term)) == (47, 21)
    assert momentary == pytest.approx(-23, abs=0.1)
    assert short_term == pytest.approx(-23, abs=0.1)


def test_speakers_behind_count_more_and_the_subwoofer_not_at_all():
    """EBU Tech 3341, case 6, with noise for the subwoofer."""
    levels = {"FL": -28, "FR": -28, "FC": -24, "SL": -30, "SR": -30}
    tones = [sounds.tone_at(level, 5, 48_000)[0] for level in levels.values()]

    momentary, _ = read([*tones, sounds.noise(5, rate=48_000)], 48_000, [*levels, "LFE"])

    assert momentary[-1] == pytest.approx(-23, abs=0.1)


def test_silence_reads_a_number_below_every_gate():
    momentary, _ = read(np.zeros((2, 44_100)))

    assert momentary == pytest.approx(-120.7, abs=0.1)


@settings(max_examples=30)
@given(st.lists(st.integers(0, 200_000), max_size=5))
def test_how_the_sound_is_cut_makes_no_difference(cuts):
    sound = np.stack([sounds.noise(4), sounds.drums(120, 4)])
    meter = Meter(sounds.RATE, STEREO)

    parts = [meter.feed(part) for part in np.split(sound, sorted(cuts), axis=1)]

    for whole, pieces in zip(read(sound), zip(*parts, strict=True), strict=True):
        assert np.concatenate(pieces) == pytest.approx(whole, abs=1e-3)
