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

    Each value is the root of the bands' mean squared rise, 0 to about 5: squared, for a note
    is a large rise in a few bands, vibrato and noise are small ones in many.

    Source:
        Böck and Widmer, "Maximum filter vibrato suppression for onset detection" (2013), with
        squares for the maximum filter.
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
        curves: NDArray[np.float32] = np.sqrt(np.square(np.maximum(rise, 0)) @ self._share)
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
        curve: Mean squared rise, shape (n,).
        rate: Its values per second.
        slice_s: Seconds looked at together: memory, not what is found.

    Returns:
        Positions of the onsets, and how far they stand out, 0 (not at all) to 1: the mean
        share of a peak that lies above the mean of the whole curve.
    """
    if not len(curve):
        return np.empty(0, np.intp), 0.0
    usual = float(curve.mean(dtype=np.float64))
    at = np.concatenate(list(_by_slice(curve, rate, usual, max(1, round(slice_s * rate)))))
    return at, float(np.maximum(1 - usual / curve[at], 0).mean()) if len(at) else 0.0


def _by_slice(
    curve: NDArray[np.float32], rate: float, usual: float, slice_n: int
) -> Iterator[NDArray[np.intp]]:
    reach = max(1, round(_NEAREST_S * rate))
    half = max(1, round(_SURROUNDINGS_S * rate / 2))
    lowest, highest = (times * usual for times in _TIMES_USUAL)
    least = max(_FAINTEST, min(max(_RISE, lowest), highest))
    for start in range(0, len(curve), slice_n):
        low = max(0, start - max(reach, half))
        part = curve[low : start + slice_n + max(reach, half)]
        peak = _highest(part, reach) & (part > _moving_mean(part, half) + least)
        yield np.flatnonzero(peak[start - low :][:slice_n]) + start


# How far an onset rises above its surroundings: tuned on 311 pieces of other seeds than those of
# tests/benchmarks
_RISE = 0.03  # all bands rise by 17 %
_TIMES_USUAL = 0.1, 0.8  # less where all rises are small, more where all are large
_FAINTEST = 0.0025  # a guess: all bands rise by 5 %
_SURROUNDINGS_S = 0.15
_NEAREST_S = 0.05


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
