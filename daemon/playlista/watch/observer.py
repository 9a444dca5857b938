"""Events of one root, as hints: noted, never acted on, and distrusted at the first sign."""

import logging
import os
import threading
from collections.abc import Set as AbstractSet
from enum import StrEnum
from pathlib import Path

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)

from playlista.errors import printable
from playlista.units import Seconds
from playlista.watch import limits
from playlista.watch.cookie import Cookie
from playlista.watch.dirty import Dirty, WatchEvent
from playlista.watch.names import is_ignored_path, is_within
from playlista.watch.native import Emitter, Observer

# never opened or closed_no_write: our own reads would overflow the queue (measured, §1.3)
EVENTS: list[type[FileSystemEvent]] = [
    FileCreatedEvent,
    FileClosedEvent,
    FileMovedEvent,
    FileDeletedEvent,
    DirCreatedEvent,
    DirMovedEvent,
    DirDeletedEvent,
]


LEAVE_S = 1.0  # a guess: threads that live end in milliseconds

log = logging.getLogger(__name__)


class Trouble(StrEnum):
    """Why an observer is replaced."""

    OVERFLOW = "overflow"
    THREAD = "thread"
    ROOT = "root"
    MOUNT = "mount"
    UNWATCHED = "unwatched"
    COOKIE = "cookie"


class Handler(FileSystemEventHandler):
    """Notes paths.

    Args:
        below: How the path of all that is in the root begins, without symbolic links.
        dirty: Where they are noted.
        excluded: Folders below it that are never looked into, relative to it.
    """

    def __init__(self, below: bytes, dirty: Dirty, excluded: AbstractSet[bytes]) -> None:
        self._below = below
        self._dirty = dirty
        self._excluded = excluded

    def on_created(self, event: FileSystemEvent) -> None:
        """Note what is there, and most likely still being written."""
        self._note(event.src_path, WatchEvent.CREATED)

    def on_closed(self, event: FileSystemEvent) -> None:
        """Note what its writer has closed."""
        self._note(event.src_path, WatchEvent.CLOSED, finished=True)

    def on_moved(self, event: FileSystemEvent) -> None:
        """Note both ends; one that is not below the root is empty."""
        self._note(event.src_path, WatchEvent.MOVED)
        self._note(event.dest_path, WatchEvent.MOVED, finished=True)

    def on_deleted(self, event: FileSystemEvent) -> None:
        """Note what should be gone."""
        self._note(event.src_path, WatchEvent.DELETED)

    def _note(self, path: bytes | str, event: WatchEvent, *, finished: bool = False) -> None:
        raw = os.fsencode(path)
        relpath = raw.removeprefix(self._below)
        if relpath == raw or is_ignored_path(relpath) or is_within(relpath, self._excluded):
            return
        self._dirty.note(relpath, event, finished=finished)


class RootObserver:
    """A running observer of one root.

    Args:
        root: Absolute path.
        dirty: Where paths are noted.
        excluded: Folders below it that are never looked into, relative to it; others as they
            are mounted and unmounted.
        cookies: Folder of its own for a file that must come back as an event.

    Raises:
        OSError: It cannot be watched: ENOSPC and EMFILE are limits of the machine.
    """

    def __init__(
        self, root: bytes, dirty: Dirty, excluded: AbstractSet[bytes], cookies: Path
    ) -> None:
        # inotify would watch the link itself
        self._real = os.path.realpath(root)
        self._below = self._real.rstrip(b"/") + b"/"
        self._root = root
        self._identity = _identity(root)
        self._limit = limits.watches()
        self._excluded = excluded
        self._skipped = frozenset(excluded)
        self._observer = Observer({self._below + place for place in self._skipped})
        try:
            handler = Handler(self._below, dirty, excluded)
            self._observer.schedule(
                handler, os.fsdecode(self._real), recursive=True, event_filter=EVENTS
            )
            self._observer.start()
            (emitter,) = self._observer.emitters
            assert isinstance(emitter, Emitter)
            self._emitter = emitter
        except BaseException:
            self._observer.stop()
            raise
        self._cookie = self._watched_cookie(cookies)

    def _watched_cookie(self, folder: Path) -> Cookie | None:
        cookie = Cookie(folder)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._observer.schedule(cookie, str(folder.resolve()), event_filter=EVENTS)
        except OSError as error:
            log.info("%s: nothing can come back from %s: %s", printable(self._root), folder, error)
            return None
        return cookie

    def trouble(self) -> Trouble | None:
        """Return why events can no longer be trusted; None while they can."""
        if self._observer.descriptor.overflowed:
            return Trouble.OVERFLOW
        emitters = self._observer.emitters
        threads = (self._observer, self._observer.descriptor, *emitters)
        if not emitters or not all(thread.is_alive() for thread in threads):
            return Trouble.THREAD
        # one that is mounted again at once leaves the table as it was, but has no watches
        if self._observer.descriptor.unmounted or self._excluded != self._skipped:
            return Trouble.MOUNT
        # an unmounted root takes its watches with it, and comes back as what it was
        if not self.watches_n or _identity(self._root) != self._identity:
            return Trouble.ROOT
        # what the kernel refused it may now grant
        return Trouble.UNWATCHED if self.limit_reached and limits.watches() != self._limit else None

    def is_deaf(self, now: Seconds) -> bool:
        """Tell whether an event that must have come by this monotonic time has not."""
        return self._cookie is not None and self._cookie.is_lost(now)

    @property
    def watches_n(self) -> int:
        """How many folders are watched."""
        return self._emitter.watches_n()

    def is_watched(self, folder: bytes) -> bool:
        """Tell whether a folder's own events come, and under its own name.

        Args:
            folder: Relative to the root.
        """
        return self._emitter.is_watched(self._at(folder))

    def is_watched_elsewhere(self, folder: bytes) -> bool:
        """Tell whether a folder is another one, too, under whose name its events come.

        Args:
            folder: Relative to the root.
        """
        return self._emitter.is_watched_elsewhere(self._at(folder))

    def _at(self, folder: bytes) -> bytes:
        return self._below + folder if folder else self._real

    def misnamed(self) -> list[bytes]:
        """Return the folders whose events come under another's name, relative to the root."""
        inner = (path for path in self._emitter.misnamed() if path != self._real)
        return [path.removeprefix(self._below) for path in inner]

    @property
    def limit_reached(self) -> bool:
        """Whether folders stay unwatched because fs.inotify.max_user_watches is too low."""
        return self._observer.descriptor.limit_reached

    def stop(self) -> None:
        """Stop every thread and close the descriptor; what was noted stays noted.

        A thread of watchdog that died with a lock in its hand would hold the others for ever:
        those are left behind, and one descriptor with them.
        """
        leaving = threading.Thread(target=self._leave, name="watch-leaving", daemon=True)
        leaving.start()
        leaving.join(LEAVE_S)
        if leaving.is_alive():
            log.warning(
                "the observer of %s does not end, and is left behind", printable(self._root)
            )

    def _leave(self) -> None:
        self._observer.stop()
        self._observer.join()


def _identity(root: bytes) -> tuple[int, int] | None:
    try:
        found = Path(os.fsdecode(root)).stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
