"""The right to write the database, and a note of how its last holder left it.

The lock goes with the process, so none is ever stale. The note stays: it tells a database
that was closed in order from one whose daemon was killed, and from one that somebody has
touched since.
"""

import errno
import fcntl
import logging
import os
from pathlib import Path
from typing import Final

from playlista import mounts
from playlista.errors import AlreadyRunning, BadConfig, StoreBroken, StoreBusy
from playlista.store.trouble import RETRY_S

FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO})
NOTE_BYTES: Final = 80  # always the same, so that it is written in place on a full disk
OPEN: Final = b"open".ljust(NOTE_BYTES)
ABSENT: Final = b"absent".ljust(NOTE_BYTES)

_REMEDIES: Final = {
    errno.EROFS: "make that disk writable again, or set STATE_PATH to another",
    errno.EACCES: "give this user permission to write there, or set STATE_PATH",
}

log = logging.getLogger(__name__)


class Lock:
    """Held by at most one process at a time.

    Args:
        database: Whose folder is made if need be.

    Raises:
        BadConfig: It is on a network file system.
        AlreadyRunning: Another process holds it.
        StoreBusy: The disk is full or fails.
        StoreBroken: There is no right to write there.
    """

    def __init__(self, database: Path) -> None:
        _require_local(database)
        self._database = database
        self._fd = _claim(database)
        self._found = b""

    def begin(self) -> bool:
        """Note that the database is in use; tell whether it is as it was closed, if it is there.

        Raises:
            StoreBusy: The disk is full or fails.
        """
        self._found = note = os.pread(self._fd, NOTE_BYTES, 0)
        if note == OPEN:
            log.info("the last daemon was not stopped in order: %s is checked", self._database)
        try:
            os.pwrite(self._fd, OPEN, 0)
            os.fsync(self._fd)
        except OSError as error:
            raise StoreBusy(f"{self._database.parent}: {error.strerror}", RETRY_S) from error
        return self._state() in {note, ABSENT}

    def undo(self) -> None:
        """Leave the note as it was found: the database was not opened after all."""
        os.pwrite(self._fd, self._found, 0)

    def end(self) -> None:
        """Note that the database is closed, in order."""
        os.pwrite(self._fd, self._state(), 0)

    def release(self) -> None:
        """Let another have it."""
        os.close(self._fd)

    def _state(self) -> bytes:
        """Return what cannot stay the same when somebody changes the file."""
        try:
            now = self._database.stat()
        except FileNotFoundError:
            return ABSENT
        state = b"%d %d %d" % (now.st_ino, now.st_size, now.st_ctime_ns)
        return state.ljust(NOTE_BYTES)


def is_held(database: Path) -> bool:
    """Tell whether some process holds the lock, without a try that could be in another's way."""
    try:
        inode = _file(database).stat().st_ino
        held = Path("/proc/locks").read_text("ascii").splitlines()
    except OSError:
        return False
    return any(f":{inode} " in line and "FLOCK" in line for line in held)


def was_left_open(database: Path) -> bool:
    """Tell whether whoever held the lock last has noted no end, or is not at it yet."""
    try:
        return _file(database).read_bytes() == OPEN
    except OSError:
        return False


def _file(database: Path) -> Path:
    return database.parent / "playlista.lock"


def _require_local(database: Path) -> None:
    """Refuse a folder that other machines may write: locks do not hold there."""
    folder = os.path.abspath(database.parent)  # noqa: PTH100 - as it is named: no answer may come
    for resolve in (os.fspath, os.path.realpath):
        mount = mounts.of(os.fsencode(resolve(folder)), mounts.table())
        if mount is not None and mount.kind in mounts.NETWORK:
            raise BadConfig(
                f"STATE_PATH {folder} is on {mount.kind.decode()}: a database cannot live on a "
                "network mount; set STATE_PATH to a disk of this machine"
            )


def _claim(database: Path) -> int:
    folder = database.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        fd = os.open(_file(database), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        if error.errno in FULL:
            raise StoreBusy(f"{folder}: {error.strerror}", RETRY_S) from error
        remedy = _REMEDIES.get(error.errno or 0, "set STATE_PATH to another folder")
        raise StoreBroken(f"cannot write in {folder}: {error.strerror}: {remedy}") from error
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(fd)
        raise AlreadyRunning(
            f"another playlista holds {database}: stop it first, or ask it with `playlista status`"
        ) from error
    except OSError as error:
        os.close(fd)
        raise StoreBroken(f"{folder} cannot be locked: {error.strerror}") from error
    return fd
