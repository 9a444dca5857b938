"""What makes tracks sound alike: one axis per descriptor, on a scale that hearing shares."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from playlista.records import Features

UNSURE = 0.5
"""Weight of an estimate that came without a confidence: a guess."""


@dataclass(frozen=True, slots=True)
class Axis:
    """One descriptor as a coordinate.

    Attributes:
        weight: Share in squared distances: a guess, groups weighted alike.
        read: Gives the coordinate, None where the track does not have it.
        trust: Gives 0 to 1, how far this coordinate can be relied upon.
        words: What listeners call little and much of it; empty where nobody does.
    """

    name: str
    weight: float
    read: Callable[[Features], float | None]
    trust: Callable[[Features], float] = lambda _: 1.0
    words: tuple[str, str] | tuple[()] = ()


def sure(confidence: float | None) -> float:
    """Return a confidence as a weight from 0 to 1; half where there is none."""
    return UNSURE if confidence is None else min(max(confidence, 0.0), 1.0)


def _log2(value: float | None) -> float | None:
    """Ratios, not differences, are heard in rates and frequencies."""
    return math.log2(value) if value is not None and value > 0 else None


def _nth(values: tuple[float, ...] | None, n: int) -> float | None:
    return values[n] if values is not None and n < len(values) else None


def _mfcc(n: int) -> Axis:
    return Axis(f"mfcc {n}", 1 / 12, lambda f: _nth(f.mfcc, n))


def _contrast(n: int) -> Axis:
    return Axis(f"spectral contrast {n}", 0.5 / 7, lambda f: _nth(f.spectral_contrast, n))


AXES: tuple[Axis, ...] = (
    Axis(
        "tempo",
        0.5,
        lambda f: _log2(f.bpm),
        lambda f: sure(f.bpm_confidence),
        ("slow", "fast"),
    ),
    Axis(
        "onset rate",
        0.5,
        lambda f: _log2(f.onset_rate_hz),
        lambda f: sure(f.onset_rate_confidence),
        ("sparse", "busy"),
    ),
    Axis("loudness", 1.0, lambda f: f.loudness_lufs, words=("quiet", "loud")),
    Axis("loudness range", 0.25, lambda f: f.loudness_range_lu),
    Axis("dynamic complexity", 0.25, lambda f: f.dynamic_complexity, words=("steady", "restless")),
    Axis(
        "danceability",
        0.5,
        lambda f: f.danceability,
        lambda f: sure(f.danceability_confidence),
        ("drifting", "danceable"),
    ),
    Axis("centroid", 0.5, lambda f: _log2(f.spectral_centroid_hz), words=("dark", "bright")),
    Axis("rolloff", 0.25, lambda f: _log2(f.spectral_rolloff_hz)),
    Axis("zero crossings", 0.25, lambda f: _log2(f.zero_crossing_rate)),
    Axis("flatness", 0.5, lambda f: _log2(f.spectral_flatness), words=("smooth", "rough")),
    # mfcc 0 is loudness over again
    *(_mfcc(n) for n in range(1, 13)),
    *(_contrast(n) for n in range(7)),
)
