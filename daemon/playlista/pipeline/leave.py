"""What people allow the pool now, whatever the machine could bear."""

import logging
import time
from collections.abc import Callable
from typing import Final

from playlista.config.hours import spans
from playlista.config.settings import PoolSettings
from playlista.pool.decision import Bound, Reason

PAUSED: Final = Bound(workers=0, reason=Reason.PAUSED, at_once=True)

log = logging.getLogger(__name__)


class Leave:
    """Quiet hours, and whether somebody paused the work. Any thread may ask and tell.

    A pause is forgotten at a restart. Hours are by the clock on the wall, looked at anew each
    time: whoever sets it, or summer time, changes no more than when they begin and end.

    Args:
        clock: The local time.
    """

    def __init__(self, clock: Callable[[], time.struct_time] = time.localtime) -> None:
        self._clock = clock
        self._paused = False
        self.observe(PoolSettings())

    @property
    def paused(self) -> bool:
        """Whether all work waits for a word."""
        return self._paused

    @property
    def given(self) -> bool:
        """Whether any work may begin."""
        bound = self.bound()
        return bound is None or bound.workers > 0

    def observe(self, pool: PoolSettings) -> None:
        """Keep to these quiet hours from now on."""
        quiet = Bound(workers=pool.quiet_workers, reason=Reason.QUIET_HOURS, at_once=False)
        self._hours = dict.fromkeys(spans(pool.quiet_hours), quiet)

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
        if self._paused:
            return PAUSED
        now = self._clock()
        minute = now.tm_hour * 60 + now.tm_min
        return next((quiet for span, quiet in self._hours.items() if minute in span), None)
