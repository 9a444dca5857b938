import librosa
import numpy as np
import pytest

import sounds
from playlista.features.chroma import chroma_bank
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


@pytest.mark.parametrize("rate", [8_000, 22_050, 48_000])
def test_the_pitch_classes_are_librosas(rate):
    spectrum = Spectrum(rate)

    theirs = librosa.filters.chroma(sr=rate, n_fft=spectrum.window_n, tuning=0.0)

    assert np.abs(chroma_bank(spectrum.frequencies) - theirs).max() < 1e-5


@pytest.fixture(scope="module")
def music():
    return sounds.cadence("G minor", 4, RATE) + 0.3 * sounds.drums(120, 4, RATE)


@pytest.mark.parametrize(
    ("name", "of_librosa"),
    [
        ("mfcc", lambda _, db: librosa.feature.mfcc(S=db, n_mfcc=13)),
        ("chroma", lambda s, _: librosa.feature.chroma_stft(S=s**2, sr=RATE, tuning=0.0)),
        ("spectral_flatness", lambda s, _: librosa.feature.spectral_flatness(S=s)[0]),
        ("spectral_rolloff_hz", lambda s, _: librosa.feature.spectral_rolloff(S=s, sr=RATE)[0]),
    ],
)
def test_the_numbers_are_librosas(name, of_librosa, music):
    magnitudes = Spectrum(RATE).feed(music.astype(np.float32)).T
    mel = librosa.feature.melspectrogram(S=magnitudes**2, sr=RATE)

    theirs = of_librosa(magnitudes, 10 * np.log10(np.maximum(mel, 1e-10))).mean(axis=-1)

    assert timbre_of(music.astype(np.float32))[name] == pytest.approx(theirs, rel=1e-3, abs=1e-3)


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
