import numpy as np
import pytest

import sounds
from playlista.features.contrast import bands_of, contrast
from playlista.features.descriptor import Stretch
from playlista.features.spectrum import Spectrum
from playlista.features.timbre import Timbre

RATE = 22_050
NOTHING = np.empty(0, np.float32)


def timbre_of(sound):
    spectrum = Spectrum(RATE)
    timbre = Timbre(spectrum)
    timbre.feed(Stretch(sound, spectrum.feed(sound), NOTHING, NOTHING))
    return timbre.result()


def test_a_tone_is_far_from_flat_and_noise_is_near():
    assert timbre_of(sounds.tone(2, rate=RATE))["spectral_flatness"] < 0.001
    assert timbre_of(sounds.noise(2, rate=RATE))["spectral_flatness"] > 0.4


def test_below_the_rolloff_lies_eighty_five_percent_of_white_noise():
    rolloff = timbre_of(sounds.noise(4, rate=RATE))["spectral_rolloff_hz"]

    assert rolloff == pytest.approx(0.85 * RATE / 2, rel=0.02)


def test_chroma_begins_with_c():
    chroma = timbre_of(sounds.tone(2, 261.63, rate=RATE))["chroma"]

    assert np.argmax(chroma) == 0


def test_louder_sound_raises_the_first_coefficient_alone():
    soft = np.array(timbre_of(sounds.noise(4, 0.05, rate=RATE))["mfcc"])
    loud = np.array(timbre_of(sounds.noise(4, 0.5, rate=RATE))["mfcc"])

    assert (loud - soft)[0] == pytest.approx(20 * np.sqrt(128), rel=0.01)
    assert np.abs(loud - soft)[1:].max() < 0.5


def test_the_contrast_of_a_tone_is_in_its_own_octave():
    spectrum = Spectrum(RATE)
    bands = bands_of(spectrum.frequencies)
    frames = spectrum.feed(sounds.tone(2, 1000, rate=RATE) + sounds.noise(2, 0.001, rate=RATE))

    found = contrast(frames, bands).mean(axis=0)

    assert len(found) == 7
    assert np.argmax(found) == 3  # 800 to 1600 Hz


def test_a_low_rate_has_no_octaves_to_contrast():
    assert bands_of(Spectrum(8000).frequencies) is None
