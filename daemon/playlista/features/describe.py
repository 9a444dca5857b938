"""All descriptors that are wanted in one pass, each timed."""

import math
import time
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from playlista import essentia
from playlista.features import essentia_beats
from playlista.features.curve import Curve
from playlista.features.danceability import LEVEL_RATE, Danceability
from playlista.features.descriptor import Descriptor, Findings, Stretch, Unknown, Value
from playlista.features.key import Key
from playlista.features.loudness import DynamicComplexity, Loudness
from playlista.features.onsets import PARTS, OnsetCurves
from playlista.features.rhythm import Rhythm
from playlista.features.spectral import Centroid, ZeroCrossings
from playlista.features.spectrum import Spectrum
from playlista.features.tempo import SecondOpinion
from playlista.records import AudioSettings, Features
from playlista.stages import Stage


@dataclass(frozen=True, slots=True)
class Description:
    """What the descriptors concluded.

    Attributes:
        features: The values.
        reasons: For each feature that is None: why.
        engine: Whose code gave them, e.g. ``"playlista+librosa"``.
        thinned: True when a curve reached its cap.
    """

    features: Features
    reasons: Mapping[str, str]
    engine: str
    thinned: bool


class Stopwatch:
    """CPU seconds by stage; a stage inside another is not counted twice."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self._stage: str | None = None
        self._since = 0.0

    @contextmanager
    def timing(self, stage: str) -> Iterator[None]:
        """Add what passes inside to a stage."""
        outer = self._switch(stage)
        try:
            yield
        finally:
            self._switch(outer)

    def _switch(self, stage: str | None) -> str | None:
        """Charge the time since the last switch; return the stage that was charged."""
        last, now = self._stage, time.process_time()
        if last is not None:
            self.seconds[last] += now - self._since  # type: ignore[assignment]  # typeshed counts in int
        self._stage, self._since = stage, now
        return last


class Ensemble:
    """The descriptors of some stages over one shared spectrum.

    Args:
        rate: Sample rate of all samples to come, in Hz.
        stages: Which descriptors; those of a model are not among them.
        settings: How much their curves may hold.
        stopwatch: Where their CPU time is counted.
    """

    def __init__(
        self, rate: int, stages: Collection[str], settings: AudioSettings, stopwatch: Stopwatch
    ) -> None:
        self._stopwatch = stopwatch
        self._spectrum = Spectrum(rate)
        cap_bytes = settings.cap_bytes // (PARTS + 1)  # as many curves grow with the track
        self._curves = [
            Curve(rate, cap_bytes=cap_bytes, float16=settings.float16)
            for rate in (*[self._spectrum.frame_rate] * PARTS, LEVEL_RATE)
        ]
        has_essentia = Stage.BEATS in stages and essentia.usable()
        self._engine = (
            "playlista" + "+librosa" * (Stage.TIMBRE in stages) + "+essentia" * has_essentia
        )
        second_opinion = self._timed_beats if has_essentia else None
        self._descriptors = list(_descriptors(stages, self._spectrum, self._curves, second_opinion))

    def feed(
        self,
        samples: NDArray[np.float32],
        momentary: NDArray[np.float32],
        short_term: NDArray[np.float32],
    ) -> None:
        """Let every descriptor hear the next block; shapes as in `Stretch`."""
        if not self._descriptors:
            return
        with self._stopwatch.timing("spectrum"):
            spectrum = self._spectrum.feed(samples)
        self._show(Stretch(samples, spectrum, momentary, short_term))

    def result(self) -> Description:
        """Hear the last frame, and conclude."""
        nothing = np.empty(0, np.float32)
        self._show(Stretch(nothing, self._spectrum.flush(), nothing, nothing))
        found: dict[str, Value] = {}
        for descriptor in self._descriptors:
            with self._stopwatch.timing(descriptor.stage):
                found.update(descriptor.result())
        features, reasons = _sorted(found)
        thinned = any(curve.thinned for curve in self._curves)
        return Description(features, reasons, self._engine, thinned)

    def _show(self, stretch: Stretch) -> None:
        for descriptor in self._descriptors:
            with self._stopwatch.timing(descriptor.stage):
                descriptor.feed(stretch)

    def _timed_beats(self, curve: NDArray[np.float32], rate: float) -> float | None:
        with self._stopwatch.timing(Stage.BEATS):
            return essentia_beats.beats_per_minute(curve, rate)


def _descriptors(
    stages: Collection[str],
    spectrum: Spectrum,
    curves: Sequence[Curve],
    second_opinion: SecondOpinion | None,
) -> Iterator[Descriptor]:
    """Make what the stages need; the later of two that find the same field has the last word."""
    *onsets, level = curves
    frequencies = spectrum.frequencies
    if {Stage.RHYTHM, Stage.BEATS} & set(stages):
        yield Rhythm(OnsetCurves(frequencies), onsets, second_opinion)
    if Stage.KEY in stages:
        yield Key(frequencies)
    if Stage.LOUDNESS in stages:
        yield Loudness()
    if Stage.DANCEABILITY in stages:
        yield Danceability(spectrum.rate, level)
    if Stage.SPECTRAL in stages:
        yield Centroid(frequencies)
        yield ZeroCrossings()
    if Stage.TIMBRE in stages:
        # librosa costs a second and 100 MB: only the tiers that use it pay
        from playlista.features.timbre import Timbre  # noqa: PLC0415

        yield Timbre(spectrum)
    if Stage.DYNAMICS in stages:
        yield DynamicComplexity()


def _sorted(found: Findings) -> tuple[Features, dict[str, str]]:
    """Part what is known from why the rest is not."""
    known = {name: value for name, value in found.items() if _is_number_or_name(value)}
    reasons = {
        name: value.why if isinstance(value, Unknown) else "it came out as no finite number"
        for name, value in found.items()
        if name not in known
    }
    return Features(**known), reasons  # type: ignore[arg-type]  # checked by test_every_field_is_known_or_has_a_reason


def _is_number_or_name(value: Value) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, tuple):
        return all(map(math.isfinite, value))
    return isinstance(value, str)
