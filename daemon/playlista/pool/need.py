"""How much memory the next track will take, learnt from those before."""

from playlista.units import GIGABYTE, Bytes

FIRST_GUESS = Bytes(8 * GIGABYTE // 10)
FIRST_SHARE = 0.25
"""Of the limit; both are the default of MEMORY_PER_WORKER_GB."""
MARGIN = 1.1
FORGET = 0.02
"""Guesses, 2026-11: a high peak is believed at once, and half forgotten after 35 tracks."""


def first_guess(limit: Bytes | None) -> Bytes:
    """Return what a worker is taken to hold before anything is known.

    Args:
        limit: The smallest memory limit; None when memory cannot be read.
    """
    if limit is None:
        return FIRST_GUESS
    return Bytes(min(FIRST_GUESS, int(limit * FIRST_SHARE)))


class Needs:
    """A slowly falling peak for each kind of work.

    Args:
        guess: What a kind is taken to need before one of it has been completed.
    """

    def __init__(self, guess: Bytes) -> None:
        self._guess = guess
        self._peaks: dict[str, float] = {}

    def predict(self, kind: str) -> Bytes:
        """Return what a worker will hold at most, in all, doing this kind of work."""
        peak = self._peaks.get(kind)
        return self._guess if peak is None else Bytes(int(peak * MARGIN))

    def learn(self, kind: str, peak: Bytes) -> None:
        """Take note of what a worker held at most."""
        known = self._peaks.get(kind, float(peak))
        self._peaks[kind] = max(float(peak), known + FORGET * (peak - known))
