"""The words of the governor: what it sees, what it remembers, what it decides."""

from dataclasses import dataclass
from enum import StrEnum

from playlista.pool.memory import Memory
from playlista.pool.processor import Processors

PATIENCE_S = 2.0
"""A guess, 2026-11: so long a worker takes to start (1.9 to 2.4 s were measured)."""


class Action(StrEnum):
    """What was decided."""

    HOLD = "hold"
    GROW = "grow"
    SHRINK = "shrink"
    KILL = "kill"


class Reason(StrEnum):
    """Why."""

    BACKLOG = "backlog"
    """There is more to do than there are workers."""
    NO_BACKLOG = "no_backlog"
    SPARE = "spare"
    """There are workers without work: more would not help."""
    CEILING = "ceiling"
    """As many as configured, or as there are cores."""
    MEMORY_UNKNOWN = "memory_unknown"
    """As many as FALLBACK_WORKERS, while memory cannot be read."""
    CPU = "cpu"
    """Others use the processors."""
    YIELDING = "yielding"
    """Others use the processors, and work waits for them."""
    SETTLING = "settling"
    """The last change has not shown its effect yet."""
    MEMORY = "memory"
    """Close to the failsafe."""
    FAILSAFE = "failsafe"
    STALLED = "stalled"
    """Work waits for memory to be reclaimed."""
    MIN_AVAILABLE = "min_available"
    """Less memory is available than the machine must keep: zero workers."""
    RECOVERED = "recovered"
    """Work goes on after a time at zero."""
    QUIET_HOURS = "quiet_hours"
    """As many as people allow at this hour."""
    PAUSED = "paused"
    """A person asked to stop work until further notice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """What people allow now, whatever the machine could bear.

    Attributes:
        workers: Never more, and none at all if so it is.
        reason: Why.
        at_once: Tracks in hand are given back; otherwise they are finished.
    """

    workers: int
    reason: Reason
    at_once: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What is seen now.

    Attributes:
        now: Seconds on the monotonic clock.
        memory: None while it cannot be read.
        backlog: Tracks that are ready and not leased.
        running: Busy workers.
        workers: All workers that have not been killed.
        bound: None while people leave it to the machine.
    """

    now: float
    memory: Memory | None
    processors: Processors
    backlog: int
    running: int
    workers: int
    bound: Bound | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """What was decided before.

    Attributes:
        target: Of the last decision; a pool begins with one.
        changed: When the last change was made, on the monotonic clock.
        shrunk: When a worker was last given up, to a strain or to others.
        patience_s: How long after a change the pool may grow, or lease again after a strain;
            doubled whenever a growth was not borne, until there has been calm.
        strained: Leasing is suspended, and resumes only well below the failsafe.
    """

    target: int = 1
    changed: float = float("-inf")
    shrunk: float = float("-inf")
    patience_s: float = PATIENCE_S
    strained: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do now.

    Attributes:
        target: How many workers there may be.
        lease: Whether memory lets tracks be leased; False is the failsafe in action.
        shed: How many tracks to give back now, the newest lease first.
        kill_largest: Whether to kill the worker that holds most.
        past: For the next decision.
    """

    target: int
    lease: bool
    shed: int
    kill_largest: bool
    action: Action
    reason: Reason
    past: Past
