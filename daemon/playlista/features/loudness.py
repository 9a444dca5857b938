"""Gated loudness and its range, from what the meter read during the decode."""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from playlista.features.descriptor import Findings, Stretch, Unknown, Value

ABSOLUTE_GATE = -70.0  # LUFS, ITU-R BS.1770
RELATIVE_GATE = -10.0  # LU below the mean of what passes the absolute gate, ITU-R BS.1770
RANGE_GATE = -20.0  # the same for the loudness range, EBU Tech 3342
RANGE_SHARES = (0.10, 0.95)  # EBU Tech 3342
_BIN_LU = 0.01  # a tenth of the tolerance that EBU Tech 3341 allows
_TOP = 100.0  # LUFS: the mended decode cannot exceed it
_CENTRES = np.arange(ABSOLUTE_GATE + _BIN_LU / 2, _TOP, _BIN_LU)
_POWERS = 10 ** (_CENTRES / 10)
QUIET = Unknown("nothing passes the loudness gate of -70 LUFS")


class Histogram:
    """Loudness readings above the absolute gate: memory does not grow with the track."""

    def __init__(self) -> None:
        self.counts = np.zeros(len(_CENTRES), np.int64)

    def add(self, readings: NDArray[np.float32]) -> None:
        """Count readings in LUFS; those below the absolute gate drop out, as does NaN."""
        heard = readings[readings >= np.float32(ABSOLUTE_GATE)]
        bins = np.minimum((heard - ABSOLUTE_GATE) / _BIN_LU, len(_CENTRES) - 1).astype(int)
        self.counts += np.bincount(bins, minlength=len(_CENTRES))

    def mean(self) -> float | None:
        """Return the loudness of the mean power in LUFS; None when all was gated."""
        total = self.counts.sum()
        return float(10 * np.log10(self.counts @ _POWERS / total)) if total else None

    def gated(self, gate_lu: float) -> "Histogram":
        """Return what lies at most so far below the mean."""
        mean = self.mean()
        kept = Histogram()
        if mean is not None:
            kept.counts = np.where(mean + gate_lu <= _CENTRES, self.counts, 0)
        return kept

    def quantile(self, share: float) -> float:
        """Return the loudness that this share of the readings does not exceed."""
        cumulated = np.cumsum(self.counts)
        return float(_CENTRES[np.searchsorted(cumulated, share * cumulated[-1])])

    def spread(self) -> float:
        """Return the mean distance of the readings from the loudness of their mean, in dB."""
        mean = self.mean()
        if mean is None:
            return 0.0
        return float(self.counts @ np.abs(_CENTRES - mean) / self.counts.sum())


class Loudness:
    """Integrated loudness in LUFS (music: -30 to -5) and loudness range in LU (0 to 25).

    Source:
        EBU R128: ITU-R BS.1770 gating, EBU Tech 3342 range.
    """

    stage: ClassVar[str] = "loudness"

    def __init__(self) -> None:
        self._momentary = Histogram()
        self._short_term = Histogram()
        self._readings_n = self._long_readings_n = 0

    def feed(self, stretch: Stretch) -> None:
        """Take the meter's readings."""
        self._momentary.add(stretch.momentary)
        self._short_term.add(stretch.short_term)
        self._readings_n += len(stretch.momentary)
        self._long_readings_n += len(stretch.short_term)

    def result(self) -> Findings:
        """Gate and conclude."""
        return {"loudness_lufs": self._integrated(), "loudness_range_lu": self._range()}

    def _integrated(self) -> Value:
        if not self._readings_n:
            return Unknown("shorter than the 0.4 s that the loudness meter needs")
        loudness = self._momentary.gated(RELATIVE_GATE).mean()
        return QUIET if loudness is None else loudness

    def _range(self) -> Value:
        if not self._long_readings_n:
            return Unknown("shorter than the 3 s that a loudness range needs")
        gated = self._short_term.gated(RANGE_GATE)
        if gated.mean() is None:
            return QUIET
        low, high = (gated.quantile(share) for share in RANGE_SHARES)
        return high - low


class DynamicComplexity:
    """How far loudness strays from its own level, in dB: 0 for a tone, music 1 to 10.

    Source:
        Streich, "Music complexity" (2007), on the momentary loudness of BS.1770.
    """

    stage: ClassVar[str] = "dynamics"

    def __init__(self) -> None:
        self._momentary = Histogram()
        self._readings_n = 0

    def feed(self, stretch: Stretch) -> None:
        """Take the meter's readings."""
        self._momentary.add(stretch.momentary)
        self._readings_n += len(stretch.momentary)

    def result(self) -> Findings:
        """Measure the spread."""
        if not self._readings_n:
            return {"dynamic_complexity": Unknown("shorter than the 0.4 s of the loudness meter")}
        if self._momentary.mean() is None:
            return {"dynamic_complexity": QUIET}
        return {"dynamic_complexity": self._momentary.spread()}
