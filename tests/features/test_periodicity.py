import numpy as np
import pytest

from playlista.features.periodicity import correlation, profiles, pulse

RATE = 43.0
AT_S = np.arange(round(60 * RATE)) / RATE


def beats(hertz, late_s=0.0):
    return (np.cos(np.pi * (AT_S - late_s) * hertz) ** 16).astype(np.float32)


def test_a_sine_pulses_at_its_own_rate_alone():
    found = pulse(np.sin(2 * np.pi * 2 * AT_S).astype(np.float32), RATE, np.array([1.0, 2.0, 3.0]))

    assert found == pytest.approx([0, 1 / np.sqrt(3), 0], abs=0.01)


def test_beats_repeat_after_each_beat_and_are_opposed_between_them():
    found = correlation(beats(2), beats(2), RATE, np.array([0.0, 0.5, 0.25, 1.5]))

    assert found[[0, 1, 3]] == pytest.approx(1, abs=0.05)
    assert found[2] < 0


def test_two_that_take_turns_are_alike_one_turn_later():
    kick, snare = beats(1), beats(1, late_s=0.5)

    now, one_turn_later = correlation(kick, snare, RATE, np.array([0.0, 0.5]))

    assert now < 0
    assert one_turn_later == pytest.approx(1, abs=0.05)


def test_a_window_ends_what_can_repeat():
    assert correlation(beats(2), beats(2), RATE, np.array([100.0])) == 0


def test_the_profiles_peak_at_the_tempo():
    bpm = np.array([60.0, 90.0, 120.0, 150.0])

    repeats, spectrum = profiles(beats(2), RATE, bpm)

    assert bpm[np.argmax(spectrum)] == 120
    assert repeats[[0, 2]] == pytest.approx(1, abs=0.05)
    assert repeats[[1, 3]].max() < 0.2


def test_what_never_moves_has_no_period():
    still = np.ones(1000, np.float32)

    assert not pulse(still, RATE, np.array([2.0])).any()
    assert not correlation(still, still, RATE, np.array([0.0, 0.5])).any()
    assert not np.any(profiles(still, RATE, np.array([120.0])))
