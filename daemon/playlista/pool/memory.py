"""Memory as it is: of the machine, and of every control group that limits this process."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import psutil

from playlista.pool.cgroup import Group, field, groups, number
from playlista.pool.pressure import waiting
from playlista.units import Bytes, Ratio

ROOT = Path("/")
MACHINE = "machine"
NO_LIMIT = 1 << 60
"""v1 writes "no limit" as the highest multiple of a page in 63 bits."""


@dataclass(frozen=True, slots=True)
class Scope:
    """One limit, and what counts against it.

    Attributes:
        source: ``"machine"`` or the folder of a control group.
        used: Bytes that cannot be had back by dropping file cache.
        limit: Bytes.
    """

    source: str
    used: Bytes
    limit: Bytes

    @property
    def used_ratio(self) -> Ratio:
        """Share of the limit in use; above 1 only while the limit is being lowered."""
        return Ratio(self.used / self.limit)

    @property
    def is_machine(self) -> bool:
        """Whether this is all the memory there is."""
        return self.source == MACHINE

    @property
    def available(self) -> Bytes:
        """Bytes left."""
        return Bytes(max(0, self.limit - self.used))


@dataclass(frozen=True, slots=True)
class Memory:
    """Every scope, at least one, and how much work suffers from want of it.

    Attributes:
        scopes: The machine first, then groups from the innermost.
        stalled: Share of the last 10 s in which all work of a scope waited for memory (the
            ``full avg10`` of pressure stall information); None where the kernel does not say.
        throttles: How often a group was found above its ``memory.high``, since it was made;
            file cache alone can bring it there.
        throttled: Whether that has happened since the last reading.
    """

    scopes: tuple[Scope, ...]
    stalled: Ratio | None = None
    throttles: int = 0
    throttled: bool = False

    @property
    def tightest(self) -> Scope:
        """The scope with the highest share in use."""
        return max(self.scopes, key=lambda scope: scope.used_ratio)

    @property
    def used_ratio(self) -> Ratio:
        """The highest share in use of any scope."""
        return self.tightest.used_ratio

    @property
    def source(self) -> str:
        """Where the highest share was found."""
        return self.tightest.source

    @property
    def available_bytes(self) -> Bytes:
        """What can still be taken without passing any limit."""
        return min(scope.available for scope in self.scopes)

    @property
    def limit_bytes(self) -> Bytes:
        """The smallest limit."""
        return min(scope.limit for scope in self.scopes)


class Machine(Protocol):
    """What psutil.virtual_memory() returns, as far as it is needed here."""

    @property
    def total(self) -> int:
        """Bytes."""

    @property
    def available(self) -> int:
        """Bytes that processes can take without swapping."""


def read(
    root: Path = ROOT,
    machine: Callable[[], Machine] = psutil.virtual_memory,
    *,
    last: Memory | None = None,
) -> Memory | None:
    """Read memory now; a few file reads.

    Args:
        root: The root of the file system; another one for tests.
        machine: What reads the machine's.
        last: The last reading.

    Returns:
        None when nothing can be read at all, as in a sandbox with ProcSubset=pid.
    """
    own = groups("memory", root)
    found = [of_machine(machine), *(of_group(group) for group in own)]
    scopes = tuple(scope for scope in found if scope is not None)
    if not scopes:
        return None
    files = [root / "proc/pressure/memory", *(g.folder / "memory.pressure" for g in own)]
    stalls = [share for file in files if (share := waiting(file, "full")) is not None]
    throttles = sum(field(g.folder / "memory.events", "high") or 0 for g in own if g.unified)
    throttled = last is not None and throttles > last.throttles
    return Memory(scopes, max(stalls, default=None), throttles, throttled)


def of_machine(machine: Callable[[], Machine]) -> Scope | None:
    """Return the whole machine's memory."""
    try:
        now = machine()
    except (OSError, psutil.Error):
        return None
    return Scope(MACHINE, Bytes(now.total - now.available), Bytes(now.total))


def of_group(group: Group) -> Scope | None:
    """Return a group's memory; None when it has no limit, or cannot be read.

    Inactive file cache is not in use: else reading music would look like filling memory.
    v2's ``memory.high`` is a limit too: beyond it the kernel slows the group to a crawl.
    """
    folder = group.folder
    if group.unified:
        limits = [number(folder / "memory.max"), number(folder / "memory.high")]
        current = number(folder / "memory.current")
        cache = field(folder / "memory.stat", "inactive_file")
    else:
        limits = [number(folder / "memory.limit_in_bytes")]
        current = number(folder / "memory.usage_in_bytes")
        cache = field(folder / "memory.stat", "total_inactive_file")
    limit = min((x for x in limits if x), default=None)
    if limit is None or limit >= NO_LIMIT or current is None:
        return None
    return Scope(str(folder), Bytes(max(0, current - (cache or 0))), Bytes(limit))
