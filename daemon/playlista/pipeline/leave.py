"""What people allow the pool now, whatever the machine could bear."""

import logging
from typing import Final

from playlista.pool.decision import Bound, Reason

PAUSED: Final = Bound(workers=0, reason=Reason.PAUSED, at_once=True)

log = logging.getLogger(__name__)


class Leave:
    """Whether somebody paused the work; forgotten at a restart. Any thread may ask and tell."""

    def __init__(self) -> None:
        self._paused = False

    @property
    def paused(self) -> bool:
        """Whether all work waits for a word."""
        return self._paused

    def pause(self) -> None:
        """Let work be given back at once, and none begin."""
        self._paused = True
        log.info("paused")

    def resume(self) -> None:
        """Let work go on."""
        self._paused = False
        log.info("resumed")

    def bound(self) -> Bound | None:
        """Return what the governor must obey; None when it is free."""
        return PAUSED if self._paused else None
