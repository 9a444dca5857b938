"""Memory, read from machines made of files."""

import pytest

from playlista.pool.memory import MACHINE, read

GIB = 1 << 30
MIB = 1 << 20
NO_LIMIT_V1 = 9223372036854771712


def test_without_groups_the_machine_is_the_limit(machine):
    memory = read(machine.root, machine.memory)

    assert memory.used_ratio == 0.25
    assert memory.available_bytes == 6 * GIB
    assert memory.limit_bytes == 8 * GIB
    assert memory.source == MACHINE


def test_the_limit_of_a_group_counts(machine, mounts):
    machine.in_groups("0::/system.slice/playlista.service", mounts.v2())
    group = "/sys/fs/cgroup/system.slice/playlista.service"
    machine.write(f"{group}/memory.max", 512 * MIB)
    machine.write(f"{group}/memory.current", 384 * MIB)
    memory = read(machine.root, machine.memory)

    assert memory.used_ratio == 0.75
    assert memory.available_bytes == 128 * MIB
    assert memory.source.endswith("playlista.service")


def test_the_limit_of_an_ancestor_counts(machine, mounts):
    machine.in_groups("0::/user.slice/user-1000.slice/app.scope", mounts.v2())
    machine.write("/sys/fs/cgroup/user.slice/user-1000.slice/app.scope/memory.max", "max")
    machine.write("/sys/fs/cgroup/user.slice/memory.max", GIB)
    machine.write("/sys/fs/cgroup/user.slice/memory.current", GIB // 2)
    memory = read(machine.root, machine.memory)

    assert memory.used_ratio == 0.5
    assert memory.source.endswith("user.slice")


def test_file_cache_that_can_go_is_not_in_use(machine, mounts):
    machine.in_groups("0::/music", mounts.v2())
    machine.write("/sys/fs/cgroup/music/memory.max", GIB)
    machine.write("/sys/fs/cgroup/music/memory.current", GIB)
    machine.write("/sys/fs/cgroup/music/memory.stat", f"anon {GIB // 4}\ninactive_file {GIB // 2}")

    assert read(machine.root, machine.memory).used_ratio == 0.5


def test_where_the_kernel_throttles_is_a_limit_too(machine, mounts):
    machine.in_groups("0::/music", mounts.v2())
    machine.write("/sys/fs/cgroup/music/memory.max", 2 * GIB)
    machine.write("/sys/fs/cgroup/music/memory.high", GIB)
    machine.write("/sys/fs/cgroup/music/memory.current", GIB // 2)

    assert read(machine.root, machine.memory).limit_bytes == GIB


def test_version_1_is_read_too(machine, mounts):
    machine.in_groups("4:memory:/docker/ab", mounts.v1("memory"))
    group = "/sys/fs/cgroup/memory/docker/ab"
    machine.write(f"{group}/memory.limit_in_bytes", GIB)
    machine.write(f"{group}/memory.usage_in_bytes", 3 * GIB // 4)
    machine.write(f"{group}/memory.stat", f"inactive_file 5\ntotal_inactive_file {GIB // 4}")
    machine.write("/sys/fs/cgroup/memory/memory.limit_in_bytes", NO_LIMIT_V1)
    machine.write("/sys/fs/cgroup/memory/memory.usage_in_bytes", GIB)
    memory = read(machine.root, machine.memory)

    assert memory.used_ratio == 0.5
    assert len(memory.scopes) == 2


def test_in_a_container_the_mount_is_the_group(machine, mounts):
    machine.in_groups("4:memory:/docker/ab", mounts.v1("memory", root="/docker/ab"))
    machine.write("/sys/fs/cgroup/memory/memory.limit_in_bytes", GIB)
    machine.write("/sys/fs/cgroup/memory/memory.usage_in_bytes", GIB // 2)

    assert read(machine.root, machine.memory).used_ratio == 0.5


def test_a_group_outside_what_is_mounted_is_not_looked_for_elsewhere(machine, mounts):
    machine.in_groups("0::/../other", mounts.v2())
    machine.write("/sys/fs/cgroup/memory.max", GIB)
    machine.write("/sys/fs/cgroup/memory.current", GIB // 2)

    assert read(machine.root, machine.memory).used_ratio == 0.5


@pytest.mark.parametrize("name", ["a\rb", "a\x0cb", "a\udcff"])
def test_a_mount_of_any_name_does_not_keep_the_limit_from_being_read(machine, mounts, name):
    machine.in_groups("0::/music", f"40 24 0:60 / /mnt/{name} rw - tmpfs  rw", mounts.v2())
    machine.write("/sys/fs/cgroup/music/memory.max", GIB)
    machine.write("/sys/fs/cgroup/music/memory.current", GIB // 2)

    assert read(machine.root, machine.memory).used_ratio == 0.5


def test_both_versions_at_once_give_the_tighter(machine, mounts):
    machine.in_groups("4:memory:/a\n0::/b", mounts.v1("memory"), mounts.v2())
    machine.write("/sys/fs/cgroup/memory/a/memory.limit_in_bytes", GIB)
    machine.write("/sys/fs/cgroup/memory/a/memory.usage_in_bytes", GIB // 2)
    machine.write("/sys/fs/cgroup/b/memory.max", GIB)
    machine.write("/sys/fs/cgroup/b/memory.current", 3 * GIB // 4)

    assert read(machine.root, machine.memory).used_ratio == 0.75


def test_the_most_used_and_the_least_available_may_be_different_scopes(machine, mounts):
    machine.available = GIB
    machine.in_groups("0::/small", mounts.v2())
    machine.write("/sys/fs/cgroup/small/memory.max", 512 * MIB)
    machine.write("/sys/fs/cgroup/small/memory.current", 256 * MIB)
    memory = read(machine.root, machine.memory)

    assert (memory.used_ratio, memory.source) == (0.875, MACHINE)
    assert memory.available_bytes == 256 * MIB


def unreadable():
    raise FileNotFoundError(2, "No such file", "/proc/meminfo")


def test_a_group_is_enough_where_the_machine_cannot_be_read(machine, mounts):
    machine.in_groups("0::/music", mounts.v2())
    machine.write("/sys/fs/cgroup/music/memory.max", GIB)
    machine.write("/sys/fs/cgroup/music/memory.current", GIB // 2)

    assert read(machine.root, unreadable).used_ratio == 0.5


def test_memory_that_cannot_be_read_at_all_is_unknown(machine):
    assert read(machine.root, unreadable) is None


def test_waiting_for_memory_is_read_from_the_worst_scope(machine, mounts):
    machine.in_groups("0::/music", mounts.v2())
    full = "some avg10=90.00 avg60=1 avg300=1 total=1\nfull avg10={} avg60=1 avg300=1 total=1"
    machine.write("/proc/pressure/memory", full.format("1.50"))
    machine.write("/sys/fs/cgroup/music/memory.pressure", full.format("63.25"))

    assert read(machine.root, machine.memory).stalled == pytest.approx(0.6325)


def test_a_kernel_that_does_not_tell_of_waiting_leaves_it_unknown(machine):
    assert read(machine.root, machine.memory).stalled is None


def test_being_held_up_above_the_high_mark_is_told_once(machine, mounts):
    machine.in_groups("0::/a/b", mounts.v2())
    machine.write("/sys/fs/cgroup/a/memory.events", "low 0\nhigh 3606\nmax 0")
    machine.write("/sys/fs/cgroup/a/b/memory.events", "low 0\nhigh 1\nmax 0")
    first = read(machine.root, machine.memory)
    machine.write("/sys/fs/cgroup/a/b/memory.events", "low 0\nhigh 2\nmax 0")
    second = read(machine.root, machine.memory, last=first)
    third = read(machine.root, machine.memory, last=second)

    assert [one.throttled for one in (first, second, third)] == [False, True, False]
    assert third.throttles == 3608


def test_this_machine_can_be_read():
    memory = read()

    assert 0.0 < memory.used_ratio < 1.0
    assert 0 < memory.available_bytes < memory.scopes[0].limit
