"""When to try another worker after some that did not start."""

import time

TRIES = 3
"""So many failures in a row, and nobody waits for a worker any longer."""
FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 300.0
"""Guesses, 2026-11: a full process table clears in seconds, a broken installation does not."""
LONGEST_AFTER_KILL_S = 10.0
"""A guess, 2026-11: short of memory, the kernel may kill the next one, too."""


class Starts:
    """Starts that failed in a row, each doubling the wait before the next.

    Attributes:
        trouble: The last failure or kill in words; None since a worker has started.
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
        self._wait(why, LONGEST_WAIT_S)
        self._failures += 1

    def killed(self, why: str) -> None:
        """Note a worker that somebody killed before it could: the next may well start."""
        self._wait(why, LONGEST_AFTER_KILL_S)

    def _wait(self, why: str, longest_s: float) -> None:
        wait_s = min(self._wait_s, longest_s)
        self.trouble = why
        self.not_before = time.monotonic() + wait_s
        self._wait_s = 2 * wait_s
