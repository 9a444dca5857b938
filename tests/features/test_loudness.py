import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlista.features.descriptor import Stretch, Unknown
from playlista.features.loudness import DynamicComplexity, Histogram, Loudness

NOTHING = np.empty(0, np.float32)
NO_SPECTRUM = np.empty((0, 3), np.float32)


def measured(momentary, short_term=(), meter=Loudness):
    loudness = meter()
    readings = (np.asarray(part, np.float32) for part in (momentary, short_term))
    loudness.feed(Stretch(NOTHING, NO_SPECTRUM, *readings))
    return loudness.result()


def test_a_steady_level_is_its_own_loudness():
    assert measured([-23.0] * 100)["loudness_lufs"] == pytest.approx(-23, abs=0.01)


def test_the_relative_gate_drops_quiet_passages():
    """EBU Tech 3341, case 3: 10 s at -36, 60 s at -23, 10 s at -36 LUFS make -23."""
    momentary = [-36.0] * 100 + [-23.0] * 600 + [-36.0] * 100

    assert measured(momentary)["loudness_lufs"] == pytest.approx(-23, abs=0.1)


def test_the_range_lies_between_soft_and_loud():
    """EBU Tech 3342, case 1: 20 s at -20, 20 s at -30 LUFS make 10 LU."""
    short_term = [-20.0] * 200 + [-30.0] * 200

    assert measured(short_term, short_term)["loudness_range_lu"] == pytest.approx(10, abs=0.1)


def test_silence_passes_no_gate():
    found = measured([-120.7] * 6000, [-120.7] * 6000)

    assert "nothing passes the loudness gate" in found["loudness_lufs"].why
    assert isinstance(found["loudness_range_lu"], Unknown)


def test_too_short_a_track_says_so():
    assert "0.4 s" in measured([])["loudness_lufs"].why
    assert "3 s" in measured([-20.0])["loudness_range_lu"].why


def test_readings_that_are_no_numbers_are_left_out():
    assert measured([np.nan, -20.0, -np.inf])["loudness_lufs"] == pytest.approx(-20, abs=0.01)


def test_a_steady_level_has_no_complexity_and_a_changing_one_has():
    steady = measured([-20.0] * 10, meter=DynamicComplexity)
    changing = measured([-20.0, -30.0] * 10, meter=DynamicComplexity)

    assert steady["dynamic_complexity"] == pytest.approx(0, abs=0.01)
    assert changing["dynamic_complexity"] == pytest.approx(5, abs=0.5)


@given(st.lists(st.floats(-69, 20, width=32), min_size=1))
def test_the_histogram_keeps_the_mean_power(readings):
    histogram = Histogram()
    histogram.add(np.array(readings, np.float32))

    exact = 10 * np.log10(np.mean(10 ** (np.array(readings) / 10)))
    assert histogram.mean() == pytest.approx(exact, abs=0.02)
