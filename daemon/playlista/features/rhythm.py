"""When things begin, and how regularly."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from playlista.features.curve import Curve
from playlista.features.descriptor import Findings, Stretch, Unknown
from playlista.features.onsets import OnsetCurves, peaks
from playlista.features.tempo import SHORTEST_S, SecondOpinion, tempo

FEWEST_ONSETS = 4
"""Three intervals: fewer cannot agree on a tempo."""


class Rhythm:
    """Onsets per second (music: 1 to 8), BPM (40 to 220), and confidences from 0 to 1.

    ``bpm_confidence`` is the probability that this, not its half, double, ... is the beat,
    less where hardly anything repeats; steady clicks give 0.7 to 1, noise less than 0.2.
    ``onset_rate_confidence`` is how far onsets stand out of what surrounds them.
    """

    stage: ClassVar[str] = "rhythm"

    def __init__(
        self,
        onset_curves: OnsetCurves,
        curves: Sequence[Curve],
        second_opinion: SecondOpinion | None = None,
    ) -> None:
        self._onset_curves = onset_curves
        self._curves = curves
        self._second_opinion = second_opinion

    def feed(self, stretch: Stretch) -> None:
        """Extend the onset curves."""
        parts = self._onset_curves.feed(stretch.spectrum).T
        for curve, values in zip(self._curves, parts, strict=True):
            curve.extend(values)

    def result(self) -> Findings:
        """Pick the onsets, then find their tempo."""
        parts, rate = np.stack([curve.taken() for curve in self._curves]), self._curves[0].rate
        found, salience = peaks(np.einsum("ij,ij->j", parts, parts, dtype=np.float32), rate)
        return {
            **_onset_rate(len(found), salience, parts.shape[1] / rate),
            **self._tempo(parts, rate, len(found)),
        }

    def _tempo(self, parts: NDArray[np.floating], rate: float, onsets: int) -> Findings:
        if parts.shape[1] < SHORTEST_S * rate:
            return _no_tempo(f"shorter than the {SHORTEST_S:g} s that a tempo needs")
        if onsets < FEWEST_ONSETS:
            return _no_tempo("too few onsets to find a beat")
        found = tempo(parts, rate, self._second_opinion)
        if found is None:
            return _no_tempo("no beat repeats")
        return {"bpm": found[0], "bpm_confidence": found[1]}


def _onset_rate(n: int, salience: float, seconds: float) -> Findings:
    if not n:
        nothing = Unknown("nothing begins in it: no onset stands out")
        return {"onset_rate_hz": nothing, "onset_rate_confidence": nothing}
    return {"onset_rate_hz": n / seconds, "onset_rate_confidence": salience}


def _no_tempo(why: str) -> Findings:
    return {"bpm": Unknown(why), "bpm_confidence": Unknown(why)}
