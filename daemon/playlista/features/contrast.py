"""Spectral contrast: how far each octave's peaks stand above its valleys.

Own code, because librosa's limits the range to 80 dB below the loudest frame of what it is
given: the result would depend on how the track is cut.
"""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from playlista.features.descriptor import Spectrogram

OCTAVES = 6
LOWEST_HZ = 200.0
SHARE = 0.02  # of a band's bins are its peaks, as many its valleys: the source's
FLOOR = 1e-5  # -100 dB: quieter valleys are rounding


def bands_of(frequencies: NDArray[np.float32]) -> list[slice] | None:
    """Return the bins below 200 Hz and of each octave above; None at too low a sample rate."""
    edges = [0.0, *(LOWEST_HZ * 2**i for i in range(OCTAVES)), float("inf")]
    at = np.searchsorted(frequencies, edges)
    bands = [slice(int(low), int(high)) for low, high in pairwise(at)]
    return bands if all(band.stop > band.start for band in bands) else None


def contrast(frames: Spectrogram, bands: list[slice]) -> NDArray[np.float64]:
    """Return the contrast of each frame in each band in dB, shape (frames, bands), 0 to 100.

    Source:
        Jiang et al., "Music type classification by spectral contrast feature" (2002).
    """
    return np.stack([_peak_over_valley(frames[:, band]) for band in bands], axis=1)


def _peak_over_valley(band: Spectrogram) -> NDArray[np.float64]:
    ordered = np.maximum(np.sort(band, axis=1), FLOOR)
    n = max(1, round(SHARE * band.shape[1]))
    over: NDArray[np.float64] = 20 * np.log10(
        ordered[:, -n:].mean(axis=1, dtype=np.float64)
        / ordered[:, :n].mean(axis=1, dtype=np.float64)
    )
    return over
