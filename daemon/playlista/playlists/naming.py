"""A name a listener knows, from how a group differs from the rest of the library."""

import hashlib
import re
import unicodedata
from collections.abc import Collection, Iterator
from itertools import combinations

import numpy as np

from playlista.playlists.axes import AXES
from playlista.playlists.space import Array

SLUG_LENGTH = 60


def describe(centre: Array, taken: Collection[str]) -> str | None:
    """Name a group, e.g. "Slow and quiet".

    Args:
        centre: Shape (axes,), in standard deviations from the library's mean.
        taken: Slugs that other lists have.

    Returns:
        The two or more qualities that set it apart most and are not taken together;
        None when all are.
    """
    names = (_sentence(words) for words in _choices(_qualities(centre)))
    return next((name for name in names if slug(name) not in taken), None)


def slug(name: str) -> str:
    """Return a name fit for a file: ASCII letters, digits and hyphens, at most 60.

    Names in other scripts become a short hash: stable, and different for each.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:SLUG_LENGTH].strip("-")
    return words or "list-" + hashlib.sha256(name.encode(errors="replace")).hexdigest()[:12]


def _qualities(centre: Array) -> list[str]:
    """Return what listeners call the axes, the most telling first."""
    order = np.argsort(-np.abs(centre), kind="stable")
    return [AXES[i].words[int(centre[i] > 0)] for i in order if AXES[i].words and centre[i]]


def _choices(words: list[str]) -> Iterator[tuple[str, ...]]:
    for size in (2, 3, 1, *range(4, len(words) + 1)):
        yield from sorted(combinations(words, size), key=lambda c: sum(map(words.index, c)))


def _sentence(words: tuple[str, ...]) -> str:
    *first, last = words
    return f"{', '.join(first)} and {last}".capitalize() if first else last.capitalize()
