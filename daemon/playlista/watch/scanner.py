"""What is on disk below a root, as far as it can be seen, in the byte order of paths.

The database gives the same order, so that the two can be compared side by side, without
either in memory. Symbolic links are never followed: one that stays inside the root leads to
a file that is found there anyway, and one that leaves it leads out of what we were given.
"""

import errno
import os
import stat
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from operator import itemgetter
from typing import NamedTuple

from playlista.records import Signature
from playlista.watch.names import is_ignored, is_within, join

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
        excluded: Folders below it that are never looked into, relative to it.
        lost: Those of them that say nothing of what is remembered there.
        weak: Places below which only size and mtime of a file can be believed.
        entered: Told of each folder that is looked into, relative to the root.

    Attributes:
        lost: As it was given.
        unreadable: What could not be seen so far, relative to the root, each with all below
            it: unknown, and so never taken for deleted.
    """

    def __init__(
        self,
        root: bytes,
        excluded: AbstractSet[bytes] = frozenset(),
        lost: AbstractSet[bytes] = frozenset(),
        *,
        weak: AbstractSet[bytes] = frozenset(),
        entered: Callable[[bytes], object] = bool,
    ) -> None:
        self._root = root
        self._excluded = excluded
        self._weak = weak
        self._entered = entered
        self.lost = lost
        self.unreadable = set(lost)

    def at(self, relpath: bytes) -> Iterator[Entry]:
        """Yield the file at a path, or every file below it; nothing when it is not there."""
        try:
            found = os.lstat(join(self._root, relpath))
        except OSError as error:
            self._missed(relpath, error)
            return
        if stat.S_ISDIR(found.st_mode):
            if relpath not in self._excluded:
                yield from self.below(relpath)
        elif not stat.S_ISLNK(found.st_mode):
            yield self._entry(relpath, found, regular=stat.S_ISREG(found.st_mode))

    def below(self, folder: bytes = b"", after: bytes = b"") -> Iterator[Entry]:
        """Yield every file below a folder; what is in memory is one folder of each depth.

        Args:
            folder: Relative to the root; empty is the root itself.
            after: Only what comes after this path, relative to the root, too.
        """
        depths = [self._children(folder, after)]
        while depths:
            for relpath, entry in depths[-1]:
                if not relpath.endswith(b"/"):
                    found = self._file(relpath, entry)
                    if found is not None:
                        yield found
                elif relpath[:-1] not in self._excluded:
                    depths.append(self._children(relpath[:-1], after))
                    break
            else:
                depths.pop()

    def _children(self, folder: bytes, after: bytes) -> Iterator[tuple[bytes, os.DirEntry[bytes]]]:
        """Return what is in a folder by relpath; that of a folder ends with a slash.

        The slash makes the order of the children that of all the files below them.
        """
        self._entered(folder)
        above = join(folder, b"")
        try:
            with os.scandir(join(self._root, folder) if folder else self._root) as entries:
                children = {
                    above
                    + entry.name
                    + (b"/" if entry.is_dir(follow_symlinks=False) else b""): entry
                    for entry in entries
                    if not is_ignored(entry.name)
                }
        except OSError as error:
            self._missed(folder, error)
            return iter(())
        ordered = sorted(children.items(), key=itemgetter(0))
        return iter([child for child in ordered if _reaches(child[0], after)] if after else ordered)

    def _file(self, relpath: bytes, entry: os.DirEntry[bytes]) -> Entry | None:
        try:
            found = entry.stat(follow_symlinks=False)
        except OSError as error:
            self._missed(relpath, error)
            return None
        kind = stat.S_IFMT(found.st_mode)
        if kind == stat.S_IFLNK:
            return None
        return self._entry(relpath, found, regular=kind == stat.S_IFREG)

    def _entry(self, relpath: bytes, found: os.stat_result, *, regular: bool) -> Entry:
        signature = Signature.of(found)
        if is_within(relpath, self._weak):
            signature = signature.weakened()
        return Entry(relpath, signature, regular)

    def _missed(self, relpath: bytes, error: OSError) -> None:
        if error.errno not in GONE:
            self.unreadable.add(relpath)


def _reaches(relpath: bytes, after: bytes) -> bool:
    """Tell whether a file, or some file below a folder, can come after a path."""
    return relpath > after or (relpath.endswith(b"/") and after.startswith(relpath))
