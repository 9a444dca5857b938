"""When things begin, and how regularly."""

from typing import ClassVar

from playlista.features.curve import Curve
from playlista.features.descriptor import Findings, Stretch, Unknown
from playlista.features.onsets import OnsetCurve, peaks
from playlista.features.tempo import SHORTEST_S, SecondOpinion, tempo

FEWEST_ONSETS = 4
"""Three intervals: fewer cannot agree on a tempo."""


class Rhythm:
    """Onsets per second (music: 1 to 8), BPM (40 to 220), and confidences from 0 to 1.

    ``bpm_confidence`` is how much of the onset curve repeats after one beat; steady clicks
    give 0.75 to 1, noise 0.1. ``onset_rate_confidence`` is how far onsets stand out of
    what surrounds them.
    """

    stage: ClassVar[str] = "rhythm"

    def __init__(
        self, onset_curve: OnsetCurve, curve: Curve, second_opinion: SecondOpinion | None = None
    ) -> None:
        self._onset_curve = onset_curve
        self._curve = curve
        self._second_opinion = second_opinion

    def feed(self, stretch: Stretch) -> None:
        """Extend the onset curve."""
        self._curve.extend(self._onset_curve.feed(stretch.spectrum))

    def result(self) -> Findings:
        """Pick the onsets, then find their tempo."""
        curve, rate = self._curve.values(), self._curve.rate
        found, salience = peaks(curve, rate)
        return {**_onset_rate(len(found), salience, len(curve) / rate), **self._tempo(len(found))}

    def _tempo(self, onsets: int) -> Findings:
        curve, rate = self._curve.values(), self._curve.rate
        if len(curve) < SHORTEST_S * rate:
            return _no_tempo(f"shorter than the {SHORTEST_S:g} s that a tempo needs")
        if onsets < FEWEST_ONSETS:
            return _no_tempo("too few onsets to find a beat")
        found = tempo(curve, rate, self._second_opinion)
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
