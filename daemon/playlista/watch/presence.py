"""Is the root itself there? An unplugged disk is not a deletion."""

import os
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path

from playlista.watch.names import is_ignored


@dataclass(frozen=True, slots=True)
class Presence:
    """What can be said of a root.

    Attributes:
        identity: (st_dev, st_ino); None when it is not there.
        empty: Nothing in it would ever be looked at.
        why: Why it is not there; None when it is.
    """

    identity: tuple[int, int] | None = None
    empty: bool = True
    why: str | None = None


def look(root: bytes, excluded: AbstractSet[bytes] = frozenset()) -> Presence:
    """Look whether a root is there, readable, and has something in it.

    Args:
        root: Absolute path.
        excluded: Folders below it that are ours, relative to it: below the mount point of
            an unplugged disk they would be all there is.
    """
    ours = {folder.split(b"/", 1)[0] for folder in excluded}
    try:
        found = Path(os.fsdecode(root)).stat()
        with os.scandir(root) as entries:
            empty = all(is_ignored(entry.name) or entry.name in ours for entry in entries)
    except OSError as error:
        return Presence(why=error.strerror or str(error))
    return Presence((found.st_dev, found.st_ino), empty)
