"""Processors as they are: how many this process may use, and how busy they are."""

import math
import os
from dataclasses import dataclass
from pathlib import Path

from playlista.pool.cgroup import Group, groups, number

ROOT = Path("/")


@dataclass(frozen=True, slots=True)
class Processors:
    """What there is, and what of it is taken.

    Attributes:
        cores: Processors' worth of time this process may use; a fraction under a quota.
        machine_cores: Processors of the machine.
        load: Mean number of tasks running or waiting on the machine over the last minute;
            None where it cannot be read.
    """

    cores: float
    machine_cores: int
    load: float | None

    @property
    def whole_cores(self) -> int:
        """How many tasks can make good use of the cores, at least one."""
        return max(1, math.ceil(self.cores))


def read(root: Path = ROOT) -> Processors:
    """Read processors now; another root is for tests."""
    return Processors(cores(root), os.cpu_count() or 1, load())


def cores(root: Path = ROOT) -> float:
    """Return the least of affinity and every control group's quota, above 0."""
    quotas = [quota(group) for group in groups("cpu", root)]
    return min([float(allowed()), *(share for share in quotas if share is not None)])


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


def load() -> float | None:
    """Return the load average over one minute."""
    try:
        return os.getloadavg()[0]
    except OSError:
        return None
