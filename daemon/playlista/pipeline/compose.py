"""The child's half of a refresh: read the library, compose the lists.

Runs in a worker of its own, because it needs numpy and the library in memory, and the
parent holds neither.
"""

import time
from dataclasses import dataclass
from pathlib import Path

from playlista.playlists import compose
from playlista.records import Composition
from playlista.store import lists, tracks
from playlista.store.database import reading

TARGET = "playlista.pipeline.compose:run"


@dataclass(frozen=True, slots=True)
class ComposeRequest:
    """The database to read."""

    database: Path


def run(request: ComposeRequest) -> Composition:
    """Return all lists as they should be now."""
    with reading(request.database) as read:
        previous = lists.composition(read)
        library = list(tracks.library(read))
    return compose.compose(library, previous, now=int(time.time()))
