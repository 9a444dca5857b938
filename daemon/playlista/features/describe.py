"""Every descriptor of a tier in one pass, each timed."""

import math
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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
from playlista.records import AudioSettings, Features, Tier

FULL_ONLY = frozenset(
    {
        "mfcc",
        "chroma",
        "spectral_contrast",
        "spectral_flatness",
        "spectral_rolloff_hz",
        "dynamic_complexity",
    }
)
NOT_ASKED = "not part of the quick tier"


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
    """CPU seconds by stage."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()

    @contextmanager
    def timing(self, stage: str) -> Iterator[None]:
        """Add what passes inside to a stage."""
        start = time.process_time()
        try:
            yield
        finally:
            self.seconds[stage] += time.process_time() - start  # type: ignore[assignment]  # typeshed counts in int


class Ensemble:
    """All descriptors of one tier over one shared spectrum.

    Args:
        rate: Sample rate of all samples to come, in Hz.
        tier: Which descriptors.
        settings: How much their curves may hold.
        stopwatch: Where their CPU time is counted.
    """

    def __init__(
        self, rate: int, tier: Tier, settings: AudioSettings, stopwatch: Stopwatch
    ) -> None:
        self._tier = tier
        fuller = tier is not Tier.QUICK
        has_essentia = fuller and essentia_beats.usable()
        self._engine = "playlista" + "+librosa" * fuller + "+essentia" * has_essentia
        self._stopwatch = stopwatch
        self._spectrum = Spectrum(rate)
        frequencies = self._spectrum.frequencies
        cap_bytes = settings.cap_bytes // (PARTS + 1)  # as many curves grow with the track
        curves = [
            Curve(rate, cap_bytes=cap_bytes, float16=settings.float16)
            for rate in (*[self._spectrum.frame_rate] * PARTS, LEVEL_RATE)
        ]
        *onsets, level = self._curves = curves
        self._descriptors: list[Descriptor] = [
            Rhythm(
                OnsetCurves(frequencies),
                onsets,
                essentia_beats.beats_per_minute if has_essentia else None,
            ),
            Key(frequencies),
            Loudness(),
            Danceability(rate, level),
            Centroid(frequencies),
            ZeroCrossings(),
        ]
        if fuller:
            self._descriptors += _fuller(self._spectrum)

    def feed(
        self,
        samples: NDArray[np.float32],
        momentary: NDArray[np.float32],
        short_term: NDArray[np.float32],
    ) -> None:
        """Let every descriptor hear the next block; shapes as in `Stretch`."""
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
        if self._tier is Tier.QUICK:
            found.update(dict.fromkeys(FULL_ONLY, Unknown(NOT_ASKED)))
        features, reasons = _sorted(found)
        thinned = any(curve.thinned for curve in self._curves)
        return Description(features, reasons, self._engine, thinned)

    def _show(self, stretch: Stretch) -> None:
        for descriptor in self._descriptors:
            with self._stopwatch.timing(descriptor.stage):
                descriptor.feed(stretch)


def _fuller(spectrum: Spectrum) -> list[Descriptor]:
    # librosa costs a second and 100 MB: only the tiers that use it pay
    from playlista.features.timbre import Timbre  # noqa: PLC0415

    return [Timbre(spectrum), DynamicComplexity()]


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
