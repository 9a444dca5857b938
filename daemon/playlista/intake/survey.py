"""Look at a root, or at some places in it, and pass on what differs from the database."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping

from playlista.errors import printable
from playlista.intake.arrivals import Arrivals
from playlista.intake.ledger import Ledger
from playlista.records import Known, Root
from playlista.units import Seconds
from playlista.watch.absence import Absence
from playlista.watch.dirty import Noted
from playlista.watch.names import join
from playlista.watch.reconcile import Arrived, Back, Gone, compare
from playlista.watch.scanner import Entry, Walk

log = logging.getLogger(__name__)


class Survey:
    """The eyes of one root.

    Args:
        root: The root.
        ledger: Where what is remembered is read.
        arrivals: Takes what is new or changed.
        absence: Takes what is gone.
        excluded: Folders below the root that are ours, relative to it.
        now: Monotonic time.
        alive: Called for every file; may raise to end the look.

    Attributes:
        unreadable: What the last full scan could not see, relative to the root.
    """

    def __init__(  # noqa: PLR0913 - an assembly point, called once
        self,
        root: Root,
        ledger: Ledger,
        arrivals: Arrivals,
        absence: Absence,
        excluded: frozenset[bytes],
        *,
        now: Callable[[], Seconds],
        alive: Callable[[], object],
    ) -> None:
        self.unreadable: set[bytes] = set()
        self._root = root
        self._ledger = ledger
        self._arrivals = arrivals
        self._absence = absence
        self._excluded = excluded
        self._now = now
        self._alive = alive

    def whole(self) -> int:
        """Compare everything, and return how many files were remembered as present.

        Raises:
            StoreBusy: What differs was not, or only partly, passed on.
        """
        known = self._ledger.tracks.known(self._root.root_id)
        present_n = sum(not file.missing for file in known.values())
        with self._arrivals.scanning():
            self.unreadable = self._compare(b"", known)
        return present_n

    def places(self, noted: Noted) -> None:
        """Compare the places where something happened.

        Raises:
            StoreBusy: What differs was not, or only partly, passed on.
        """
        for folder, names in noted.folders.items():
            known = self._ledger.tracks.known(self._root.root_id, folder)
            if names is None:
                self._compare(folder, known)
            else:
                self._names(folder, names, known)

    def _names(
        self, folder: bytes, names: Mapping[bytes, bool], known: Mapping[bytes, Known]
    ) -> None:
        below: dict[bytes, dict[bytes, Known]] = {name: {} for name in names}
        start = len(folder) + 1 if folder else 0
        for relpath, file in known.items():
            name = relpath[start:].split(b"/", 1)[0]
            if name in below:
                below[name][relpath] = file
        for name, finished in names.items():
            self._compare(join(folder, name), below[name], finished=finished)

    def _compare(
        self, place: bytes, known: dict[bytes, Known], *, finished: bool | None = None
    ) -> set[bytes]:
        """Compare a file, or all below a folder; return what could not be seen."""
        walk = Walk(self._root.path, self._excluded)
        for difference in compare(self._living(walk.at(place)), known, walk.unreadable):
            match difference:
                case Arrived():
                    # only the file that an event named is known to be changing just now
                    named = difference.entry.relpath == place
                    quiet_s = self._quiet_s(finished=finished) if named else None
                    self._arrivals.take(difference, self._now(), quiet_s)
                case Back():
                    self._arrivals.back(difference)
                case Gone():
                    self._absence.seen(difference.known, self._now())
        self._arrivals.flush()
        for relpath in sorted(walk.unreadable - self.unreadable):
            log.warning("%s cannot be read", printable(join(self._root.path, relpath)))
        return walk.unreadable

    def _quiet_s(self, *, finished: bool | None) -> Seconds | None:
        settings = self._arrivals.settings
        if finished is None:
            return None
        return Seconds(settings.settle_closed_seconds if finished else settings.settle_seconds)

    def _living(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        for entry in entries:
            self._alive()
            yield entry
