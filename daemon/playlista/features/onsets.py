"""The onset curve: how much new sound begins at each moment, below, in the middle and above."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from playlista.features.descriptor import Spectrogram

BANDS = 40  # the field's usual number for onset detection
LOWEST_HZ = 30.0
COMPRESSION = 1000.0  # a guess within the usual 100 to 10,000: log(1 + c * magnitude)
PARTS_HZ = (200.0, 850.0)
"""Where the parts of the curve meet: kick and bass, then chords and the snare's body, then hiss."""
PARTS = 3


class OnsetCurves:
    """Spectral flux of a log-compressed mel spectrum, in its parts: low, middle and high.

    Their sum is the onset curve: one value per frame, 0 to about 5.

    Source:
        Böck and Widmer, "Maximum filter vibrato suppression for onset detection" (2013),
        without the maximum filter.
    """

    def __init__(self, frequencies: NDArray[np.float32]) -> None:
        self._bands = mel_bands(frequencies, BANDS)
        centres = frequencies[self._bands.argmax(axis=0)]
        self._share = (np.digitize(centres, PARTS_HZ)[:, None] == range(PARTS)) / np.float32(BANDS)
        self._last: NDArray[np.float32] | None = None

    def feed(self, spectrum: Spectrogram) -> NDArray[np.float32]:
        """Return the curves' next values, shape (frames, 3); the very first frame gives 0."""
        bands = np.log1p(COMPRESSION * (spectrum @ self._bands))
        if not len(bands):
            return np.empty((0, PARTS), np.float32)
        before = bands[:1] if self._last is None else self._last
        self._last = bands[-1:]
        rise = np.diff(bands, axis=0, prepend=before)
        curves: NDArray[np.float32] = np.maximum(rise, 0) @ self._share
        return curves


def mel_bands(frequencies: NDArray[np.float32], n: int) -> NDArray[np.float32]:
    """Return triangular filters of equal width in mel, each of peak 1; shape (bins, n)."""
    top = float(frequencies[-1])
    edges = _hertz(np.linspace(_mel(LOWEST_HZ), _mel(top), n + 2))
    low, centre, high = edges[:-2], edges[1:-1], edges[2:]
    rising = (frequencies[:, None] - low) / (centre - low)
    falling = (high - frequencies[:, None]) / (high - centre)
    return np.maximum(0, np.minimum(rising, falling)).astype(np.float32)


def peaks(
    curve: NDArray[np.float32], rate: float, *, slice_s: float = 60.0
) -> tuple[NDArray[np.intp], float]:
    """Find onsets.

    Args:
        curve: Onset curve, shape (n,).
        rate: Its values per second.
        slice_s: Seconds looked at together: memory, not what is found.

    Returns:
        Positions of the onsets, and how far they stand out, 0 (not at all) to 1: the mean
        share of a peak that lies above the mean of its surroundings.
    """
    if not len(curve):
        return np.empty(0, np.intp), 0.0
    found = list(_by_slice(curve, rate, max(1, round(slice_s * rate))))
    at = np.concatenate([positions for positions, _ in found])
    standing_out = sum(share for _, share in found) / max(1, len(at))
    return at, float(np.clip(standing_out, 0, 1))


def _by_slice(
    curve: NDArray[np.float32], rate: float, slice_n: int
) -> Iterator[tuple[NDArray[np.intp], float]]:
    """Yield each slice's onsets, and the sum of their shares above their surroundings."""
    reach = max(1, round(_NEAREST_S * rate))
    half = max(1, round(_SURROUNDINGS_S * rate / 2))
    least = _least(curve)
    for start in range(0, len(curve), slice_n):
        low = max(0, start - max(reach, half))
        part = curve[low : start + slice_n + max(reach, half)]
        around = _moving_mean(part, half)
        peak = _highest(part, reach) & (part > np.maximum(_TIMES_SURROUNDINGS * around, least))
        at = np.flatnonzero(peak[start - low :][:slice_n]) + start - low
        yield at + low, float(np.sum(1 - around[at] / part[at]))


def _least(curve: NDArray[np.float32]) -> float:
    """Return what an onset rises at least: less where all rises of a track are small."""
    usual = float(curve.mean(dtype=np.float64))
    return min(max(_TIMES_USUAL * usual, _FAINTEST), _ENOUGH)


# Tuned on the tuning halves of tests/benchmarks
_SURROUNDINGS_S = 0.8
_TIMES_SURROUNDINGS = 1.4
_TIMES_USUAL = 1.7
_ENOUGH = 0.12  # a rise of 12 % across all bands
_NEAREST_S = 0.05
_FAINTEST = 0.05  # a guess: a rise of 5 % across all bands


def _highest(curve: NDArray[np.float32], reach: int) -> NDArray[np.bool_]:
    """Tell where nothing in reach is higher; of equal neighbours only the first counts."""
    padded = np.pad(curve, reach, constant_values=-1)
    highest = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1).max(axis=1)
    first = np.append(True, curve[1:] > curve[:-1])
    peak: NDArray[np.bool_] = (curve >= highest) & first
    return peak


def _moving_mean(curve: NDArray[np.float32], half: int) -> NDArray[np.float64]:
    summed = np.concatenate([[0.0], np.cumsum(curve, dtype=np.float64)])
    at = np.arange(len(curve))
    low, high = np.maximum(at - half, 0), np.minimum(at + half + 1, len(curve))
    mean: NDArray[np.float64] = (summed[high] - summed[low]) / (high - low)
    return mean


def _mel(hertz: float) -> float:
    return float(2595 * np.log10(1 + hertz / 700))


def _hertz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    hertz: NDArray[np.float64] = 700 * (10 ** (mel / 2595) - 1)
    return hertz
