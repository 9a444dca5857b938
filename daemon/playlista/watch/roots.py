"""Which folders may be watched together."""

import os
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

from playlista.errors import BadConfig, printable


def checked(folders: Iterable[Path]) -> tuple[bytes, ...]:
    """Return the absolute path of each root, as bytes.

    Raises:
        BadConfig: Two of them are the same folder, or one lies in another.
    """
    paths = tuple(os.fsencode(folder.absolute()) for folder in folders)
    # sorted by their parts, a folder comes right before whatever lies in it
    by_place = sorted((_parts(path), path) for path in paths)
    for (outer, first), (inner, second) in pairwise(by_place):
        if inner[: len(outer)] == outer:
            relation = "are the same folder" if inner == outer else "lie in each other"
            raise BadConfig(
                f"MUSIC_PATHS: {printable(first)} and {printable(second)} {relation}: "
                "keep the outer one only"
            )
    return paths


def own_folders(root: bytes, folders: Iterable[Path]) -> frozenset[bytes]:
    """Return which of our own folders lie below a root, relative to it.

    A root that is itself one of them stays watched: lists may live beside the music.
    """
    above = _parts(root)
    own = (_parts(os.fsencode(folder)) for folder in folders)
    inside = (parts for parts in own if parts[: len(above)] == above and parts != above)
    return frozenset(b"/".join(parts[len(above) :]) for parts in inside)


def _parts(path: bytes) -> list[bytes]:
    return [part for part in os.path.realpath(path).split(b"/") if part]
