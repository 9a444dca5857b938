"""Processors, read from machines made of files."""

import pytest

from playlista.pool.processor import Processors, allowed, cores, read


def test_without_a_quota_affinity_is_the_limit(machine):
    assert cores(machine.root) == allowed()


@pytest.mark.parametrize(("text", "share"), [("50000 100000", 0.5), ("25000 50000", 0.5)])
def test_a_quota_is_a_share_of_a_core(machine, mounts, text, share):
    machine.in_groups("0::/a/b", mounts.v2())
    machine.write("/sys/fs/cgroup/a/cpu.max", text)
    machine.write("/sys/fs/cgroup/a/b/cpu.max", "max 100000")

    assert cores(machine.root) == share


def test_a_quota_of_version_1_is_read_too(machine, mounts):
    machine.in_groups("2:cpu,cpuacct:/a", mounts.v1("cpu,cpuacct"))
    machine.write("/sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us", 75000)
    machine.write("/sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us", 100000)
    machine.write("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", -1)
    machine.write("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", 100000)

    assert cores(machine.root) == 0.75


def test_half_a_core_still_bears_one_task():
    assert Processors(0.5, 8, None).whole_cores == 1


def test_this_machine_can_be_read():
    processors = read()

    assert 0 < processors.cores <= processors.machine_cores
    assert processors.load is None or processors.load >= 0
