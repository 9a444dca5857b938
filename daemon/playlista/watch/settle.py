"""Wait until a file stops changing.

Pure: the caller brings the clock. Each file has its own quiet time, so one busy download
starves nobody.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from itertools import islice
from typing import Generic, TypeVar

from playlista.units import Seconds

LIMIT = 8192  # some 3 MB of facts (a guess)

Key = TypeVar("Key", bound=Hashable)
Fact = TypeVar("Fact")


@dataclass(frozen=True, slots=True)
class Settled(Generic[Key, Fact]):
    """A key whose fact stayed the same for its quiet time; ``since`` is when it was new."""

    key: Key
    fact: Fact
    since: Seconds


@dataclass(slots=True)
class _Waiting(Generic[Fact]):
    fact: Fact
    since: Seconds
    due: Seconds


class Settle(Generic[Key, Fact]):
    """Facts that are waiting to be believed.

    Args:
        limit: How many are kept. What comes beyond is dropped, and `overflowed` says that
            it must be looked for again.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._waiting: dict[Key, _Waiting[Fact]] = {}
        self.overflowed = False

    def __len__(self) -> int:
        return len(self._waiting)

    def seen(self, key: Key, fact: Fact, now: Seconds, quiet_s: Seconds) -> None:
        """Note an observation; a fact that differs from the last one starts the wait anew.

        Args:
            key: What was observed.
            fact: What it looked like; compared for equality.
            now: Monotonic time of the observation.
            quiet_s: How long it must stay so. Seen again unchanged, the earlier end holds.
        """
        waiting = self._waiting.get(key)
        if waiting is not None and waiting.fact == fact:
            waiting.due = min(waiting.due, Seconds(now + quiet_s))
        elif waiting is None and len(self._waiting) >= self._limit:
            self.overflowed = True
        else:
            self._waiting[key] = _Waiting(fact, now, Seconds(now + quiet_s))

    def due(self, now: Seconds, at_most: int = LIMIT) -> list[Settled[Key, Fact]]:
        """Take out what has been quiet for long enough."""
        quiet = (key for key, waiting in self._waiting.items() if waiting.due <= now)
        ready = list(islice(quiet, at_most))
        taken = [(key, self._waiting.pop(key)) for key in ready]
        return [Settled(key, waiting.fact, waiting.since) for key, waiting in taken]

    def forget(self, key: Key) -> None:
        """Drop a key that is no longer of interest."""
        self._waiting.pop(key, None)

    def next_due(self) -> Seconds | None:
        """Return when something will be due; None when nothing waits."""
        return min((waiting.due for waiting in self._waiting.values()), default=None)
