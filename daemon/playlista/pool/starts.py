"""When to try another worker after some that did not start."""

import time

TRIES = 3
"""So many failures in a row, and nobody waits for a worker any longer."""
FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 300.0
"""Guesses, 2026-11: a full process table clears in seconds, a broken installation does not."""


class Starts:
    """Failed starts in a row, each doubling the wait before the next.

    Attributes:
        trouble: The last failure in words; None since a worker has started.
        not_before: No start before this, on the monotonic clock.
    """

    def __init__(self) -> None:
        self.trouble: str | None = None
        self.not_before = 0.0
        self._failures = 0
        self._wait_s = FIRST_WAIT_S

    @property
    def hopeless(self) -> bool:
        """Whether enough has been tried to say that workers do not start."""
        return self._failures >= TRIES

    def may_try(self, starting: int) -> bool:
        """Tell whether one more may start now beside those starting: one while in trouble."""
        if self.trouble is None:
            return True
        return starting == 0 and time.monotonic() >= self.not_before

    def succeeded(self) -> None:
        """Note a worker that said READY."""
        self.trouble = None
        self._failures = 0
        self._wait_s = FIRST_WAIT_S

    def failed(self, why: str) -> None:
        """Note a worker that did not."""
        self.trouble = why
        self.not_before = time.monotonic() + self._wait_s
        self._wait_s = min(2 * self._wait_s, LONGEST_WAIT_S)
        self._failures += 1
