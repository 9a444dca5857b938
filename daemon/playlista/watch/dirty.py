"""What may have changed below one root, since somebody last asked.

Memory is bounded by forgetting detail, never fact: past some names of a folder only the
folder is kept, past some in all only "the whole root". The bounds are Syncthing's, which
admits that they "come out of thin air".
"""

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from playlista.watch.names import parent

NAMES_PER_FOLDER = 128
NAMES_PER_ROOT = 512


class WatchEvent(StrEnum):
    """Kinds of events, as they are counted."""

    CREATED = "created"
    CLOSED = "closed"
    MOVED = "moved"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Noted:
    """What to look at.

    Attributes:
        whole: Detail was lost: look at everything.
        folders: Folder → its names, each with True when its writer has finished it;
            None is the folder with all below it.
        events: How many events of each kind there were.
    """

    whole: bool = False
    folders: Mapping[bytes, Mapping[bytes, bool] | None] = field(default_factory=dict)
    events: Mapping[WatchEvent, int] = field(default_factory=dict)


class Dirty:
    """A bounded set of paths, filled by one thread and emptied by another.

    Args:
        wake: Called when the set stops being empty; must not block.
    """

    def __init__(self, wake: Callable[[], object]) -> None:
        self._wake = wake
        self._lock = threading.Lock()
        self._whole = False
        self._count = 0
        self._folders: dict[bytes, dict[bytes, bool] | None] = {}
        self._events: Counter[WatchEvent] = Counter()

    def note(self, relpath: bytes, event: WatchEvent, *, finished: bool = False) -> None:
        """Remember that something happened at a path relative to the root."""
        with self._lock:
            was_empty = self._is_empty()
            self._events[event] += 1
            if not self._whole:
                self._keep(relpath, finished=finished)
        if was_empty:
            self._wake()

    def _is_empty(self) -> bool:
        return not (self._whole or self._folders)

    def _keep(self, relpath: bytes, *, finished: bool) -> None:
        folder = parent(relpath)
        names = self._folders.setdefault(folder, {})
        if names is None:
            return
        name = relpath[len(folder) :].lstrip(b"/")
        self._count += name not in names
        names[name] = finished
        if len(names) > NAMES_PER_FOLDER:
            self._folders[folder] = None
            self._count -= len(names) - 1
        if self._count > NAMES_PER_ROOT:
            self._whole = True
            self._folders = {}

    def __bool__(self) -> bool:
        with self._lock:
            return not self._is_empty()

    @property
    def whole(self) -> bool:
        """Whether detail was lost, so that everything must be looked at."""
        return self._whole

    def take(self) -> Noted:
        """Return everything noted, and start anew."""
        with self._lock:
            noted = Noted(self._whole, self._folders, self._events)
            self._whole, self._count, self._folders, self._events = False, 0, {}, Counter()
            return noted
