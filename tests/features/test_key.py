import numpy as np
import pytest

import sounds
from playlista.features.descriptor import Stretch, Unknown
from playlista.features.key import FINE, NAMES, Key, best_key, folded
from playlista.features.spectrum import Spectrum

RATE = 22_050
NOTHING = np.empty(0, np.float32)


def key_of(sound):
    spectrum = Spectrum(RATE)
    key = Key(spectrum.frequencies)
    key.feed(Stretch(sound, spectrum.feed(sound), NOTHING, NOTHING))
    return key.result()


def organ_chord(root):
    """A second of a major triad whose six harmonics are equally loud."""
    hertz = [440 * 2 ** ((root + step - 69) / 12) for step in (0, 4, 7)]
    return sum(sounds.tone(1, n * hz, 0.02, RATE) for hz in hertz for n in range(1, 7))


@pytest.mark.parametrize("key", sounds.KEYS)
def test_a_cadence_has_its_key(key):
    found = key_of(sounds.cadence(key, 4, RATE))

    assert found["key"] == key
    assert found["key_confidence"] > 0.5


@pytest.mark.parametrize("cents", [-40, -20, 20, 40])
def test_a_detuned_instrument_keeps_its_key(cents):
    rate = RATE * 2 ** (cents / 1200)  # the same samples, played at another speed

    assert key_of(sounds.cadence("D minor", 4, round(rate)))["key"] == "D minor"


@pytest.mark.parametrize("transposed", range(12))
def test_harmonics_as_loud_as_their_notes_leave_the_key(transposed):
    chords = [organ_chord(60 + transposed + step) for step in (0, 5, 7, 0)]

    assert key_of(np.concatenate(chords))["key"] == f"{NAMES[transposed]} major"


def test_noise_is_in_no_key_to_speak_of():
    found = key_of(sounds.noise(20, rate=RATE))

    assert isinstance(found["key"], Unknown) or found["key_confidence"] < 0.3


def test_folding_finds_the_tuning():
    fine = np.zeros(12 * FINE)
    fine[[9 * FINE + 3, 4 * FINE + 3]] = 1  # A and E, 30 cents sharp

    classes = folded(fine)

    assert set(np.argsort(classes)[-2:]) == {9, 4}
    assert classes[10] < 0.3


def test_a_profile_is_its_own_best_key():
    name, fit, lead = best_key(
        np.roll((1, 0, 0.36, 0.39, 0, 0.38, 0, 0.74, 0.27, 0, 0.42, 0.23), 1)
    )

    assert (name, round(fit, 6)) == ("C# minor", 1)
    assert lead > 0.1
