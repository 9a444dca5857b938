"""Spawn workers, hand out requests, collect outcomes, replace the dead."""

import time
from collections import Counter
from collections.abc import Hashable
from multiprocessing.connection import wait
from typing import Generic, TypeVar

from playlista.pool.bell import Bell
from playlista.pool.desk import UNKNOWN, Desk
from playlista.pool.messages import Declined, Failed, Garbled, Ready, Returned, Starved, Unfit
from playlista.pool.outcome import Crash, Exit, Outcome
from playlista.pool.slot import Lease, Slot, State, Terms
from playlista.units import Bytes

K = TypeVar("K", bound=Hashable)

REAP_S = 2.0
"""How long close() waits for the killed to be gone; a guess, 2026-11."""


class Pool(Generic[K]):
    """Worker processes, one request each.

    One thread owns the pool and must live as long as it does: the workers die with the
    thread that started them. Only ``wake`` may be called from elsewhere.

    Workers start when there is something to do, never more than the target, and leave after
    a while of idleness. Everything happens in ``collect``: call it often.
    """

    def __init__(self, terms: Terms) -> None:
        self._desk: Desk[K] = Desk(terms)
        self._crew = self._desk.crew
        self._ledger = self._desk.ledger
        self._bell = Bell()

    # --- facts ---------------------------------------------------------------

    @property
    def target(self) -> int:
        """How many workers there may be."""
        return self._desk.target

    @property
    def states(self) -> Counter[State]:
        """How many workers are in each state."""
        return Counter(slot.state for slot in self._crew.slots)

    @property
    def running(self) -> int:
        """How many workers are busy."""
        return self._crew.count(State.BUSY)

    @property
    def idle(self) -> int:
        """How many workers are ready and have nothing to do."""
        return self._crew.count(State.IDLE)

    @property
    def free(self) -> int:
        """How many more requests can be submitted now; one at a time while workers fail."""
        room = self._desk.target
        if self._crew.starts.hopeless:
            room = min(room, self._crew.living or int(self._crew.starts.may_try(0)))
        return max(0, room - self.running - len(self._ledger.pending))

    @property
    def trouble(self) -> str | None:
        """Why the last worker did not start; None when it did."""
        return self._crew.starts.trouble

    @property
    def hopeless(self) -> bool:
        """Whether several workers in a row did not start, and none has since."""
        return self._crew.starts.hopeless

    @property
    def exits(self) -> Counter[Exit]:
        """How many workers have left since the beginning, by reason."""
        return self._crew.exits

    def rss(self) -> dict[int, Bytes]:
        """Return the resident memory of every worker, by process id."""
        return {slot.child.pid: slot.child.rss() for slot in self._crew.slots}

    def reserved(self) -> Bytes:
        """Return what the requests in hand are expected to take beyond what is held already."""
        busy = [(slot.lease, slot.child) for slot in self._crew.slots if slot.lease is not None]
        coming = sum(max(0, lease.need - child.rss()) for lease, child in busy)
        return Bytes(coming + self._ledger.need)

    # --- orders --------------------------------------------------------------

    def submit(self, key: K, request: object, limit_s: float, *, need: Bytes | None = None) -> None:
        """Take a request; ``collect`` or ``close`` will return exactly one outcome for it.

        Args:
            key: What the outcome will be known by.
            request: Argument for the target; pickled.
            limit_s: Wall seconds it may take, from when a worker that is READY has it.
            need: Memory its worker is expected to hold in all, in bytes; None reserves nothing.
        """
        self._ledger.pending.append(Lease(key, request, limit_s, need or Bytes(0)))
        self._desk.advance()

    def warm(self) -> None:
        """Start a worker, unless one lives, for a request that is about to come."""
        if not self._crew.living:
            self._crew.hire(1, self._desk.target)

    def resize(self, target: int) -> None:
        """Set how many workers there may be.

        Of too many, idle ones leave now and busy ones when they have finished (or by
        ``shed``); requests still without a worker come back as shed.
        """
        self._desk.target = target
        waiting = len(self._ledger.pending)
        surplus = self.running + waiting - target
        self._ledger.give_back(min(max(surplus, 0), waiting), Crash.SHED, "the pool shrinks")
        self._desk.advance()

    def shed(self, count: int) -> None:
        """Give back the newest requests that workers have in hand, killing those workers."""
        oldest_first = sorted(self._crew.among(State.BUSY), key=lambda slot: slot.since)
        for slot in oldest_first[::-1][:count]:
            self._desk.crash(slot, Crash.SHED, "the pool shrinks")

    def kill_largest(self) -> None:
        """Kill the worker that holds most memory; what it had in hand comes back uncounted."""
        slot = self._crew.heaviest()
        if slot is not None:
            self._desk.crash(slot, Crash.MEMORY, "the largest worker, and memory at its end")

    def collect(self, timeout_s: float) -> list[Outcome[K]]:
        """Return outcomes as soon as there are any; none after the timeout or a wake-up."""
        until = time.monotonic() + timeout_s
        while True:
            late = time.monotonic() >= until
            woken = self._listen(0.0 if self._ledger.done else until)
            self._desk.tend()
            if self._ledger.done or woken or late:
                return self._ledger.hand_over()

    def wake(self) -> None:
        """Make ``collect`` return; from any thread, or a signal handler."""
        self._bell.ring()

    def close(self, grace_s: float = 0.0) -> list[Outcome[K]]:
        """Let busy workers finish within the grace, then kill; return the last outcomes."""
        self._ledger.give_back(len(self._ledger.pending), Crash.SHUTDOWN, "the pool closes")
        self.resize(0)
        until = time.monotonic() + grace_s
        while self.running and time.monotonic() < until:
            self._listen(until)
            self._desk.tend()
        for slot in self._crew.among(State.BUSY):
            self._desk.crash(slot, Crash.SHUTDOWN, "the pool closes")
        until = time.monotonic() + REAP_S
        while self._crew.slots and time.monotonic() < until:
            self._listen(until)
        self._crew.forget_all()
        self._bell.close()
        return self._ledger.hand_over()

    # --- hearing -------------------------------------------------------------

    def _listen(self, until: float) -> bool:
        """Wait until a worker speaks or something is due, and hear it; tell if woken."""
        slots = {slot.child.line.fileno(): slot for slot in self._crew.slots}
        began = time.monotonic()
        wait_s = max(0.0, min(until, self._desk.appointment()) - began)
        speaking = wait([self._bell.fileno(), *slots], wait_s)
        self._desk.excuse(time.monotonic() - began - wait_s)
        for fd in speaking:
            if fd in slots:
                self._hear(slots[fd])
        return self._bell.heard()

    def _hear(self, slot: Slot[K]) -> None:
        try:
            messages = slot.child.line.receive()
        except EOFError:
            self._desk.hung_up(slot)
            return
        for message in messages:
            if slot.state is not State.ENDING:
                self._understand(slot, message)

    def _understand(self, slot: Slot[K], message: object) -> None:
        match message:
            case Ready(footprint):
                slot.ready(footprint)
                self._crew.starts.succeeded()
            case Returned(value, footprint) if slot.lease:
                self._desk.finish(slot, footprint, value=value)
            case Declined(error, footprint) if slot.lease:
                self._desk.finish(slot, footprint, error=error)
            case Failed(trouble, footprint) if slot.lease:
                self._desk.fail(slot, footprint, trouble)
            case Starved(why) if slot.lease:
                self._desk.crash(slot, Crash.MEMORY, why)
            case Garbled(trouble) if slot.lease:
                self._desk.fail(slot, UNKNOWN, trouble)
            case Unfit(trouble):
                self._desk.crash(slot, Crash.WORKER_START, str(trouble))
            case _:
                self._desk.crash(slot, Crash.EXIT, "its worker spoke out of turn")
