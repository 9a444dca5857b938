"""watchdog's inotify observer, made to say when it can no longer be trusted.

watchdog 7.1 loses events silently in ordinary situations (ADR 0006). These
subclasses change eight things: a queue overflow ends the thread instead of an endless
repair, any exception ends it audibly, the inotify descriptor is not inherited, a reached
watch limit and an unmounted file system are remembered, some folders are not entered, two
warnings whose text is the whole watch table are never built, and an observer whose tables
are wrong can be stopped. Everything overridden or read here is private to watchdog: the
version is pinned, and tests/watch/test_native.py fails when a name moves.
"""

import errno
import logging
import os
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import cast

from watchdog.observers.api import BaseObserver
from watchdog.observers.inotify import InotifyFullEmitter, InotifyObserver, InotifyWatchGroup
from watchdog.observers.inotify_c import (
    CallbackId,
    InotifyConstants,
    InotifyEvent,
    InotifyFD,
    Mask,
    WatchCallback,
    WatchDescriptor,
)

log = logging.getLogger(__name__)


class Descriptor(InotifyFD):
    """The thread that reads the kernel's queue.

    Args:
        skipped: Absolute paths of folders that are not entered.
    """

    def __init__(self, skipped: AbstractSet[bytes]) -> None:
        super().__init__()
        self.skipped = skipped
        self.overflowed = False
        self.limit_reached = False
        self.unmounted = False

    @classmethod
    def _create_inotify_fd(cls) -> int:
        fd = super()._create_inotify_fd()
        os.set_inheritable(fd, False)
        return fd

    def run(self) -> None:
        """Read until told to stop, or until something is wrong."""
        try:
            super().run()
        except Exception:
            self._is_reading = False  # or nobody would ever close the descriptor
            log.exception("the thread that reads file system events has died")

    def handle_event(self, event: InotifyEvent) -> None:
        """Pass an event on; after an overflow there is no point in reading any further."""
        if event.is_queue_overflow:
            self.overflowed = True
            self.stopped_event.set()
        elif not self.overflowed:
            self.unmounted |= bool(event.mask & InotifyConstants.IN_UNMOUNT)
            super().handle_event(event)

    def _add_callback(
        self, path: bytes, mask: Mask, callback: WatchCallback, id_: CallbackId
    ) -> WatchDescriptor:
        try:
            watch = self._get_or_create_watch(path, mask)
        except OSError as error:
            self.limit_reached |= error.errno == errno.ENOSPC
            raise
        watch.callbacks[id_] = callback
        return watch.wd

    def _remove_callback(self, wd: WatchDescriptor, id_: CallbackId) -> None:
        watch = self._watch_for_wd.get(wd)
        if watch is not None and id_ in watch.callbacks:
            super()._remove_callback(wd, id_)


@dataclass
class Group(InotifyWatchGroup):
    """The watches of one root.

    Attributes:
        skipped: Absolute paths of folders that are not entered.
    """

    skipped: AbstractSet[bytes] = frozenset()

    def _add_all_callbacks(self, path: bytes) -> None:
        if path in self.skipped:
            return
        self._add_callback(path)
        for folder, names, _ in os.walk(path):
            above = folder.rstrip(b"/") + b"/"
            names[:] = [name for name in names if self._is_entered(above + name)]
            for name in names:
                self._add_callback(above + name)

    def _is_entered(self, path: bytes) -> bool:
        return path not in self.skipped and not os.path.islink(path)  # noqa: PTH114 - bytes


class Emitter(InotifyFullEmitter):
    """The thread that turns kernel events into watchdog's."""

    def on_thread_start(self) -> None:
        """Watch every folder but those to be skipped."""
        descriptor = cast("Descriptor", self._inotify_fd)
        self._inotify = Group(
            descriptor,
            os.fsencode(self.watch.path),
            is_recursive=self.watch.is_recursive,
            event_mask=self.get_event_mask_from_filter(),
            skipped=descriptor.skipped,
        )

    def run(self) -> None:
        """Emit until told to stop, or until something is wrong."""
        try:
            super().run()
        except Exception:
            log.exception("the thread that names file system events has died")

    def on_thread_stop(self) -> None:
        """Let the thread end; its watches go with the descriptor, which nobody else uses.

        watchdog takes them back one by one, and stops halfway where its tables disagree.
        """
        group, self._inotify = self._inotify, None
        if group is None:
            return
        with group._lock:  # noqa: SLF001 - pinned; nobody adds a watch to a closed descriptor
            group._is_active = False  # noqa: SLF001 - pinned
        group._move_event_grouper.close()  # noqa: SLF001 - pinned

    def watches_n(self) -> int:
        """Return how many folders are watched."""
        return len(self._tables()[1])

    def is_watched(self, path: bytes) -> bool:
        """Tell whether there is a watch on a path, and its events are told under that path."""
        by_path, by_watch = self._tables()
        watch = by_path.get(path)
        return watch is not None and watch > 0 and by_watch.get(watch) == path

    def is_watched_elsewhere(self, path: bytes) -> bool:
        """Tell whether a path's watch is that of the same folder under another, valid name."""
        by_path, by_watch = self._tables()
        watch = by_path.get(path)
        # a folder that may not be read has the watch -1
        other = path if watch is None or watch < 0 else by_watch.get(watch, path)
        try:
            return other != path and os.path.samefile(path, other)  # noqa: PTH121 - bytes
        except OSError:
            return False

    def misnamed(self) -> list[bytes]:
        """Return each path whose watch tells its events under another."""
        by_path, by_watch = self._tables()
        return [path for path, wd in by_path.copy().items() if wd > 0 and by_watch.get(wd) != path]

    def _tables(self) -> tuple[dict[bytes, WatchDescriptor], dict[WatchDescriptor, bytes]]:
        group = self._inotify
        if group is None:
            return {}, {}
        return group._active_callbacks_by_path, group._active_callbacks_by_watch  # noqa: SLF001 - pinned


class Observer(InotifyObserver):
    """The thread that calls the handler, with its own descriptor and emitters.

    Args:
        skipped: Absolute paths of folders that are not entered.

    Raises:
        OSError: EMFILE when the machine has no inotify instance left.
    """

    def __init__(self, skipped: AbstractSet[bytes] = frozenset()) -> None:
        self.descriptor = Descriptor(skipped)
        self._inotify_fd = self.descriptor
        self.descriptor.start()
        # not InotifyObserver's: that one builds the plain descriptor and emitter
        BaseObserver.__init__(self, Emitter, inotify_fd=self.descriptor)

    def run(self) -> None:
        """Dispatch until told to stop, or until something is wrong."""
        try:
            super().run()
        except Exception:
            log.exception("the thread that dispatches file system events has died")
