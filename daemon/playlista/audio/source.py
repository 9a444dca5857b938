"""The one place where a music file is opened: once, read-only, and never a pipe."""

import errno
import mmap
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from playlista.errors import FileUnavailable, NotAudio, printable

RETRY_S = 60.0  # a guess: long enough for a disk to come back, short enough to go unnoticed
WINDOW_N = 16 << 20  # bytes mapped at once; a whole map would count a long file as our memory
_FORMATS = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFDIR: "a folder",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


@contextmanager
def opened(path: bytes) -> Iterator[BinaryIO]:
    """Open a regular file for reading; symbolic links are followed.

    Any `OSError` inside the block, too, means that the disk does not give the file.

    Raises:
        NotAudio: It is a pipe, socket, device or folder.
        FileUnavailable: It is gone, forbidden, or its disk fails.
    """
    try:
        # without O_NONBLOCK, opening a pipe that nobody writes to would wait for ever
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            refuse_unless_regular(path, os.fstat(file.fileno()))
            yield file
    except OSError as error:
        raise _translated(path, error) from error


def refuse_unless_regular(path: bytes, found: os.stat_result) -> None:
    """Let regular files pass.

    Raises:
        NotAudio: It is a pipe, socket, device or folder.
    """
    if not stat.S_ISREG(found.st_mode):
        what = _FORMATS.get(stat.S_IFMT(found.st_mode), "not a regular file")
        raise NotAudio(path, f"is {what}, not audio")


def _translated(path: bytes, error: OSError) -> NotAudio | FileUnavailable:
    if error.errno == errno.ENXIO:
        return NotAudio(path, "is a socket, not audio")
    if error.errno == errno.EISDIR:
        return NotAudio(path, "is a folder, not audio")
    why = os.strerror(error.errno) if error.errno else str(error)
    return FileUnavailable(f"{printable(path)}: {why}", RETRY_S)


class MappedFile:
    """A file read through a memory map of one window at a time.

    A file cut short while mapped kills the process with SIGBUS, as every map does: the
    pool survives that, and MEMORY_MAP switches it off.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._fileno = file.fileno()
        self._size = os.fstat(self._fileno).st_size
        self._at = 0
        self._start = -1
        self._window: mmap.mmap | None = None

    def read(self, n: int = -1) -> bytes:
        """Return the next ``n`` bytes, or fewer where a window or the file ends."""
        if self._at >= self._size:
            return b""
        start = self._at - self._at % WINDOW_N
        window = self._mapped(start)
        end = len(window) if n < 0 else min(self._at - start + n, len(window))
        piece = window[self._at - start : end]
        self._at += len(piece)
        return piece

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move, as files do."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        """Return the position in bytes."""
        return self._at

    def close(self) -> None:
        """Unmap; the file itself stays open."""
        if self._window is not None:
            self._window.close()
            self._window = None

    def _mapped(self, start: int) -> mmap.mmap:
        if self._window is None or start != self._start:
            self.close()
            length = min(WINDOW_N, self._size - start)
            self._window = mmap.mmap(self._fileno, length, access=mmap.ACCESS_READ, offset=start)
            self._start = start
        return self._window
