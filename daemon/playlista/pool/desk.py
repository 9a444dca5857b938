"""Brings requests and workers together, and settles what becomes of both."""

import time
from collections.abc import Hashable
from pickle import PicklingError
from typing import Generic, TypeVar, Unpack

from playlista.pool.crew import Crew
from playlista.pool.ledger import Ledger
from playlista.pool.line import described
from playlista.pool.messages import Footprint, Trouble
from playlista.pool.outcome import Crash, Exit, Facts, Outcome, cause, in_words
from playlista.pool.slot import Lease, Slot, State, Terms
from playlista.units import Seconds

K = TypeVar("K", bound=Hashable)

WEIGHING_S = 0.5
"""How often workers are held against their memory limit; a guess, 2026-11."""
FROZEN_S = 5.0
"""Waking later than meant by this, the process stood still; a guess, 2026-11."""
UNKNOWN = Footprint(None, None)


class Desk(Generic[K]):
    """The pool's rules; they never wait.

    Attributes:
        target: How many workers there may be.
        crew: The workers.
        ledger: The requests without a worker, and the outcomes.
    """

    def __init__(self, terms: Terms) -> None:
        self.target = 0
        self.crew: Crew[K] = Crew(terms)
        self.ledger: Ledger[K] = Ledger()
        self._terms = terms
        self._weighed = 0.0

    # --- upkeep

    def appointment(self) -> float:
        """Return when to tend next, on the monotonic clock."""
        due = self.crew.appointment()
        if self._terms.memory_limit is not None and self.crew.count(State.BUSY):
            due = min(due, self._weighed + WEIGHING_S)
        if self.ledger.pending and self.crew.starts.trouble is not None:
            due = min(due, self.crew.starts.not_before)
        return due

    def tend(self) -> None:
        """Act on whatever has become due."""
        for slot in self.crew.overdue():
            self._stop(slot)
        self._weigh()
        self.advance()

    def excuse(self, late_s: float) -> None:
        """Add to every deadline the time for which all of us stood still: no track's fault."""
        if late_s > FROZEN_S:
            for slot in self.crew.slots:
                slot.since += late_s

    def _stop(self, slot: Slot[K]) -> None:
        """End a state that has lasted too long."""
        match slot.state:
            case State.STARTING:
                limit_s = self._terms.start_limit_s
                self.crash(slot, Crash.DEADLINE, f"a worker is not READY after {limit_s:g} s")
            case State.BUSY:
                self.crash(slot, Crash.DEADLINE, "no result within its limit")
            case State.IDLE:
                self.crew.end(slot, Exit.RETIRED)
            case State.ENDING:
                self.crew.forget(slot)

    def _weigh(self) -> None:
        limit = self._terms.memory_limit
        if limit is None or time.monotonic() < self._weighed + WEIGHING_S:
            return
        self._weighed = time.monotonic()
        for slot in self.crew.among(State.BUSY):
            if (rss := slot.child.rss()) > limit:
                self.crash(slot, Crash.MEMORY, f"holds {rss} bytes of {limit} allowed")

    def advance(self) -> None:
        """Bring requests and workers together, as far as the target allows."""
        self.crew.trim(self.target)
        while self.ledger.pending and (slot := self.crew.readiest()):
            self._assign(slot, self.ledger.pending.popleft())
        self.crew.hire(len(self.ledger.pending), self.target)
        if self.crew.starts.hopeless and not self.crew.living:
            pending = len(self.ledger.pending)
            self.ledger.give_back(pending, Crash.WORKER_START, self.crew.starts.trouble or "")

    def _assign(self, slot: Slot[K], lease: Lease[K]) -> None:
        try:
            slot.take(lease)
        except OSError:
            self.ledger.pending.appendleft(lease)
            self.crash(slot, Crash.EXIT, "a worker does not listen")
        except PicklingError as e:
            trouble = described(e.__cause__ or e)
            self.ledger.reject(lease, str(trouble), trouble.trace)

    # --- endings

    def finish(self, slot: Slot[K], footprint: Footprint, **facts: Unpack[Facts]) -> None:
        """Note that a worker has done its task; it may have been its last."""
        self._settle(slot, footprint, **facts)
        if slot.is_worn(footprint):
            self.crew.end(slot, Exit.RECYCLED)

    def fail(self, slot: Slot[K], footprint: Footprint, trouble: Trouble) -> None:
        """Note that a task raised what it should not; its worker is none the worse."""
        self.finish(
            slot, footprint, crash=Crash.EXCEPTION, detail=str(trouble), trace=trouble.trace
        )

    def crash(self, slot: Slot[K], why: Crash, detail: str) -> None:
        """Kill a worker; whatever it had in hand comes back with the reason."""
        self.crew.end(slot, self._account(slot, why, detail))

    def hung_up(self, slot: Slot[K]) -> None:
        """Find out what a worker died of, unless it was us."""
        was = slot.state
        status = self.crew.bury(slot)
        if was is not State.ENDING:
            self.crew.exits[self._account(slot, cause(status), in_words(status))] += 1

    def _account(self, slot: Slot[K], why: Crash, detail: str) -> Exit:
        """Charge a lost worker to its request, or to the next start; return its exit reason."""
        if slot.lease is not None:
            self._settle(slot, UNKNOWN, crash=why, detail=detail)
        elif slot.state is State.STARTING and why is Crash.FOREIGN_KILL:
            self.crew.starts.killed(detail)
        elif slot.state is State.STARTING and why is not Crash.MEMORY:
            self.crew.starts.failed(detail)
            return Exit.WORKER_START
        return Exit(why.value)

    def _settle(self, slot: Slot[K], footprint: Footprint, **facts: Unpack[Facts]) -> None:
        lease, seconds = slot.release()
        outcome = Outcome(lease.key, slot.child.pid, Seconds(seconds), peak=footprint.peak, **facts)
        self.ledger.done.append(outcome)
