"""Beats per minute from an onset curve."""

import numpy as np
from numpy.typing import NDArray

SLOWEST, FASTEST = 40.0, 220.0
"""The range that is searched, in BPM."""
SHORTEST_S = 4.0
"""Less holds too few beats to agree on a tempo."""
_WINDOW_S = 24.0  # a guess: long enough for a dozen slow beats, short enough to follow drift
_BATCH = 64  # windows transformed at once
_USUAL_BPM, _OCTAVES = 120.0, 1.0  # the common preference of listeners: centre and width
_GRID = np.geomspace(SLOWEST, FASTEST, 1200)  # steps of 0.14 %
_FINE = 8  # zero-padding of the Fourier side


def tempo(curve: NDArray[np.float32], rate: float) -> tuple[float, float] | None:
    """Estimate the tempo that most of a track keeps.

    Beats repeat, so the autocorrelation peaks at a beat's length and its multiples, the
    Fourier transform at a beat's frequency and its multiples; their product at both alone.

    Args:
        curve: Onset curve, shape (n,), n / rate >= `SHORTEST_S`.
        rate: Its values per second.

    Returns:
        BPM, 40 to 220, and its confidence: the autocorrelation at one beat, 0 (no
        repetition) to 1 (each beat like the last). None when nothing ever begins.

    Source:
        Peeters, "Template-based estimation of time-varying tempo" (2007).
    """
    profile = _profiles(curve, rate)
    if profile is None:
        return None
    correlation, spectrum = profile
    prior = np.exp(-0.5 * (np.log2(_GRID / _USUAL_BPM) / _OCTAVES) ** 2)
    score = np.maximum(correlation, 0) * spectrum * prior
    best = int(np.argmax(score))
    if score[best] <= 0:
        return None
    return _refined(score, best), float(np.clip(correlation[best], 0, 1))


def _profiles(
    curve: NDArray[np.float32], rate: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Return autocorrelation and Fourier magnitude at each tempo of the grid."""
    n = min(len(curve), round(_WINDOW_S * rate))
    windows = np.lib.stride_tricks.sliding_window_view(curve, n)[:: max(1, n // 2)]
    size = 2 ** int(np.ceil(np.log2(2 * n)))
    lags, power, used = np.zeros(n), np.zeros(size * _FINE // 2 + 1), 0
    taper = np.hanning(n)
    for start in range(0, len(windows), _BATCH):
        batch = windows[start : start + _BATCH].astype(np.float64)
        batch = batch - batch.mean(axis=1, keepdims=True)
        scale = np.sqrt((batch**2).sum(axis=1, keepdims=True))
        batch = batch[scale[:, 0] > _NOTHING] / scale[scale[:, 0] > _NOTHING]
        lags += np.fft.irfft(np.abs(np.fft.rfft(batch, size)) ** 2)[:, :n].sum(axis=0)
        power += np.abs(np.fft.rfft(batch * taper, size * _FINE)).sum(axis=0)
        used += len(batch)
    if not used:
        return None
    lags *= n / (n - np.arange(n)) / used  # later lags have fewer pairs to agree
    at_lag = np.interp(60 * rate / _GRID, np.arange(n), lags)
    at_hertz = np.interp(_GRID / 60, np.fft.rfftfreq(size * _FINE, 1 / rate), power / used)
    return at_lag, at_hertz


_NOTHING = 1e-4  # a curve that never moves, but for rounding


def _refined(score: NDArray[np.float64], best: int) -> float:
    """Place the peak between the grid's points by a parabola."""
    if not 0 < best < len(score) - 1:
        return float(_GRID[best])
    left, top, right = score[best - 1 : best + 2]
    bend = left - 2 * top + right
    shift = 0.5 * (left - right) / bend if bend else 0.0
    return float(_GRID[best] * (_GRID[1] / _GRID[0]) ** shift)
