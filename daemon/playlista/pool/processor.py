"""Processors as they are: how many this process may use, and how busy they are."""

import math
import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import psutil

from playlista.pool.cgroup import Group, groups, number
from playlista.pool.pressure import waiting
from playlista.units import Ratio

ROOT = Path("/")
AFFINITY = "affinity"
SPAN_S = 3.0
"""Between two measurements; a guess, 2026-11: the kernel counts in hundredths of a second."""
WAITING = frozenset({"idle", "iowait"})
TWICE = frozenset({"guest", "guest_nice"})
"""Of the machine's times, those that are no work, and those that others contain: proc(5)."""
OURS = ("user", "system", "children_user", "children_system")


@dataclass(frozen=True, slots=True)
class Processors:
    """What there is, and what of it is taken.

    Attributes:
        cores: Processors' worth of time this process may use; a fraction under a quota.
        source: What sets that: ``"affinity"`` or the folder of a control group.
        machine_cores: Processors of the machine.
        others: Processors' worth of time that all other processes take; None until it is
            known, and where it cannot be.
        contended: Share of the last 10 s in which a task of ours (of anybody, outside version
            2 of control groups) waited for a processor; None where the kernel does not say.
    """

    cores: float
    source: str
    machine_cores: int
    others: float | None = None
    contended: Ratio | None = None

    @property
    def whole_cores(self) -> int:
        """How many tasks can make good use of the cores, at least one."""
        return max(1, math.ceil(self.cores))


class Spent(NamedTuple):
    """Processor time since the machine was started, in seconds."""

    by_all: float
    by_us: float


def spent_until_now() -> Spent | None:
    """Return the kernel's counts; None where they cannot be read."""
    try:
        times = psutil.cpu_times()._asdict()
        this = psutil.Process()
        # itself last: by then it answers for a child that has just been buried
        family = [*this.children(recursive=True), this]
    except (OSError, psutil.Error):
        return None
    by_all = sum(s for name, s in times.items() if name not in WAITING | TWICE)
    return Spent(by_all, sum(map(spent_by, family)))


def spent_by(process: psutil.Process) -> float:
    """Return what a process and its buried children have spent; 0 when it is one of them."""
    with suppress(OSError, psutil.Error):
        times = process.cpu_times()
        return float(sum(getattr(times, name) for name in OURS))
    return 0.0


class Meter:
    """Tells how much of the processors others take, by what the kernel has counted.

    The load average cannot tell: it goes on counting our own work for a minute.

    Args:
        spent: What reads the kernel's counts.
        clock: Seconds, monotonic.
    """

    def __init__(
        self,
        spent: Callable[[], Spent | None] = spent_until_now,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._spent = spent
        self._clock = clock
        self._at, self._last = clock(), spent()
        self._read = read()

    def read(self) -> Processors:
        """Return processors as they were a few seconds ago at most, with the mean of others."""
        seconds = self._clock() - self._at
        if seconds >= SPAN_S:
            last, self._last = self._last, self._spent()
            self._read = replace(read(), others=taken(last, self._last, seconds))
            self._at += seconds
        return self._read


def taken(last: Spent | None, new: Spent | None, seconds: float) -> float | None:
    """Return the processors' worth of time that others took between two counts."""
    if last is None or new is None:
        return None
    by_all, by_us = new.by_all - last.by_all, new.by_us - last.by_us
    return max(0.0, by_all - by_us) / seconds


def read(root: Path = ROOT) -> Processors:
    """Read what there is now; another root is for tests."""
    shares = [(share, str(g.folder)) for g in groups("cpu", root) if (share := quota(g))]
    cores, source = min([(float(allowed()), AFFINITY), *shares])
    return Processors(cores, source, os.cpu_count() or 1, contended=contention(root))


def contention(root: Path) -> Ratio | None:
    """Return the pressure on processors in this process's own group, or else the machine's."""
    own = [group.folder / "cpu.pressure" for group in groups("cpu", root) if group.unified]
    found = (waiting(file, "some") for file in [*own[:1], root / "proc/pressure/cpu"])
    return next((share for share in found if share is not None), None)


def allowed() -> int:
    """Return how many processors this process may run on."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS has no affinity
        return os.cpu_count() or 1


def quota(group: Group) -> float | None:
    """Return a group's processor time per time; None when it has no quota."""
    if group.unified:
        try:
            spent, _, period = (group.folder / "cpu.max").read_text().partition(" ")
        except OSError:
            return None
        return None if spent == "max" else int(spent) / int(period)
    spent_us = number(group.folder / "cpu.cfs_quota_us")
    period_us = number(group.folder / "cpu.cfs_period_us")
    return spent_us / period_us if spent_us and period_us and spent_us > 0 else None
