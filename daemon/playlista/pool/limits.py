"""What the pool may take of the machine: the configured bounds, and the marks they imply."""

from dataclasses import dataclass

from playlista.pool.memory import Scope
from playlista.units import GIGABYTE, Bytes, Ratio

FAILSAFE = Ratio(0.85)
"""The default of MEMORY_FAILSAFE_PERCENT, as in earlier playlistas."""
GROW_SHARE = 75 / 85
RESUME_SHARE = 82 / 85
"""Of the failsafe: 75 % and 82 % for one of 85 %; the second is a guess, 2026-11."""
KILL_SHARE = 7 / 15
"""Of what is left above the failsafe: 92 % for one of 85 %."""
RESUME_MARGIN = 1.25
"""Work resumes with so much more available than the minimum; a guess, 2026-11."""
LEAST_AVAILABLE, LEAST_SHARE = Bytes(GIGABYTE // 2), 0.06
RESERVED, RESERVED_SHARE = Bytes(3 * GIGABYTE // 2), 0.08
"""Of each pair the smaller, for MIN_AVAILABLE_MEMORY_GB and MEMORY_RESERVED_GB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds on workers and memory; None is worked out from the machine.

    Attributes:
        workers: As many at once, memory permitting, without growing one by one (WORKERS).
        max_workers: Never more (MAX_WORKERS); None: the cores.
        fallback_workers: Never more while memory cannot be read (FALLBACK_WORKERS).
        failsafe: Share of memory at which work is given back, in (0, 1).
        min_available: With less available the pool waits at zero; None: the smaller of
            0.5 GB and 6 % of the limit.
        reserved: Kept free for the machine by admission; None: the smaller of 1.5 GB and 8 %
            of its memory.
    """

    workers: int | None = None
    max_workers: int | None = None
    fallback_workers: int = 4
    failsafe: Ratio = FAILSAFE
    min_available: Bytes | None = None
    reserved: Bytes | None = None

    @property
    def grow_below(self) -> Ratio:
        """The share of memory from which no worker is added."""
        return Ratio(self.failsafe * GROW_SHARE)

    @property
    def resume_below(self) -> Ratio:
        """The share below which leasing resumes after the failsafe."""
        return Ratio(self.failsafe * RESUME_SHARE)

    @property
    def kill_from(self) -> Ratio:
        """The share from which the largest worker is killed."""
        return Ratio(self.failsafe + (1 - self.failsafe) * KILL_SHARE)

    def ceiling(self, cores: int) -> int:
        """Return the most workers there may be on so many cores, at least one."""
        most = self.max_workers or cores
        if self.workers is None:
            return most
        return self.workers if self.max_workers is None else min(self.workers, most)

    def is_starved(self, scope: Scope, margin: float = 1.0) -> bool:
        """Tell whether a scope has less available than the minimum, times the margin."""
        least = self.min_available
        if least is None:
            least = Bytes(min(LEAST_AVAILABLE, int(scope.limit * LEAST_SHARE)))
        return scope.available < least * margin

    def plan_up_to(self, scope: Scope) -> Bytes:
        """Return how many bytes of a scope may be in use according to plan."""
        planned = int(self.failsafe * scope.limit)
        if not scope.is_machine:
            return Bytes(planned)
        reserved = self.reserved
        if reserved is None:
            reserved = Bytes(min(RESERVED, int(scope.limit * RESERVED_SHARE)))
        return Bytes(min(planned, scope.limit - reserved))
