"""The full tier's spectral shape, from the shared spectrogram.

The numbers are librosa's; of librosa itself only the mel filters run here. The rest of it
loads what numba compiles: 17 s the first time, and 85 MB for good (ADR 0012).
"""

from typing import ClassVar

import numpy as np
from librosa.filters import mel
from numpy.typing import NDArray
from scipy.fft import dct

from playlista.features.chroma import chroma_bank
from playlista.features.contrast import bands_of, contrast
from playlista.features.descriptor import SILENT, Findings, Spectrogram, Stretch, Unknown, Value
from playlista.features.spectral import Mean
from playlista.features.spectrum import Spectrum, sounding

MFCC_N = 13
ROLLOFF_SHARE = 0.85
_FLOOR = np.float32(1e-10)  # power, -100 dB: librosa's own


class Timbre:
    """MFCC, chroma, contrast, flatness and rolloff: means over sounding frames.

    ``mfcc`` (13): of a dB mel spectrum, full scale 0 dB; the first -1130 (silence) to 0.
    ``chroma`` (12): C to B, each frame's strongest 1. ``spectral_contrast`` (7): dB
    between peaks and valleys of each octave, 0 to 100. ``spectral_flatness``: 0 (tone) to
    1 (noise). ``spectral_rolloff_hz``: below it lie 85 % of the magnitude.

    Source:
        librosa 0.11, ``librosa.feature``; contrast see `playlista.features.contrast`.
    """

    stage: ClassVar[str] = "timbre"

    def __init__(self, spectrum: Spectrum) -> None:
        rate, window_n = spectrum.rate, spectrum.window_n
        self._frequencies = spectrum.frequencies
        self._mel = mel(sr=rate, n_fft=window_n).T
        # at A4 = 440 Hz: estimating a tuning per block would make the result depend on the cut
        self._chroma = chroma_bank(spectrum.frequencies).T
        self._bands = bands_of(spectrum.frequencies)
        self._means = {name: Mean() for name in _FIELDS}

    def feed(self, stretch: Stretch) -> None:
        """Add up each frame's values."""
        frames = sounding(stretch.spectrum)
        if len(frames):
            for name, rows in self._rows(frames).items():
                self._means[name].add(rows)

    def result(self) -> Findings:
        """Return the means."""
        return {name: self._mean(name) for name in _FIELDS}

    def _rows(self, frames: Spectrogram) -> dict[str, NDArray[np.floating]]:
        power = frames**2
        decibels = 10 * np.log10(np.maximum(power @ self._mel, _FLOOR))
        classes = power @ self._chroma
        shapes = {
            "mfcc": dct(decibels, axis=1, norm="ortho")[:, :MFCC_N],
            "chroma": classes / classes.max(axis=1, keepdims=True),
            "spectral_flatness": _flatness(power),
            "spectral_rolloff_hz": self._rolloff(frames),
        }
        if self._bands is not None:
            shapes["spectral_contrast"] = contrast(frames, self._bands)
        return shapes

    def _rolloff(self, frames: Spectrogram) -> NDArray[np.floating]:
        below = np.cumsum(frames, axis=1)
        at = np.count_nonzero(below < ROLLOFF_SHARE * below[:, -1:], axis=1)
        rolloff: NDArray[np.floating] = self._frequencies[at][:, None]
        return rolloff

    def _mean(self, name: str) -> Value:
        if name == "spectral_contrast" and self._bands is None:
            return Unknown("its sample rate is too low for the octaves of the contrast")
        mean = self._means[name].value()
        if mean is None:
            return SILENT
        return mean if name in _LISTS else mean[0]


def _flatness(power: Spectrogram) -> NDArray[np.floating]:
    """Return the geometric over the arithmetic mean of each frame, shape (frames, 1)."""
    audible = np.maximum(power, _FLOOR)
    geometric = np.exp(np.log(audible).mean(axis=1, keepdims=True))
    flatness: NDArray[np.floating] = geometric / audible.mean(axis=1, keepdims=True)
    return flatness


_LISTS = ("mfcc", "chroma", "spectral_contrast")
_FIELDS = (*_LISTS, "spectral_flatness", "spectral_rolloff_hz")
