"""Folders that ought to be watched and are not: watchdog's tables go wrong in a hurry.

Measured: of 2,001 folders that are made, filled and renamed in a loop, 329 to 584 are not
watched, and the events of others are told under a wrong name (ADR 0006).
"""

import os
from typing import Final

from playlista.units import Seconds
from playlista.watch.doubt import Doubt, twice
from playlista.watch.names import join
from playlista.watch.observer import RootObserver

PATIENCE_S: Final = 2.0  # so long the event that leads to a watch may be on its way (a guess)
MOST: Final = 100  # remembered: one is enough for a new observer (a guess)


class Gaps:
    """What one observer leaves unwatched.

    Args:
        root: Absolute path.
        observer: Watches it.

    Attributes:
        doubt: A folder with two names, of which the kernel tells events under one; None when
            none was met.
    """

    def __init__(self, root: bytes, observer: RootObserver) -> None:
        self._root = root
        self._observer = observer
        self._since: dict[bytes, Seconds] = {}
        self._compare_at: Seconds | None = None
        self.doubt: Doubt | None = None

    def entered(self, folder: bytes, now: Seconds) -> None:
        """Learn that a folder is there, relative to the root."""
        if self._compare_at is None:
            self._compare_at = Seconds(now + PATIENCE_S)
        self._note(folder, now)

    def found(self, now: Seconds) -> bool:
        """Tell whether a folder that can be watched is not.

        At the kernel's limit of watches no other one can be.
        """
        if self._observer.limit_reached:
            return False
        if self._compare_at is not None and now >= self._compare_at:
            self._compare_at = None
            for folder in self._observer.misnamed():
                self._note(folder, now)
        self._since = {folder: at for folder, at in self._since.items() if self._is_gap(folder)}
        return any(now - at >= PATIENCE_S for at in self._since.values())

    def _note(self, folder: bytes, now: Seconds) -> None:
        if self._is_gap(folder) and len(self._since) < MOST:
            self._since.setdefault(folder, now)

    def _is_gap(self, folder: bytes) -> bool:
        if self._observer.is_watched(folder):
            return False
        if self._observer.is_watched_elsewhere(folder):  # no other observer could do better
            self.doubt = self.doubt or twice(folder)
            return False
        return os.access(join(self._root, folder), os.R_OK)
