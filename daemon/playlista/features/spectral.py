"""How bright, how noisy: the plainest facts of the spectrum and the wave."""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from playlista.features.descriptor import SILENT, Findings, Stretch, Unknown
from playlista.features.spectrum import sounding


class Mean:
    """The mean of rows, fed some at a time."""

    def __init__(self) -> None:
        self._sum: NDArray[np.float64] | None = None
        self._n = 0

    def add(self, rows: NDArray[np.floating]) -> None:
        """Take rows, shape (n, fields)."""
        total = rows.sum(axis=0, dtype=np.float64)
        self._sum = total if self._sum is None else self._sum + total
        self._n += len(rows)

    def value(self) -> tuple[float, ...] | None:
        """Return the mean row; None before the first."""
        if self._sum is None or not self._n:
            return None
        return tuple((self._sum / self._n).tolist())


class Centroid:
    """Spectral centroid in Hz, the mean over sounding frames: music 500 to 4000.

    Source:
        Peeters, "A large set of audio features" (2004), on magnitudes.
    """

    stage: ClassVar[str] = "spectral"

    def __init__(self, frequencies: NDArray[np.float32]) -> None:
        self._frequencies = frequencies
        self._mean = Mean()

    def feed(self, stretch: Stretch) -> None:
        """Weigh the bins of each frame."""
        frames = sounding(stretch.spectrum)
        self._mean.add((frames @ self._frequencies / frames.sum(axis=1))[:, None])

    def result(self) -> Findings:
        """Return the mean."""
        mean = self._mean.value()
        return {"spectral_centroid_hz": mean[0] if mean else SILENT}


class ZeroCrossings:
    """Share of neighbouring samples that differ in sign, 0 to 1: music 0.02 to 0.2."""

    stage: ClassVar[str] = "spectral"

    def __init__(self) -> None:
        self._last = np.empty(0, np.float32)
        self._crossings = self._pairs = 0
        self._sounds = False

    def feed(self, stretch: Stretch) -> None:
        """Count sign changes, the one across the border included."""
        samples = np.concatenate([self._last, stretch.samples])
        negative = samples < 0
        self._crossings += int(np.count_nonzero(negative[1:] != negative[:-1]))
        self._pairs += max(0, len(samples) - 1)
        self._sounds = self._sounds or bool(stretch.samples.any())
        self._last = samples[-1:]

    def result(self) -> Findings:
        """Return the share."""
        if not self._sounds:
            return {"zero_crossing_rate": SILENT}
        if not self._pairs:
            return {"zero_crossing_rate": Unknown("a single sample crosses nothing")}
        return {"zero_crossing_rate": self._crossings / self._pairs}
