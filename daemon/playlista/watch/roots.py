"""Which folders may be watched together."""

import os
from collections.abc import Iterable, Mapping
from itertools import pairwise
from pathlib import Path

from playlista.errors import BadConfig, printable

Parts = tuple[bytes, ...]


def checked(folders: Iterable[Path]) -> tuple[bytes, ...]:
    """Return the absolute path of each root, as bytes.

    By their names alone: a disk that hangs would hold up all that are asked here. What links
    hide is found by `rival`.

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


def resolved(path: bytes) -> Parts:
    """Return where a path leads, without links; it may be long in answering, or never."""
    return _parts(os.path.realpath(path))


def rival(path: bytes, real: Mapping[bytes, Parts | None]) -> str | None:
    """Return why a root must not be looked at: another one has the same files.

    Of two that lie in each other the outer one stays, of equal ones that whose name sorts first.

    Args:
        path: The root.
        real: Where each root leads; None is not known yet.
    """
    mine = real.get(path) or ()
    for other, parts in real.items():
        if other != path and parts is not None and mine[: len(parts)] == parts:
            if mine != parts:
                return f"it lies in {printable(other)}: keep the outer one only"
            if other < path:
                return f"it is the same folder as {printable(other)}: keep one of them only"
    return None


def own_folders(root: Parts, folders: Iterable[Path]) -> frozenset[bytes]:
    """Return which of our own folders lie below a root, relative to it.

    A root that is itself one of them stays watched: lists may live beside the music.
    """
    own = (resolved(os.fsencode(folder)) for folder in folders)
    inside = (parts for parts in own if parts[: len(root)] == root and parts != root)
    return frozenset(b"/".join(parts[len(root) :]) for parts in inside)


def _parts(path: bytes) -> Parts:
    return tuple(part for part in path.split(b"/") if part)
