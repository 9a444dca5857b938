"""Keep one root observed: start, check, replace, or do without and say why."""

import errno
import logging
import os
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from enum import StrEnum

from playlista.errors import printable
from playlista.mounts import Changes
from playlista.units import Seconds
from playlista.watch.backoff import BackOff
from playlista.watch.dirty import Dirty
from playlista.watch.observer import RootObserver, Trouble

CHECK_S = 2.0  # a guess
STEADY_S = 300.0  # an observer that lived so long starts the back-off anew (a guess)

log = logging.getLogger(__name__)

_LIMITS = {
    errno.ENOSPC: "the kernel's limit of watched folders is reached: raise "
    "fs.inotify.max_user_watches",
    errno.EMFILE: "the kernel's limit of inotify instances is reached: raise "
    "fs.inotify.max_user_instances",
}


class Mode(StrEnum):
    """How changes are noticed: in seconds, or at the next full scan."""

    EVENTS = "events"
    SCAN = "scan"


class Lookout:
    """The supervised observer of one root.

    Args:
        root: Absolute path.
        dirty: Where it notes paths.
        excluded: Folders below it that are never looked into, relative to it.
        replaced: Told why, each time an observer is given up.
    """

    def __init__(
        self,
        root: bytes,
        dirty: Dirty,
        excluded: AbstractSet[bytes],
        replaced: Callable[[Trouble], object],
    ) -> None:
        self._root = root
        self._dirty = dirty
        self._excluded = excluded
        self._replaced = replaced
        self._observer: RootObserver | None = None
        self._changes: Changes | None = None
        self._back_off = BackOff(1, 300)
        self._started_at = self._next_at = Seconds(0)
        self._why: str | None = None

    def tend(self, now: Seconds) -> bool:
        """Do what is due at this monotonic time.

        Returns:
            True when events may have been missed, so that everything must be looked at.
        """
        if now < self._next_at:
            return False
        if self._changes is None:
            self._changes = Changes(os.path.realpath(self._root))
        if self._changes.happened():
            return self._doubt(Trouble.MOUNT, now)
        return self._start(now) if self._observer is None else self._check(self._observer, now)

    def _start(self, now: Seconds) -> bool:
        try:
            self._observer = RootObserver(self._root, self._dirty, self._excluded)
        except OSError as error:
            self._next_at = Seconds(now + self._back_off.next_s())
            self._say(_LIMITS.get(error.errno or 0, error.strerror or str(error)))
            return False
        self._started_at = now
        self._next_at = Seconds(now + CHECK_S)
        self._say(_LIMITS[errno.ENOSPC] if self._observer.limit_reached else None)
        return True

    def _check(self, observer: RootObserver, now: Seconds) -> bool:
        trouble = observer.trouble()
        if trouble is None:
            self._next_at = Seconds(now + CHECK_S)
            self._say(_LIMITS[errno.ENOSPC] if observer.limit_reached else None)
            return False
        return self._doubt(trouble, now)

    def _doubt(self, trouble: Trouble, now: Seconds) -> bool:
        if now - self._started_at >= STEADY_S:
            self._back_off.reset()
        self.stop()
        self._next_at = Seconds(now + self._back_off.next_s())
        self._say(f"events were lost ({trouble})")
        self._replaced(trouble)
        return True

    def _say(self, why: str | None) -> None:
        if why and why != self._why:
            log.warning("%s is not fully watched: %s", printable(self._root), why)
        self._why = why

    @property
    def mode(self) -> Mode:
        """How changes are noticed now."""
        return Mode.SCAN if self._observer is None else Mode.EVENTS

    @property
    def why(self) -> str | None:
        """What keeps events from being complete; None when nothing does."""
        return self._why

    @property
    def watches_n(self) -> int:
        """How many folders are watched."""
        return 0 if self._observer is None else self._observer.watches_n

    def stop(self) -> None:
        """Stop observing; tending starts it again."""
        if self._observer is not None:
            self._observer.stop()
            self._observer = None
        if self._changes is not None:
            self._changes.close()
            self._changes = None
        self._next_at = Seconds(0)
