"""What is on disk below a root, as far as it can be seen.

Symbolic links are never followed: one that stays inside the root leads to a file that is
found there anyway, and one that leaves it leads out of what we were given.
"""

import errno
import os
import stat
from collections.abc import Iterator
from typing import NamedTuple

from playlista.records import Signature
from playlista.watch.names import is_ignored, join

GONE = frozenset({errno.ENOENT, errno.ENOTDIR})
"""The only errors that say that something is not there; all others say nothing."""


class Entry(NamedTuple):
    """One file; ``regular`` is False for pipes, sockets and devices, which are never opened."""

    relpath: bytes
    signature: Signature
    regular: bool


class Walk:
    """One look at the disk.

    Args:
        root: Absolute path.
        excluded: Folders below it that are ours, relative to it.

    Attributes:
        unreadable: What could not be seen, relative to the root, each with all below it:
            unknown, and so never taken for deleted.
    """

    def __init__(self, root: bytes, excluded: frozenset[bytes] = frozenset()) -> None:
        self._root = root
        self._excluded = excluded
        self.unreadable: set[bytes] = set()

    def at(self, relpath: bytes) -> Iterator[Entry]:
        """Yield the file at a path, or every file below it; nothing when it is not there."""
        if not relpath:
            yield from self.below(b"")
            return
        try:
            found = os.lstat(join(self._root, relpath))
        except OSError as error:
            self._missed(relpath, error)
            return
        if stat.S_ISDIR(found.st_mode):
            if relpath not in self._excluded:
                yield from self.below(relpath)
        elif not stat.S_ISLNK(found.st_mode):
            yield Entry(relpath, Signature.of(found), stat.S_ISREG(found.st_mode))

    def below(self, folder: bytes) -> Iterator[Entry]:
        """Yield every file below a folder, which may be ``b""``; one folder in memory at a time."""
        folders = [folder]
        while folders:
            current = folders.pop()
            for entry in self._listed(current):
                if is_ignored(entry.name):
                    continue
                relpath = join(current, entry.name)
                if entry.is_dir(follow_symlinks=False):
                    if relpath not in self._excluded:
                        folders.append(relpath)
                else:
                    yield from self._file(relpath, entry)

    def _listed(self, folder: bytes) -> list[os.DirEntry[bytes]]:
        try:
            with os.scandir(join(self._root, folder) if folder else self._root) as entries:
                return list(entries)
        except OSError as error:
            self._missed(folder, error)
            return []

    def _file(self, relpath: bytes, entry: os.DirEntry[bytes]) -> Iterator[Entry]:
        if entry.is_symlink():
            return
        try:
            found = entry.stat(follow_symlinks=False)
        except OSError as error:
            self._missed(relpath, error)
        else:
            yield Entry(relpath, Signature.of(found), stat.S_ISREG(found.st_mode))

    def _missed(self, relpath: bytes, error: OSError) -> None:
        if error.errno not in GONE:
            self.unreadable.add(relpath)
