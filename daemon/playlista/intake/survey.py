"""Look at a root, or at some places in it, and pass on what differs from the database."""

import logging
import os
from collections.abc import Callable, Iterable, Iterator
from itertools import islice, takewhile
from typing import TypeVar

from playlista.errors import printable
from playlista.intake.arrivals import Arrivals
from playlista.intake.cursor import Cursor
from playlista.intake.ledger import Ledger
from playlista.records import Known, Root
from playlista.units import Seconds
from playlista.watch.absence import Absence
from playlista.watch.dirty import Noted
from playlista.watch.names import join
from playlista.watch.reconcile import Arrived, Back, Gone, compare
from playlista.watch.scanner import GONE, Entry, Walk

PEEK_N = 100  # of what could not be seen is looked at again at a time (a guess)

log = logging.getLogger(__name__)

File = TypeVar("File", Entry, Known)


class Survey:
    """The eyes of one root.

    Args:
        root: The root.
        ledger: Where what is remembered is read.
        arrivals: Takes what is new or changed.
        absence: Takes what is gone.
        walk: Begins a look at the disk.
        now: Monotonic time.
        alive: Called for every file; returns the monotonic time, or raises to end the look.

    Attributes:
        unreadable: What could not be seen, relative to the root.
    """

    def __init__(  # noqa: PLR0913 - an assembly point, called once
        self,
        root: Root,
        ledger: Ledger,
        arrivals: Arrivals,
        absence: Absence,
        walk: Callable[[], Walk],
        *,
        now: Callable[[], Seconds],
        alive: Callable[[], Seconds],
    ) -> None:
        self.unreadable: set[bytes] = set()
        self._root = root
        self._ledger = ledger
        self._arrivals = arrivals
        self._absence = absence
        self._walk = walk
        self._now = now
        self._alive = alive
        self._cursor = Cursor(root, ledger.tracks, alive)

    def whole(self) -> None:
        """Compare everything, beginning where an earlier look was ended.

        Raises:
            StoreBusy: What differs was not, or only partly, passed on.
        """
        walk = self._walk()
        try:
            with self._arrivals.scanning():
                self._round(walk, self._cursor.place)
            self._cursor.rewind()
        finally:
            self._cursor.save()
        self.unreadable = walk.unreadable - walk.lost

    def seen_again(self) -> list[bytes]:
        """Return some of what could not be seen and now can, or is gone; forget that it was so."""
        found = [path for path in islice(self.unreadable, PEEK_N) if self._is_plain(path)]
        self.unreadable = self.unreadable.difference(found)
        return found

    def _is_plain(self, relpath: bytes) -> bool:
        try:
            with os.scandir(join(self._root.path, relpath)):
                return True
        except OSError as error:
            return error.errno in GONE

    def _round(self, walk: Walk, start: bytes) -> None:
        """Compare what comes after a path, and then what comes up to it."""
        known, root_id = self._ledger.tracks.known, self._root.root_id
        after = self._cursor.following(walk.below(after=start))
        gone = self._compare(walk, after, known(root_id, after=start))
        if start:
            before = self._cursor.following(walk.below())
            gone += self._compare(walk, _up_to(start, before), _up_to(start, known(root_id)))
        self._arrivals.flush()
        self._doubt(walk, gone)

    def places(self, noted: Noted) -> None:
        """Compare the places where something happened.

        Raises:
            StoreBusy: What differs was not, or only partly, passed on.
        """
        for folder, names in noted.folders.items():
            if names is None:
                self._place(folder)
            else:
                for name, finished in names.items():
                    self._place(join(folder, name), finished=finished)
            # what arrived with its folder must not wait as what is named below would
            self._arrivals.flush()

    def _place(self, place: bytes, *, finished: bool | None = None) -> None:
        """Compare a file, or all below a folder."""
        walk = self._walk()
        known = self._ledger.tracks.known(self._root.root_id, place)
        # only the file that an event named is known to be changing just now
        quiet_s = self._quiet_s(finished=finished)
        self._doubt(
            walk, self._compare(walk, self._living(walk.at(place)), known, (place, quiet_s))
        )

    def _quiet_s(self, *, finished: bool | None) -> Seconds | None:
        settings = self._arrivals.settings
        if finished is None:
            return None
        return Seconds(settings.settle_closed_seconds if finished else settings.settle_seconds)

    def _compare(
        self,
        walk: Walk,
        entries: Iterable[Entry],
        known: Iterable[Known],
        named: tuple[bytes, Seconds | None] = (b"", None),
    ) -> list[Known]:
        """Pass on what is there, and return what is not."""
        gone = []
        for difference in compare(entries, known, walk.unreadable):
            match difference:
                case Arrived():
                    quiet_s = named[1] if difference.entry.relpath == named[0] else None
                    self._arrivals.take(difference, self._now(), quiet_s)
                case Back():
                    self._arrivals.back(difference)
                case Gone():
                    gone.append(difference.known)
        return gone

    def _doubt(self, walk: Walk, gone: Iterable[Known]) -> None:
        """Note what is gone, from the end of the look on, and say what could not be seen."""
        for known in gone:
            self._absence.seen(known, self._now())
        unreadable = walk.unreadable - walk.lost
        for relpath in sorted(unreadable - self.unreadable):
            log.warning("%s cannot be read", printable(join(self._root.path, relpath)))
        self.unreadable = self.unreadable | unreadable

    def _living(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        for entry in entries:
            self._alive()
            yield entry


def _up_to(place: bytes, files: Iterable[File]) -> Iterator[File]:
    return takewhile(lambda file: file.relpath <= place, files)
