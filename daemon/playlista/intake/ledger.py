"""Differences on their way into the database: in one order, counted, announced."""

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from playlista import records
from playlista.metrics import Metrics
from playlista.records import Known, Vanished
from playlista.store.tracks import Tracks
from playlista.watch.reconcile import Difference

Line = tuple[Difference, records.Difference]


@dataclass(frozen=True, slots=True)
class Found:
    """How many differences of each kind have just been written."""

    new: int = 0
    changed: int = 0
    moved: int = 0
    returned: int = 0
    vanished: int = 0


class Ledger:
    """The one place where what was found becomes what is remembered.

    Args:
        tracks: The library.
        metrics: Where differences are counted.
        changed: Called after each transaction, from the thread that wrote it.
        expected: Called when something has been seen that is still settling.
    """

    def __init__(
        self,
        tracks: Tracks,
        metrics: Metrics,
        changed: Callable[[Found], object],
        expected: Callable[[], object],
    ) -> None:
        self.tracks = tracks
        self.metrics = metrics
        self.expected = expected
        self._changed = changed
        # roots are read by several threads: what one believes gone, another may just be moving
        self._order = threading.Lock()

    def write(self, lines: Sequence[Line]) -> None:
        """Write differences in one transaction.

        Raises:
            StoreBusy: Nothing was written.
        """
        with self._order:
            self.tracks.apply(difference for _, difference in lines)
        self._announce(Counter(kind for kind, _ in lines))

    def lose(self, gone: Iterable[Known]) -> list[Known]:
        """Mark files that are gone; what another file holds has moved there (ADR 0015).

        Returns:
            Those that have not, nor were matched elsewhere.

        Raises:
            StoreBusy: Nothing was written.
        """
        with self._order:
            gone = self.tracks.unchanged(gone)
            lost = self.tracks.lose(gone)
        self._announce(Counter({Difference.MOVED: len(gone) - len(lost)}))
        return lost

    def vanish(self, gone: Iterable[Known], allowed: Callable[[int], bool]) -> None:
        """Write tombstones for files that are gone, unless they were matched elsewhere.

        Args:
            gone: What is not on disk any more.
            allowed: Asked with the number of files that would vanish.

        Raises:
            StoreBusy: Nothing was written.
        """
        with self._order:
            gone = self.tracks.unchanged(gone)
            if not gone or not allowed(len(gone)):
                return
            self.tracks.apply(Vanished(known.file_id) for known in gone)
        self._announce(Counter({Difference.VANISHED: len(gone)}))

    def _announce(self, kinds: Counter[Difference]) -> None:
        for kind, count in kinds.items():
            self.metrics.scan_differences.labels(kind).inc(count)
        if any(kinds.values()):
            self._changed(Found(**{kind.value: count for kind, count in kinds.items()}))
