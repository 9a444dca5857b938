"""Which file system a path is on, as the kernel's table of mounts tells it.

Nothing here touches the file system itself: a share whose server is gone answers no
question, and would hold whoever asks.

Source:
    proc_pid_mountinfo(5).
"""

import re
import select
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

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
        number: By which other lines name it; used again once it is gone.
        parent: The mount that it is on.
        device: Of the file system: ``b"8:17"``.
        inside: The folder of that file system which is seen here.
        point: Where, as an absolute path.
        kind: The type of file system, with the subtype: ``b"ext4"``, ``b"fuse.sshfs"``.
    """

    number: int
    parent: int
    device: bytes
    inside: bytes
    point: bytes
    kind: bytes


_ByParent = defaultdict[int | None, dict[bytes, Mount]]


def table() -> tuple[Mount, ...]:
    """Return every mount that this process can see; none where there is no such table."""
    try:
        return read(TABLE.read_bytes())
    except OSError:
        return ()


def read(text: bytes) -> tuple[Mount, ...]:
    """Read the table as the kernel writes it."""
    return tuple(map(_mount, text.removesuffix(b"\n").split(b"\n"))) if text else ()


def of(path: bytes, mounts: Iterable[Mount]) -> Mount | None:
    """Return the mount that a path is on; None when the table does not say.

    Args:
        path: Absolute, and without links: they are not followed.
        mounts: The table.
    """
    return _at(path, _by_parent(mounts))


def below(root: bytes, mounts: Iterable[Mount]) -> dict[bytes, Mount]:
    """Return the mounts that can be seen below a folder, by their paths relative to it.

    Args:
        root: Absolute, and without links.
        mounts: The table.
    """
    mounts = tuple(mounts)
    by_parent = _by_parent(mounts)
    above = root.rstrip(b"/") + b"/"
    return {
        mount.point.removeprefix(above): mount
        for mount in mounts
        if mount.point.startswith(above)
        and mount.point != above
        and _at(mount.point, by_parent) == mount
    }


class Changes:
    """Tells when other file systems are mounted at a folder, or below it, than before.

    What is mounted elsewhere costs one look at the table; as long as nothing is, one call of
    the kernel, which reports a changed table as an exceptional condition of the open file.

    Args:
        root: Absolute, and without links.
    """

    def __init__(self, root: bytes) -> None:
        self._root = root
        self._poll = select.poll()
        self._file: BinaryIO | None = None
        with suppress(OSError):  # where there is no table, nothing ever changes
            self._file = TABLE.open("rb", buffering=0)
            self._poll.register(self._file, select.POLLPRI)
        self._seen = self._look()

    def happened(self) -> bool:
        """Tell whether they are others than when it was last asked."""
        if not self._poll.poll(0):
            return False
        before, self._seen = self._seen, self._look()
        return before != self._seen

    def _look(self) -> tuple[Mount | None, dict[bytes, Mount]]:
        mounts = table()
        return of(self._root, mounts), below(self._root, mounts)

    def close(self) -> None:
        """Close the table; nothing happens from now on."""
        if self._file is not None:
            self._poll.unregister(self._file)
            self._file.close()
            self._file = None


def _by_parent(mounts: Iterable[Mount]) -> _ByParent:
    mounts = tuple(mounts)
    numbers = {mount.number for mount in mounts}
    by_parent = _ByParent(dict)
    for mount in mounts:
        outermost = mount.parent not in numbers or mount.parent == mount.number
        by_parent[None if outermost else mount.parent].setdefault(mount.point, mount)
    return by_parent


def _at(path: bytes, by_parent: _ByParent) -> Mount | None:
    here, on = None, by_parent[None]
    # from the root on, as the kernel goes: what is mounted over a folder hides all that was below
    while found := next((on[point] for point in _folders(path) if point in on), None):
        here, on = found, by_parent[found.number]
    return here


def _folders(path: bytes) -> list[bytes]:
    """Return a path with all that is above it, outermost first."""
    parts = path.rstrip(b"/").split(b"/")
    return [b"/".join(parts[:depth]) or b"/" for depth in range(1, len(parts) + 1)]


def is_layer(kind: bytes) -> bool:
    """Tell whether a file system shows what lies in others, as overlay and mergerfs do."""
    return kind in LAYERS or kind.startswith(b"fuse.")


def _mount(line: bytes) -> Mount:
    before, _, after = line.partition(b" - ")
    # names may hold any blank but these two, which the kernel escapes with tab and line feed
    number, parent, device, inside, point, *_ = before.split(b" ")
    kind = after.split(b" ")[0]
    return Mount(int(number), int(parent), device, _plain(inside), _plain(point), kind)


def _plain(escaped: bytes) -> bytes:
    """Undo the octal escapes of blanks and backslashes."""
    return re.sub(rb"\\([0-7]{3})", lambda found: bytes([int(found[1], 8)]), escaped)
