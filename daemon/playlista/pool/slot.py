"""One worker as the pool sees it: a child, what it is doing, and since when."""

import time
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Generic, TypeVar

from playlista.pool.child import Child
from playlista.pool.messages import Footprint
from playlista.pool.outcome import Exit
from playlista.units import MEGABYTE, Bytes

K = TypeVar("K", bound=Hashable)

STUCK_S = 5.0
"""A guess, 2026-11: a killed process is gone in milliseconds, unless the kernel holds it."""
GROWTH = Bytes(300 * MEGABYTE)
"""A guess, 2026-11."""


class State(StrEnum):
    """What a worker is doing."""

    STARTING = "starting"
    IDLE = "idle"
    BUSY = "busy"
    ENDING = "ending"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How workers are made, and when they have to leave.

    Attributes:
        target: Dotted path of the function that takes a request and returns a result.
        prepare: Dotted path of a function that warms the worker before READY.
        env: Variables set before the worker's first import.
        nice: Added to this process's niceness.
        start_limit_s: From start to READY; importing numba without a cache takes 23 s.
        idle_limit_s: An idle worker leaves after this, and gives its memory back.
        tasks: A worker is replaced after so many; a guess, 2026-11.
        growth: A worker is replaced when it holds this much more than when it was READY.
        memory_limit: A worker holding more is killed at once; None is no limit.
    """

    target: str
    prepare: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    nice: int = 0
    start_limit_s: float = 120.0
    idle_limit_s: float = 300.0
    tasks: int = 500
    growth: Bytes = GROWTH
    memory_limit: Bytes | None = None


@dataclass(frozen=True, slots=True)
class Lease(Generic[K]):
    """A request in the pool's hands."""

    key: K
    request: Any
    limit_s: float
    need: Bytes


class Slot(Generic[K]):
    """A child and its state; the pool decides, this remembers.

    Attributes:
        since: When the present state began, on the monotonic clock.
        lease: What it is working on; None unless busy.
        ending: Why it has been killed; its end of file is still awaited.
    """

    def __init__(self, terms: Terms) -> None:
        self.child = Child(terms.target, prepare=terms.prepare, env=terms.env, nice=terms.nice)
        self.since = time.monotonic()
        self.lease: Lease[K] | None = None
        self.ending: Exit | None = None
        self._terms = terms
        self._ready = False
        self._tasks = 0
        self._first: Bytes | None = None

    @property
    def state(self) -> State:
        """What it is doing."""
        if self.ending is not None:
            return State.ENDING
        if not self._ready:
            return State.STARTING
        return State.IDLE if self.lease is None else State.BUSY

    @property
    def due(self) -> float:
        """When its present state has lasted too long, on the monotonic clock."""
        match self.state:
            case State.STARTING:
                return self.since + self._terms.start_limit_s
            case State.IDLE:
                return self.since + self._terms.idle_limit_s
            case State.ENDING:
                return self.since + STUCK_S
            case State.BUSY:
                assert self.lease is not None
                return self.since + self.lease.limit_s

    def ready(self, footprint: Footprint) -> None:
        """Note that the child can work."""
        self._ready = True
        self._first = footprint.rss
        self.since = time.monotonic()

    def take(self, lease: Lease[K]) -> None:
        """Send a request to an idle child.

        Raises:
            OSError: The child is gone, or does not read.
            pickle.PicklingError: The request cannot travel; the child is still idle.
        """
        self.child.send(lease.request)
        self.lease = lease
        self.since = time.monotonic()

    def release(self) -> tuple[Lease[K], float]:
        """Note that the child is idle again; return what it had, and for how many seconds."""
        assert self.lease is not None
        lease, began = self.lease, self.since
        self.lease = None
        self.since = time.monotonic()
        self._tasks += 1
        return lease, self.since - began

    def end(self, why: Exit) -> None:
        """Kill the child without waiting."""
        self.ending = why
        self.since = time.monotonic()
        self.child.kill()

    def is_worn(self, footprint: Footprint) -> bool:
        """Tell whether it has done its share, or has grown too much."""
        if self._tasks >= self._terms.tasks:
            return True
        if footprint.rss is None or self._first is None:
            return False
        return footprint.rss - self._first > self._terms.growth
