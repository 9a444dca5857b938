"""What a root's file system can be trusted with: when a file is finished, what tells it apart."""

from typing import Final

from playlista import mounts
from playlista.config.settings import WatchSettings

UNSTABLE: Final = frozenset(
    {b"9p", b"cifs", b"exfat", b"fuse.rclone", b"fuse.sshfs", b"msdos", b"smb3", b"smbfs", b"vfat"}
)
"""Inode numbers or ctimes there are made up, and others after the next mount (ADR 0006)."""


def adapted(settings: WatchSettings, kind: bytes) -> WatchSettings:
    """Return the quiet times for files on a type of file system.

    A network share shows what another machine writes late, in steps, and never who writes.
    """
    if kind not in mounts.NETWORK:
        return settings
    quiet_s = settings.settle_network_seconds
    return settings.model_copy(update={"settle_seconds": quiet_s, "settle_closed_seconds": quiet_s})


def is_weak(settings: WatchSettings, kind: bytes) -> bool:
    """Tell whether only size and mtime tell one state of a file there from another."""
    if settings.signature == "auto":
        return kind in UNSTABLE
    return settings.signature == "weak"
