"""Keep one root observed: start, check, replace, or do without and say why."""

import logging
import os
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from enum import StrEnum
from pathlib import Path

from playlista.errors import printable
from playlista.mounts import Changes
from playlista.units import Seconds
from playlista.watch.backoff import BackOff
from playlista.watch.dirty import Dirty
from playlista.watch.doubt import WATCHES, Doubt, Reason, of_error, of_kind
from playlista.watch.gaps import Gaps
from playlista.watch.observer import RootObserver, Trouble

CHECK_S = 2.0  # a guess
STEADY_S = 300.0  # an observer that lived so long starts the back-off anew (a guess)

log = logging.getLogger(__name__)


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
        cookies: Folder of its own for a file that must come back as an event.
        replaced: Told why, each time an observer is given up.

    Attributes:
        doubt: What keeps events from being complete; None when nothing does.
    """

    def __init__(
        self,
        root: bytes,
        dirty: Dirty,
        excluded: AbstractSet[bytes],
        cookies: Path,
        replaced: Callable[[Trouble], object],
    ) -> None:
        self._root = root
        self._dirty = dirty
        self._excluded = excluded
        self._cookies = cookies
        self._replaced = replaced
        self._observer: RootObserver | None = None
        self._changes: Changes | None = None
        self._gaps: Gaps | None = None
        self._back_off = BackOff(1, 300)
        self._started_at = self._next_at = Seconds(0)
        self._usual_doubt: Doubt | None = None
        self.doubt: Doubt | None = None

    def lie_on(self, kind: bytes) -> None:
        """Learn on which type of file system the root is now."""
        if of_kind(kind) != self._usual_doubt:
            self.stop()
            self._usual_doubt = of_kind(kind)

    def entered(self, folder: bytes, now: Seconds) -> None:
        """Learn that there is a folder, relative to the root."""
        if self._gaps is not None:
            self._gaps.entered(folder, now)

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
            return self._give_up(Trouble.MOUNT, now)
        return self._start(now) if self._observer is None else self._check(self._observer, now)

    def _start(self, now: Seconds) -> bool:
        if self._usual_doubt and self._usual_doubt.reason is Reason.NETWORK:
            self._do_without(self._usual_doubt, now)
            return False
        try:
            observer = RootObserver(self._root, self._dirty, self._excluded, self._cookies)
        except OSError as error:
            self._do_without(of_error(error), now)
            return False
        self._observer = observer
        self._gaps = Gaps(self._root, observer)
        self._started_at = now
        self._go_on(observer, now)
        return True

    def _check(self, observer: RootObserver, now: Seconds) -> bool:
        trouble = observer.trouble() or self._hidden_trouble(observer, now)
        if trouble is None:
            self._go_on(observer, now)
            return False
        return self._give_up(trouble, now)

    def _give_up(self, trouble: Trouble, now: Seconds) -> bool:
        if now - self._started_at >= STEADY_S:
            self._back_off.reset()
        self.stop()
        self._do_without(Doubt(Reason.LOST, f"events were lost ({trouble})"), now)
        self._replaced(trouble)
        return True

    def _hidden_trouble(self, observer: RootObserver, now: Seconds) -> Trouble | None:
        """Return what an observer does not know of itself."""
        if self._gaps is not None and self._gaps.found(now):
            return Trouble.UNWATCHED
        return Trouble.COOKIE if observer.is_deaf(now) else None

    def _go_on(self, observer: RootObserver, now: Seconds) -> None:
        self._next_at = Seconds(now + CHECK_S)
        twice = None if self._gaps is None else self._gaps.doubt
        self._say(WATCHES if observer.limit_reached else self._usual_doubt or twice)

    def _do_without(self, doubt: Doubt, now: Seconds) -> None:
        """Have no observer for a while."""
        self._next_at = Seconds(now + self._back_off.next_s())
        self._say(doubt)

    def _say(self, doubt: Doubt | None) -> None:
        if doubt and doubt != self.doubt:
            log.warning("%s is not fully watched: %s", printable(self._root), doubt.why)
        self.doubt = doubt

    @property
    def mode(self) -> Mode:
        """How changes are noticed now."""
        return Mode.SCAN if self._observer is None else Mode.EVENTS

    @property
    def watches_n(self) -> int:
        """How many folders are watched."""
        return 0 if self._observer is None else self._observer.watches_n

    def stop(self) -> None:
        """Stop observing; tending starts it again."""
        if self._observer is not None:
            self._observer.stop()
            self._observer = self._gaps = None
        if self._changes is not None:
            self._changes.close()
            self._changes = None
        self.doubt = None
        self._next_at = Seconds(0)
