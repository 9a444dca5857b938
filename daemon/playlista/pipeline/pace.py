"""When playlists are refreshed: soon after the last arrival, now and then during many. Pure."""

from typing import Final, Literal

BATCH: Final = 100  # results per refresh while more are coming (a guess)
LONGEST_WAIT_S: Final = 30.0  # an arrival waits no longer for the rest of the backlog (a guess)
FOUNDING_WAIT_S: Final = 600.0
"""The very first lists are frozen around the library they see: let it be most of it."""


class Pace:
    """Decides whether it is time, from what was asked and how calm things are.

    Args:
        batch_size: Results per refresh while the backlog is busy; may be set anew.
    """

    def __init__(self, batch_size: int | Literal["auto"]) -> None:
        self.batch_size = batch_size
        self._kept = 0
        self._since: float | None = None

    @property
    def asked(self) -> bool:
        """Whether a refresh is wanted at all."""
        return self._since is not None

    def ask(self, now: float, kept: int) -> None:
        """Note that something changed; ``kept`` results are new."""
        self._kept += kept
        if self._since is None:
            self._since = now

    def due(self, now: float, *, calm: bool, founded: bool) -> bool:
        """Tell whether to refresh now.

        Args:
            now: Monotonic seconds.
            calm: Nothing is waiting for analysis or being analysed.
            founded: There are lists already.
        """
        if self._since is None:
            return False
        waited = now - self._since
        if calm or not founded:
            return calm or waited >= FOUNDING_WAIT_S
        batch = BATCH if self.batch_size == "auto" else self.batch_size
        return self._kept >= batch or waited >= LONGEST_WAIT_S

    def begin(self) -> None:
        """Note that a refresh begins: what is asked from now on is for the next."""
        self._kept = 0
        self._since = None
