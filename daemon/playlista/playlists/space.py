"""Tracks as points: standardised descriptors in a frame that, once frozen, never moves."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from playlista.playlists.axes import AXES
from playlista.records import LibraryTrack

Array = NDArray[np.float64]
Rows = NDArray[np.intp]

NEUTRAL = 0.1
"""Weight of a coordinate that is unknown, relative to one that is certain: a guess."""

FAR = 3.0
"""Standard deviations beyond which an outlier is not told from a worse one: a guess."""

ENERGY: Mapping[str, float] = {"loudness": 0.4, "onset rate": 0.3, "danceability": 0.3}
"""Shares of what listeners call energy: a guess."""

TINY = 1e-12

WEIGHTS: Array = np.array([axis.weight for axis in AXES])


@dataclass(frozen=True)
class Space:
    """The library as points.

    Attributes:
        tracks: In the order of the rows below.
        points: Shape (tracks, axes), standard deviations from the frame's mean, within
            -3 to 3; 0, which is neutral, where unknown.
        weights: Shape (tracks, axes), at least 0; small where unknown.
        known: Shape (axes,): the axes on which this frame tells tracks apart at all.
    """

    tracks: Sequence[LibraryTrack]
    points: Array
    weights: Array
    known: NDArray[np.bool_]

    @cached_property
    def rows(self) -> Mapping[int, int]:
        """Row of each track id."""
        return {track.track_id: row for row, track in enumerate(self.tracks)}

    def distances(self, rows: Sequence[int], centres: Array) -> Array:
        """Return weighted distances, shape (rows, centres), in standard deviations.

        Args:
            rows: Which tracks.
            centres: Shape (centres, axes).
        """
        points, weights = self.points[rows], self.weights[rows]
        squares = (
            (weights * points**2).sum(axis=1, keepdims=True)
            - 2 * (weights * points) @ centres.T
            + weights @ (centres**2).T
        )
        total = np.maximum(weights.sum(axis=1, keepdims=True), TINY)
        distances: Array = np.sqrt(np.maximum(squares, 0.0) / total)
        return distances

    def between(self, a: Rows, b: Rows) -> Array:
        """Return the distances between tracks, in standard deviations, 0 to 6.

        Args:
            a: Rows of any shape that broadcasts with ``b``; so is the result's shape.
            b: Rows.
        """
        joint = self.weights[a] * self.weights[b]  # an axis counts as far as both know it
        squares = (joint * (self.points[a] - self.points[b]) ** 2 / WEIGHTS).sum(axis=-1)
        total = np.maximum((joint / WEIGHTS).sum(axis=-1), TINY)
        distances: Array = np.sqrt(squares / total)
        return distances

    @cached_property
    def energy(self) -> Sequence[float | None]:
        """Energy of each track in standard deviations; None where nothing of it is known."""
        axes = [i for i, axis in enumerate(AXES) if axis.name in ENERGY]
        shares = np.array([ENERGY[AXES[i].name] for i in axes])
        trust = self.weights[:, axes] / WEIGHTS[axes]
        score = (self.points[:, axes] * trust * shares).sum(axis=1) / shares.sum()
        heard = trust.max(axis=1) > NEUTRAL
        return [float(s) if h else None for s, h in zip(score, heard, strict=True)]


def fit(tracks: Sequence[LibraryTrack]) -> dict[str, Any]:
    """Return the frame in which these tracks have mean 0 and standard deviation 1.

    Returns:
        ``mean`` and ``scale`` by axis name, fit for JSON; axes on which the tracks do
        not differ are absent.
    """
    frame: dict[str, dict[str, float]] = {"mean": {}, "scale": {}}
    for axis, column in zip(AXES, _coordinates(tracks).T, strict=True):
        known = column[np.isfinite(column)]
        if known.size and (scale := float(known.std())) > 1e-9 * max(1.0, abs(known).max()):
            frame["mean"][axis.name] = float(known.mean())
            frame["scale"][axis.name] = scale
    return frame


def place(tracks: Sequence[LibraryTrack], frame: Mapping[str, Any]) -> Space:
    """Return the tracks as points in a frame that `fit` gave, then or long ago."""
    mean = np.array([frame["mean"].get(axis.name, np.nan) for axis in AXES])
    scale = np.array([frame["scale"].get(axis.name, np.nan) for axis in AXES])
    points = (_coordinates(tracks) - mean) / scale
    trust = np.where(np.isfinite(points), np.maximum(_trust(tracks), NEUTRAL), NEUTRAL)
    known = np.isfinite(mean)
    return Space(
        tracks=tracks,
        points=np.clip(np.nan_to_num(points, nan=0.0), -FAR, FAR),
        weights=trust * WEIGHTS * known,
        known=known,
    )


def _coordinates(tracks: Sequence[LibraryTrack]) -> Array:
    """Shape (tracks, axes); NaN where unknown, inside this module only."""
    rows = [[_finite(axis.read(track.features)) for axis in AXES] for track in tracks]
    return np.array(rows, dtype=np.float64).reshape(len(tracks), len(AXES))


def _trust(tracks: Sequence[LibraryTrack]) -> Array:
    rows = [[axis.trust(track.features) for axis in AXES] for track in tracks]
    return np.array(rows, dtype=np.float64).reshape(len(tracks), len(AXES))


def _finite(value: float | None) -> float:
    return value if value is not None and math.isfinite(value) else math.nan
