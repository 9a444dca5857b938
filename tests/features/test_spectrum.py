import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sounds
from playlista.features.spectrum import Spectrum

RATE = 22_050
SOUND = sounds.noise(1.5, rate=RATE)


def spectrogram(parts, rate=RATE):
    spectrum = Spectrum(rate)
    return np.concatenate([*(spectrum.feed(part) for part in parts), spectrum.flush()])


@given(st.integers(0, len(SOUND)), st.lists(st.integers(0, len(SOUND)), max_size=8).map(sorted))
@settings(deadline=None)
def test_a_stream_has_the_spectrogram_of_the_whole(length, cuts):
    sound = SOUND[:length]

    whole, streamed = spectrogram([sound]), spectrogram(np.split(sound, cuts))

    assert np.array_equal(streamed, whole)


@pytest.mark.parametrize(("rate", "window_n"), [(8_000, 1024), (22_050, 2048), (44_100, 4096)])
def test_the_window_lasts_about_as_long_at_any_rate(rate, window_n):
    assert abs(np.log2(Spectrum(rate).window_n / window_n)) <= 1


def test_a_full_scale_sine_on_a_bin_peaks_at_one():
    hertz = 100 * RATE / 2048

    peak = spectrogram([sounds.tone(1, hertz, 1.0, RATE)]).max()

    assert peak == pytest.approx(1, abs=0.01)


def test_a_track_shorter_than_a_frame_has_one_frame():
    assert len(spectrogram([SOUND[:100]])) == 1
    assert len(spectrogram([SOUND[:0]])) == 0
