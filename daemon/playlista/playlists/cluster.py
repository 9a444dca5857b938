"""Groups of tracks that sound alike."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.cluster.vq import kmeans

from playlista.playlists.space import WEIGHTS, Array, Rows, Space

SEED = 20260921
STARTS = 8
"""Random starts of k-means, of which the tightest is taken (ADR 0010)."""

SLACK = 1.25
"""How much farther out than nine in ten of its founders a group still admits: a guess."""


@dataclass(frozen=True, slots=True)
class Group:
    """A centre, how far out it reaches, and the distances of rows in reach, near to far."""

    centre: Array
    threshold: float
    distances: Mapping[int, float]

    @property
    def rule(self) -> dict[str, Any]:
        """The group as a frozen rule, fit for JSON."""
        return {"type": "sound", "centre": self.centre.tolist(), "threshold": self.threshold}


def wanted(tracks: int) -> int:
    """Return how many sound lists suit a library: 3 at 24 tracks, 9 at 1,000, 29 at 10,000."""
    return max(min(tracks // 8, 8), min(round(math.sqrt(tracks) / 3.5), 60))


def groups(space: Space, rows: Sequence[int], k: int) -> list[Group]:
    """Part these tracks into at most ``k`` groups, the largest first.

    Returns:
        Fewer than ``k``, or none, where the tracks do not differ that much.
    """
    points = space.points[rows] * np.sqrt(WEIGHTS * space.known)
    if len(rows) < 2 or not np.ptp(points, axis=0).any():  # noqa: PLR2004 - one is no group
        return []
    distinct = len(np.unique(points, axis=0))
    scaled, _ = kmeans(points, min(k, distinct), iter=STARTS, seed=SEED)
    centres = scaled / np.sqrt(np.where(space.known, WEIGHTS, 1.0))
    distances = space.distances(rows, centres)
    nearest = distances.argmin(axis=1)
    found = [
        _group(centres[c], np.asarray(rows)[nearest == c], distances[nearest == c, c])
        for c in np.unique(nearest)
    ]
    return sorted(found, key=lambda group: -len(group.distances))


def _group(centre: Array, rows: Rows, distances: Array) -> Group:
    threshold = SLACK * float(np.percentile(distances, 90))
    order = np.argsort(distances, kind="stable")
    near = {int(rows[i]): float(distances[i]) for i in order if distances[i] <= threshold}
    return Group(centre.round(4), round(threshold, 4), near)
