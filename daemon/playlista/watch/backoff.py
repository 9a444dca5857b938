"""Waits that double, up to a bound."""

from playlista.units import Seconds


class BackOff:
    """How long to wait before the next attempt.

    Args:
        first_s: The first wait.
        last_s: The longest.
    """

    def __init__(self, first_s: float, last_s: float) -> None:
        self._first_s = first_s
        self._last_s = last_s
        self._next_s = first_s

    def next_s(self) -> Seconds:
        """Return the wait after one more failure."""
        wait_s = self._next_s
        self._next_s = min(self._last_s, wait_s * 2)
        return Seconds(wait_s)

    def reset(self) -> None:
        """Begin with the first wait again: it worked."""
        self._next_s = self._first_s
