"""Every pulse, one verdict: whether each part that must move still does."""

import time
from collections.abc import Callable, Iterable

from playlista.units import Seconds

Clock = Callable[[], float]


class Pulse:
    """The sign of life of one loop, beaten by that loop itself, never by a timer.

    Args:
        name: Which loop, for the verdict.
        limit: The age from which the loop counts as stuck.
        clock: Seconds that never go back.
    """

    def __init__(self, name: str, limit: Seconds, clock: Clock = time.monotonic) -> None:
        self.name = name
        self.limit_s = limit
        self._clock = clock
        self.beat()

    def beat(self) -> None:
        """Say: alive; from any thread."""
        self._beaten_at = self._clock()

    def age(self) -> Seconds:
        """Return the time since the last beat, or since birth."""
        return Seconds(self._clock() - self._beaten_at)


class Health:
    """All pulses of the daemon."""

    def __init__(self, pulses: Iterable[Pulse]) -> None:
        self._pulses = tuple(pulses)

    def alive(self) -> tuple[bool, list[str]]:
        """Return whether every pulse is younger than its own limit, and which are not."""
        reasons = [
            f"{pulse.name} has not moved for {age:.1f} s (limit {pulse.limit_s:g} s)"
            for pulse in self._pulses
            if (age := pulse.age()) >= pulse.limit_s
        ]
        return not reasons, reasons

    def feed(self, watchdog: Callable[[], None]) -> list[str]:
        """Feed the watchdog unless a pulse is too old.

        Returns:
            Why it went hungry; empty when it was fed.
        """
        alive, reasons = self.alive()
        if alive:
            watchdog()
        return reasons
