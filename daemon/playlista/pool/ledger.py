"""Every request in the pool's hands, until its one outcome has been handed over."""

from collections import deque
from collections.abc import Hashable
from typing import Generic, TypeVar

from playlista.pool.outcome import Crash, Outcome
from playlista.pool.slot import Lease
from playlista.units import Bytes, Seconds

K = TypeVar("K", bound=Hashable)


class Ledger(Generic[K]):
    """Requests that wait for a worker, and outcomes that wait for the owner.

    Attributes:
        pending: Leases without a worker, the oldest first.
        done: Outcomes not handed over yet.
    """

    def __init__(self) -> None:
        self.pending: deque[Lease[K]] = deque()
        self.done: list[Outcome[K]] = []

    @property
    def need(self) -> Bytes:
        """Memory the pending are expected to take."""
        return Bytes(sum(lease.need for lease in self.pending))

    def give_back(self, count: int, why: Crash, detail: str) -> None:
        """Give back the newest pending requests, untried."""
        for _ in range(count):
            lease = self.pending.pop()
            self.done.append(Outcome(lease.key, None, Seconds(0.0), crash=why, detail=detail))

    def reject(self, lease: Lease[K], detail: str, trace: str) -> None:
        """Give back a request that cannot be sent to any worker."""
        self.done.append(
            Outcome(
                lease.key,
                None,
                Seconds(0.0),
                crash=Crash.EXCEPTION,
                detail=detail,
                trace=trace,
            )
        )

    def hand_over(self) -> list[Outcome[K]]:
        """Return the outcomes, and forget them."""
        done, self.done = self.done, []
        return done
