"""Machines made of files."""

import os
from types import SimpleNamespace

import pytest

GIB = 1 << 30


class FakeMachine:
    """A root with the files of a kernel, as far as the pool reads them."""

    def __init__(self, root):
        self.root = root
        self.total, self.available = 8 * GIB, 6 * GIB

    def memory(self):
        """Stand in for psutil.virtual_memory."""
        return SimpleNamespace(total=self.total, available=self.available)

    def write(self, path, text):
        """Write a file below the root."""
        file = self.root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(os.fsencode(f"{text}\n"))

    def in_groups(self, membership, *mounts):
        """Put this process into control groups, mounted as given."""
        self.write("/proc/self/cgroup", membership)
        self.write("/proc/self/mountinfo", "\n".join(mounts))


@pytest.fixture
def machine(tmp_path):
    """A machine of 8 GiB with 2 in use, and no control groups yet."""
    return FakeMachine(tmp_path)


def v2(root="/"):
    """Return a line of mountinfo for version 2."""
    return f"35 24 0:30 {root} /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate"


def v1(controllers, root="/"):
    """Return a line of mountinfo for version 1."""
    point = f"/sys/fs/cgroup/{controllers}"
    return f"36 24 0:31 {root} {point} rw,relatime - cgroup cgroup rw,{controllers}"


@pytest.fixture
def mounts():
    """Lines of mountinfo."""
    return SimpleNamespace(v1=v1, v2=v2)
