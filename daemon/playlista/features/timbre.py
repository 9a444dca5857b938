"""The full tier's spectral shape, by librosa from the shared spectrogram.

librosa is imported when a track first needs it: the quick tier's workers stay small.
"""

from typing import ClassVar

import numpy as np
from librosa import feature, util
from librosa.filters import chroma, mel
from numpy.typing import NDArray

from playlista.features.contrast import bands_of, contrast
from playlista.features.descriptor import SILENT, Findings, Spectrogram, Stretch, Unknown, Value
from playlista.features.spectral import Mean
from playlista.features.spectrum import Spectrum, sounding

MFCC_N = 13
ROLLOFF_SHARE = 0.85
_FLOOR = 1e-10  # power, -100 dB: librosa's own


class Timbre:
    """MFCC, chroma, contrast, flatness and rolloff: means over sounding frames.

    ``mfcc`` (13): of a dB mel spectrum, full scale 0 dB; the first -1130 (silence) to 0.
    ``chroma`` (12): C to B, each frame's strongest 1. ``spectral_contrast`` (7): dB
    between peaks and valleys of each octave, 0 to 100. ``spectral_flatness``: 0 (tone) to
    1 (noise). ``spectral_rolloff_hz``: below it lie 85 % of the magnitude.

    Source:
        librosa 0.11, `librosa.feature`; contrast see `playlista.features.contrast`.
    """

    stage: ClassVar[str] = "timbre"

    def __init__(self, spectrum: Spectrum) -> None:
        rate, window_n = spectrum.rate, spectrum.window_n
        self._frequencies = spectrum.frequencies
        self._mel = mel(sr=rate, n_fft=window_n)
        # tuning 0: estimating it per block would make the result depend on the cut
        self._chroma = chroma(sr=rate, n_fft=window_n, tuning=0.0)
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
        columns = frames.T  # librosa has time across
        power = columns**2
        decibels = 10 * np.log10(np.maximum(self._mel @ power, _FLOOR))
        rows = {
            "mfcc": feature.mfcc(S=decibels, n_mfcc=MFCC_N),
            "chroma": util.normalize(self._chroma @ power, norm=np.inf, axis=0),
            "spectral_flatness": feature.spectral_flatness(S=columns),
            "spectral_rolloff_hz": self._rolloff(columns),
        }
        shapes = {name: values.T for name, values in rows.items()}
        if self._bands is not None:
            shapes["spectral_contrast"] = contrast(frames, self._bands)
        return shapes

    def _rolloff(self, columns: NDArray[np.float32]) -> NDArray[np.floating]:
        rolloff: NDArray[np.floating] = feature.spectral_rolloff(
            S=columns, freq=self._frequencies, roll_percent=ROLLOFF_SHARE
        )
        return rolloff

    def _mean(self, name: str) -> Value:
        if name == "spectral_contrast" and self._bands is None:
            return Unknown("its sample rate is too low for the octaves of the contrast")
        mean = self._means[name].value()
        if mean is None:
            return SILENT
        return mean if name in _LISTS else mean[0]


_LISTS = ("mfcc", "chroma", "spectral_contrast")
_FIELDS = (*_LISTS, "spectral_flatness", "spectral_rolloff_hz")
