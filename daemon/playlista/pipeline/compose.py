"""The child's half of a refresh: read the library, compose the lists.

Runs in a process of its own, because it needs numpy and the library in memory, and the
parent holds neither: nothing of the daemon imports this module.
"""

import time
from pathlib import Path

from playlista.playlists.compose import compose
from playlista.records import Composition
from playlista.store import library, lists
from playlista.store.database import reading


def run(database: Path) -> Composition:
    """Return all lists as they should be now."""
    with reading(database) as read:
        previous = lists.composition(read)
        tracks = list(library.library(read))
    return compose(tracks, previous, now=int(time.time()))
