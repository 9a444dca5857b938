"""What the next track will take, learnt from those before."""

from typing import Final

from playlista.pool.need import Needs
from playlista.pool.outcome import Outcome
from playlista.records import Job, Recognised, Tier

SMOOTHING: Final = 0.2  # of the running mean of seconds per track (a guess)


class Estimates:
    """Memory and time per track of each tier.

    Attributes:
        needs: Memory.
    """

    def __init__(self, needs: Needs) -> None:
        self.needs = needs
        self._seconds: dict[Tier, float] = {}

    def learn(self, outcome: Outcome[Job]) -> None:
        """Take note of what a track took, if somebody listened to it."""
        if isinstance(outcome.value, Recognised):
            return
        tier = outcome.key.tier
        if outcome.peak is not None:
            self.needs.learn(tier, outcome.peak)
        if outcome.value is not None:
            known = self._seconds.get(tier, outcome.seconds)
            self._seconds[tier] = known + SMOOTHING * (outcome.seconds - known)

    def time_left(self, tracks: int, tier: Tier, workers: int) -> float | None:
        """Return the wall seconds so many tracks will take; None before anything was learnt."""
        each = self._seconds.get(tier)
        return None if each is None else tracks * each / max(1, workers)
