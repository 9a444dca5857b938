"""Rule lists: bands of a measure, decades and genres."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from playlista.playlists.space import Space

YEARS = range(1900, 2100)
"""A year outside is a slip in the file."""

GENRES = 12
"""At most so many genre lists: a guess; file tags know hundreds."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A number that listeners can check, and the lists at its ends."""

    read: Callable[[Space, int], float | None]
    told: Callable[[float], str]
    names: tuple[str, str | None, str]


@dataclass(frozen=True, slots=True)
class Fit:
    """Why a track belongs to a list; the smaller the strain, the better it fits."""

    reason: str
    strain: float


@dataclass(frozen=True, slots=True)
class Seed:
    """A list that could be.

    Attributes:
        rule: What would decide membership.
        fits: Gives the rows that meet it and why, best first.
    """

    name: str
    rule: Mapping[str, Any]
    fits: Callable[[], Mapping[int, Fit]]


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


MEASURES: Mapping[str, Measure] = {
    "energy": Measure(
        lambda space, row: space.energy[row],
        lambda value: f"energy {value:+.2f}",
        ("Low energy", None, "High energy"),
    ),
    "tempo": Measure(
        lambda space, row: space.tracks[row].features.bpm,
        lambda value: f"{_number(value)} BPM",
        ("Slow tempo", "Medium tempo", "Fast tempo"),
    ),
    "brightness": Measure(
        lambda space, row: space.tracks[row].features.spectral_centroid_hz,
        lambda value: f"a spectral centre of {value:.0f} Hz",
        ("Warm and dark tones", None, "Bright tones"),
    ),
    "dynamics": Measure(
        lambda space, row: space.tracks[row].features.loudness_range_lu,
        lambda value: f"a loudness range of {value:.1f} LU",
        ("Even loudness", None, "Wide dynamics"),
    ),
    "danceability": Measure(
        lambda space, row: space.tracks[row].features.danceability,
        lambda value: f"danceability {value:.2f}",
        ("For listening", None, "For dancing"),
    ),
    "length": Measure(
        lambda space, row: space.tracks[row].duration_s,
        lambda value: f"a length of {value / 60:.1f} minutes",
        ("Short tracks", None, "Long tracks"),
    ),
}


def bands(space: Space, name: str, share: float) -> Iterator[Seed]:
    """Yield the lists at the ends of a measure, and in its middle where that has a name.

    Args:
        space: The library.
        name: Of the measure.
        share: How much of the library each band takes at birth, 0 to 1/3.
    """
    read = MEASURES[name].read
    values = [value for row in range(len(space.tracks)) if (value := read(space, row)) is not None]
    if not values:
        return
    marks = (share, 0.5 - share / 2, 0.5 + share / 2, 1 - share)
    low, below, above, high = (float(round(np.quantile(values, mark), 2)) for mark in marks)
    edges = ((None, low), (below, above), (high, None))
    for title, (start, stop) in zip(MEASURES[name].names, edges, strict=True):
        if title:
            yield _seed(space, title, {"type": "band", "measure": name, "low": start, "high": stop})


def decades(space: Space) -> Iterator[Seed]:
    """Yield a list for each decade in the file tags, the most common first."""
    years = [track.file_tags.year for track in space.tracks]
    counted = Counter(year // 10 * 10 for year in years if year and year in YEARS)
    for decade, _ in counted.most_common():
        yield _seed(space, f"The {decade}s", {"type": "decade", "decade": decade})


def genres(space: Space) -> Iterator[Seed]:
    """Yield a list for each of the most common genres in the file tags."""
    spelled = Counter(
        track.file_tags.genre.strip() for track in space.tracks if track.file_tags.genre
    )
    counted: Counter[str] = Counter()
    for genre, times in spelled.items():
        counted[genre.casefold()] += times
    for folded, _ in counted.most_common(GENRES):
        title = next(genre for genre, _ in spelled.most_common() if genre.casefold() == folded)
        if title:
            yield _seed(space, title, {"type": "genre", "genre": folded})


def _seed(space: Space, name: str, rule: Mapping[str, Any]) -> Seed:
    return Seed(name, rule, partial(meeting, space, rule))


def meeting(space: Space, rule: Mapping[str, Any]) -> dict[int, Fit]:
    """Return the rows that meet a rule: best first, and the newest first among equals."""
    fits = {row: found for row in range(len(space.tracks)) if (found := fit(rule, space, row))}
    newest = sorted(fits, key=lambda row: -space.tracks[row].added_at)
    return best_first({row: fits[row] for row in newest})


def best_first(fits: Mapping[int, Fit]) -> dict[int, Fit]:
    """Return the same, sorted by strain; equals keep their order."""
    return dict(sorted(fits.items(), key=lambda item: item[1].strain))


def near(distance: float) -> Fit:
    """Return why a track belongs to a sound list at this distance from its centre."""
    return Fit(f"nearest to the centre of this list, distance {distance:.2f}", distance)


def fit(rule: Mapping[str, Any], space: Space, row: int) -> Fit | None:
    """Return why a track meets a rule; None when it does not, or when that is unknown."""
    tags = space.tracks[row].file_tags
    match rule["type"]:
        case "band":
            value = MEASURES[rule["measure"]].read(space, row)
            return None if value is None else _in_band(rule, value)
        case "decade" if tags.year and tags.year // 10 * 10 == rule["decade"]:
            return Fit(f"the file says it is from {tags.year}", 0.0)
        case "genre" if tags.genre and tags.genre.strip().casefold() == rule["genre"]:
            return Fit(f"the file says its genre is {tags.genre.strip()}", 0.0)
    return None


def _in_band(rule: Mapping[str, Any], value: float) -> Fit | None:
    told = MEASURES[rule["measure"]].told(value)
    match rule["low"], rule["high"]:
        case None, high if value <= high:
            return Fit(f"{told} is {_number(high)} or less", value)
        case low, None if value >= low:
            return Fit(f"{told} is {_number(low)} or more", -value)
        case low, high if low is not None and high is not None and low <= value <= high:
            limits = f"{_number(low)}\N{EN DASH}{_number(high)}"
            return Fit(f"{told} lies within {limits}", abs(value - (low + high) / 2))
    return None
