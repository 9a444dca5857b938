"""Which file system a path is on, as the kernel's table of mounts tells it.

Nothing here touches the file system itself: a share whose server is gone answers no
question, and would hold whoever asks.

Source:
    proc_pid_mountinfo(5).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

TABLE: Final = Path("/proc/self/mountinfo")

NETWORK: Final = frozenset(
    {
        b"nfs", b"nfs4", b"cifs", b"smb3", b"smbfs", b"9p", b"virtiofs", b"ceph",
        b"fuse.sshfs", b"fuse.rclone",
    }
)  # fmt: skip
"""Other machines write there: their changes give no events, their locks are not ours."""

LAYERS: Final = frozenset({b"overlay", b"aufs", b"fuse"})
"""And what any program offers as ``fuse.NAME``: others may change what is beneath."""

PSEUDO: Final = frozenset(
    {
        b"binfmt_misc", b"bpf", b"cgroup", b"cgroup2", b"configfs", b"debugfs", b"devpts",
        b"devtmpfs", b"efivarfs", b"fusectl", b"hugetlbfs", b"mqueue", b"nsfs", b"proc",
        b"pstore", b"rpc_pipefs", b"securityfs", b"selinuxfs", b"sysfs", b"tracefs",
    }
)  # fmt: skip
"""The kernel's own: no music is there, and reading some of them has effects."""


@dataclass(frozen=True, slots=True)
class Mount:
    """One line of the table.

    Attributes:
        number: By which other lines name it.
        parent: The mount that it is on.
        point: Where, as an absolute path.
        kind: The type of file system, with the subtype: ``b"ext4"``, ``b"fuse.sshfs"``.
    """

    number: int
    parent: int
    point: bytes
    kind: bytes


def table() -> tuple[Mount, ...]:
    """Return every mount that this process can see; none where there is no such table."""
    try:
        return read(TABLE.read_bytes())
    except OSError:
        return ()


def read(text: bytes) -> tuple[Mount, ...]:
    """Read the table as the kernel writes it."""
    return tuple(map(_mount, text.splitlines()))


def of(path: bytes, mounts: Iterable[Mount]) -> Mount | None:
    """Return the mount that a path is on; None when the table does not say.

    Args:
        path: Absolute, and without links: they are not followed.
        mounts: The table.
    """
    mounts = tuple(mounts)
    numbers = {mount.number for mount in mounts}
    on = [mount for mount in mounts if mount.parent not in numbers - {mount.number}]
    here = None
    # from the root on, as the kernel goes: what is mounted over a folder hides all that was below
    while found := [mount for mount in on if _holds(mount, path)]:
        here = min(found, key=lambda mount: len(mount.point))
        on = [mount for mount in mounts if mount.parent == here.number != mount.number]
    return here


def is_layer(kind: bytes) -> bool:
    """Tell whether a file system shows what lies in others, as overlay and mergerfs do."""
    return kind in LAYERS or kind.startswith(b"fuse.")


def _mount(line: bytes) -> Mount:
    before, _, after = line.partition(b" - ")
    number, parent, _, _, point, *_ = before.split()
    return Mount(int(number), int(parent), _plain(point), after.split()[0])


def _plain(escaped: bytes) -> bytes:
    """Undo the octal escapes of blanks and backslashes."""
    return re.sub(rb"\\([0-7]{3})", lambda found: bytes([int(found[1], 8)]), escaped)


def _holds(mount: Mount, path: bytes) -> bool:
    return (path + b"/").startswith(mount.point.rstrip(b"/") + b"/")
