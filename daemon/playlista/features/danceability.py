"""How well a track holds a dancer, from the fluctuation of its level."""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from playlista.features.curve import Curve
from playlista.features.descriptor import Findings, Stretch, Unknown

LEVEL_RATE = 100
"""Values of the level curve per second, as in the source."""
SHORTEST_S, LONGEST_S, RATIO = 0.31, 8.8, 1.1  # the source's time scales
FEWEST_SCALES = 3
FEWEST_POINTS = 4
"""A line through fewer would leave no fluctuation."""
_OVERLAP = 4  # windows per length: enough to settle the mean
_SCALE = 1024.0  # keeps quiet levels clear of float16's smallest numbers


class Level:
    """Standard deviation of the wave in slots of 10 ms."""

    def __init__(self, rate: int) -> None:
        self._slot_n = max(2, round(rate / LEVEL_RATE))
        self._rest = np.empty(0, np.float32)
        self.rate = rate / self._slot_n

    def feed(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the level of each slot completed."""
        pending = np.concatenate([self._rest, samples])
        n = len(pending) // self._slot_n
        self._rest = pending[n * self._slot_n :]
        slots = pending[: n * self._slot_n].reshape(n, self._slot_n)
        waves = slots - slots.mean(axis=1, keepdims=True)
        level: NDArray[np.float32] = np.sqrt(np.vecdot(waves, waves) / np.float32(self._slot_n))
        return level


class Danceability:
    """Danceability, usually 0 to 3, higher is more danceable; and its confidence.

    It is the inverse of the mean fluctuation exponent: a level that wanders like noise over
    a random walk has exponent 1.5, a steady beat pins it and the exponent falls. The
    confidence, 0 to 1, is how straight the fluctuation's log-log line is (its r squared):
    a bent line has no one exponent.

    Source:
        Streich and Herrera, "Detrended fluctuation analysis of music signals" (2005).
    """

    stage: ClassVar[str] = "danceability"

    def __init__(self, rate: int, curve: Curve) -> None:
        self._level = Level(rate)
        self._curve = curve

    def feed(self, stretch: Stretch) -> None:
        """Extend the level curve."""
        self._curve.extend(_SCALE * self._level.feed(stretch.samples))

    def result(self) -> Findings:
        """Measure the fluctuation at each time scale."""
        level = self._curve.taken().astype(np.float32)
        lengths = scales(len(level), self._curve.rate)
        if len(lengths) < FEWEST_SCALES:
            return _neither(Unknown("too short for a danceability"))
        sizes = np.array([fluctuation(level, length) for length in lengths])
        if sizes.min() <= _STEADY * level.mean(dtype=np.float64):
            return _neither(Unknown("its level never changes"))
        return _concluded(np.log(lengths), np.log(sizes))


_STEADY = 1e-6  # rounding in the level of a constant tone
_HIGHEST = 3.0


def scales(n: int, rate: float) -> NDArray[np.intp]:
    """Return window lengths in values from 0.31 to 8.8 s, as far as four fit into the curve."""
    longest = min(LONGEST_S * rate, n / 4)
    count = int(np.log(max(longest, 1) / (SHORTEST_S * rate)) / np.log(RATIO)) + 1
    lengths = np.round(SHORTEST_S * rate * RATIO ** np.arange(max(0, count))).astype(int)
    return np.unique(lengths[lengths >= FEWEST_POINTS])


def fluctuation(level: NDArray[np.floating], length: int) -> float:
    """Return how far the walk that a curve takes strays from its local straight lines.

    Args:
        level: The walk's steps, shape (n,), n >= length. Their mean makes no difference: it
            adds a straight line.
        length: Steps per window.

    Returns:
        The root mean square distance.
    """
    stride = max(1, length // _OVERLAP)
    windows_n = (len(level) - length) // stride + 1
    line = np.linspace(-1, 1, length)
    line /= np.sqrt(line @ line)
    total = 0.0
    batch_n = max(1, _BATCH_N // length)
    for first in range(0, windows_n, batch_n):
        last = min(first + batch_n, windows_n) - 1
        # each batch begins at 0: a window's distance from its own line does not depend on that
        walk = np.cumsum(level[first * stride : last * stride + length], dtype=np.float64)
        windows = np.lib.stride_tricks.sliding_window_view(walk, length)[::stride]
        part = windows - windows.mean(axis=1, keepdims=True)
        slopes = part @ line
        total += float(np.vdot(part, part) - slopes @ slopes)
    return float(np.sqrt(max(total, 0.0) / (windows_n * length)))


_BATCH_N = 1 << 18  # values worked on at once: 2 MB


def _concluded(lengths: NDArray[np.float64], sizes: NDArray[np.float64]) -> Findings:
    exponent = float(np.mean(np.diff(sizes) / np.diff(lengths)))
    straight = float(np.corrcoef(lengths, sizes)[0, 1]) if sizes.std() > 0 else 0.0
    value = 1 / max(exponent, 1 / _HIGHEST)
    return {"danceability": value, "danceability_confidence": min(1.0, straight**2)}


def _neither(unknown: Unknown) -> Findings:
    return {"danceability": unknown, "danceability_confidence": unknown}
