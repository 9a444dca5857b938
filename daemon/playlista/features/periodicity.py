"""How a curve repeats, averaged over windows short enough to follow a drifting tempo."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

_WINDOW_S = 24.0  # a guess: long enough for a dozen slow beats, short enough to follow drift
_BATCH = 16  # windows transformed at once
_FINE = 8  # zero-padding of the Fourier side
_NOTHING = 1e-4  # a curve that never moves, but for rounding


def profiles(
    curve: NDArray[np.floating], rate: float, bpm: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return autocorrelation after one beat and Fourier magnitude, at each tempo.

    Args:
        curve: Shape (n,).
        rate: Its values per second.
        bpm: The tempi, rising; shape (k,).

    Returns:
        Both of shape (k,); the first up to 1, the second from 0. Zeros when nothing moves.
    """
    size, power = 1, np.zeros(1)
    for batch in _windows(curve, rate):
        size = _FINE * _padded(batch)
        power = power + np.abs(np.fft.rfft(batch * np.hanning(batch.shape[1]), size)).sum(axis=0)
    at_hertz = np.interp(bpm / 60, np.fft.rfftfreq(size, 1 / rate), power)
    return correlation(curve, curve, rate, 60 / bpm), at_hertz


def correlation(
    one: NDArray[np.floating], other: NDArray[np.floating], rate: float, lags_s: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return how far one curve, so much earlier or later, is like the other.

    Args:
        one: Shape (n,).
        other: Shape (n,).
        rate: Their values per second.
        lags_s: Shape (k,).

    Returns:
        Shape (k,), -1 (where one rises the other falls) to 1 (alike); 0 beyond a window.
    """
    summed, used, n = np.zeros(1), 0, 1
    for batch, against in zip(_windows(one, rate), _windows(other, rate), strict=True):
        size, n = _padded(batch), batch.shape[1]
        cross = np.fft.rfft(batch, size) * np.conj(np.fft.rfft(against, size))
        summed = summed + np.fft.irfft(cross.real, size).sum(axis=0)[:n]  # real: both directions
        used += int(np.count_nonzero(batch.any(axis=1)))
    later_has_fewer = n / (n - np.arange(n)) / max(used, 1)
    return np.interp(lags_s * rate, np.arange(n), summed * later_has_fewer, right=0.0)


def pulse(
    curve: NDArray[np.floating], rate: float, hertz: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return how far a curve rises and falls with each frequency: 0 to 0.58, as a sine does.

    Args:
        curve: Shape (n,).
        rate: Its values per second.
        hertz: Shape (k,).
    """
    summed, used = np.zeros(len(hertz)), 0
    for batch in _windows(curve, rate):
        n = batch.shape[1]
        turns = np.exp(-2j * np.pi * np.outer(np.arange(n) / rate, hertz))
        taper = np.hanning(n)
        summed += np.abs((batch * taper) @ turns).sum(axis=0) / np.linalg.norm(taper)
        used += int(np.count_nonzero(batch.any(axis=1)))
    return summed / max(used, 1)


def _windows(curve: NDArray[np.floating], rate: float) -> Iterator[NDArray[np.float64]]:
    """Yield batches of windows, shape (w, n): mean 0, norm 1, or all 0 where nothing moves."""
    n = min(len(curve), round(_WINDOW_S * rate))
    windows = np.lib.stride_tricks.sliding_window_view(curve, n)[:: max(1, n // 2)]
    for start in range(0, len(windows), _BATCH):
        batch = windows[start : start + _BATCH].astype(np.float64)
        batch -= batch.mean(axis=1, keepdims=True)
        norm = np.linalg.norm(batch, axis=1, keepdims=True)
        yield np.where(norm > _NOTHING, batch / np.maximum(norm, _NOTHING), 0.0)


def _padded(batch: NDArray[np.float64]) -> int:
    return int(2 ** np.ceil(np.log2(2 * batch.shape[1])))
