"""Processors, read from machines made of files; and how busy the real one is."""

import subprocess
import sys

import pytest

from playlista.pool.processor import Meter, Processors, Spent, allowed, read, spent_until_now


@pytest.fixture
def meter():
    """A meter whose clock and counts are set by hand."""
    return Counts()


class Counts:
    """What a kernel counts; by_all and by_us in seconds."""

    def __init__(self):
        self.now, self.spent = 0.0, Spent(1000.0, 100.0)
        self.meter = Meter(lambda: self.spent, lambda: self.now)

    def others(self, seconds, by_all=0.0, by_us=0.0):
        """Let time pass in which so much is spent; return what others are said to take."""
        self.now += seconds
        if self.spent is not None:
            self.spent = Spent(self.spent.by_all + by_all, self.spent.by_us + by_us)
        return self.meter.read().others


def test_without_a_quota_affinity_is_the_limit(machine):
    processors = read(machine.root)

    assert (processors.cores, processors.source) == (allowed(), "affinity")


@pytest.mark.parametrize(("text", "share"), [("50000 100000", 0.5), ("25000 50000", 0.5)])
def test_a_quota_is_a_share_of_a_core(machine, mounts, text, share):
    machine.in_groups("0::/a/b", mounts.v2())
    machine.write("/sys/fs/cgroup/a/cpu.max", text)
    machine.write("/sys/fs/cgroup/a/b/cpu.max", "max 100000")

    processors = read(machine.root)

    assert processors.cores == share
    assert processors.source.endswith("/sys/fs/cgroup/a")


def test_a_quota_of_version_1_is_read_too(machine, mounts):
    machine.in_groups("2:cpu,cpuacct:/a", mounts.v1("cpu,cpuacct"))
    machine.write("/sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us", 75000)
    machine.write("/sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us", 100000)
    machine.write("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", -1)
    machine.write("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", 100000)

    assert read(machine.root).cores == 0.75


def test_half_a_core_still_bears_one_task():
    assert Processors(0.5, "", 8).whole_cores == 1


SOME = "some avg10={} avg60=1 avg300=1 total=1\nfull avg10=90.00 avg60=1 avg300=1 total=1"


def test_waiting_for_processors_is_read_from_the_own_group(machine, mounts):
    machine.in_groups("1:name=systemd:/\n0::/a/b", mounts.v2())
    machine.write("/sys/fs/cgroup/a/b/cpu.pressure", SOME.format("12.50"))
    machine.write("/sys/fs/cgroup/a/cpu.pressure", SOME.format("70.00"))
    machine.write("/proc/pressure/cpu", SOME.format("80.00"))

    assert read(machine.root).contended == 0.125


def test_without_a_group_of_version_2_it_is_the_machines(machine, mounts):
    machine.in_groups("2:cpu,cpuacct:/a", mounts.v1("cpu,cpuacct"))
    machine.write("/proc/pressure/cpu", SOME.format("80.00"))

    assert read(machine.root).contended == 0.8


def test_a_kernel_that_does_not_tell_of_waiting_leaves_it_unknown(machine):
    assert read(machine.root).contended is None


def test_others_take_what_we_do_not(meter):
    assert meter.others(4.0, by_all=6.0, by_us=5.0) == 0.25


def test_others_are_unknown_until_they_have_been_measured(meter):
    assert meter.others(2.9, by_all=2.9) is None
    assert meter.others(0.1, by_all=0.1) == pytest.approx(1.0)


def test_each_measurement_forgets_the_last(meter):
    meter.others(3.0, by_all=3.0)

    assert meter.others(3.0) == 0.0


def test_between_two_measurements_the_last_one_holds(meter):
    meter.others(3.0, by_all=1.5)

    assert meter.others(1.0, by_all=2.0) == 0.5


def test_ticks_that_do_not_add_up_are_nobody(meter):
    assert meter.others(3.0, by_all=3.0, by_us=3.02) == 0.0


def test_counts_that_cannot_be_read_leave_others_unknown(meter):
    meter.others(3.0, by_all=3.0)
    meter.spent = None

    assert meter.others(3.0) is None


BURN = """
import sys, time
while time.process_time() < 0.3:
    pass
print("burnt", flush=True)
sys.stdin.read()
"""


def test_children_living_and_buried_are_us():
    before = spent_until_now()
    with subprocess.Popen(
        [sys.executable, "-c", BURN], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        child.stdout.readline()
        living = spent_until_now()
    buried = spent_until_now()

    assert living.by_us - before.by_us >= 0.28
    assert buried.by_us >= living.by_us
    assert buried.by_all > before.by_all


def test_this_machine_can_be_read():
    processors = Meter().read()

    assert 0 < processors.cores <= processors.machine_cores
    assert processors.others is None
