"""Files that seem gone, until it is certain.

Pure. Deletions are believed last, so that a move seen in halves is a move; and a loss of
many files at once is not believed at all: it is far more often a disk than a person.
"""

from collections.abc import Iterable

from playlista.records import Known
from playlista.units import Seconds

QUIET_S = 2.0  # watchdog reports the halves of a move up to 0.5 s apart (measured)
PATIENCE_S = 30.0  # the longest wait while more and more disappears (a guess)
SEARCH_S = 600.0  # so long what is gone is sought in vain among what is new (a guess)
AGAIN_S = 5.0  # between two looks whether it was found (a guess)
MASS_N = 50
MASS_SHARE = 0.2
"""More files than this, and a larger share of a root than this, are a mass disappearance."""


class Absence:
    """Known files that were not where they were."""

    def __init__(self) -> None:
        self._gone: dict[int, Known] = {}
        self._first = self._due = Seconds(0)
        self._sought_since = Seconds(0)
        self._sought: set[int] = set()

    def __len__(self) -> int:
        return len(self._gone)

    def seen(self, known: Known, now: Seconds) -> None:
        """Note that a file was not there."""
        if known.file_id in self._gone:
            return
        if not self._gone:
            self._first, self._sought = now, set()
        self._gone[known.file_id] = known
        self._due = Seconds(min(now + QUIET_S, self._first + PATIENCE_S))

    def due(self, now: Seconds) -> list[Known]:
        """Take out everything, once nothing more has disappeared for the quiet time.

        All at once, because only together do they show whether it was a disk.
        """
        if now < self._due:
            return []
        taken, self._gone = list(self._gone.values()), {}
        return taken

    def next_due(self) -> Seconds | None:
        """Return when something will be due; None when nothing is missing."""
        return self._due if self._gone else None

    @property
    def is_sought(self) -> bool:
        """Whether what is gone could still be found elsewhere."""
        return bool(self._sought and self._gone)

    def put_back(self, gone: Iterable[Known], now: Seconds) -> bool:
        """Put back what could still be found elsewhere; False once none was for too long."""
        still = {known.file_id: known for known in gone}
        if self._sought != still.keys():  # one was found, or one more is gone
            self._sought_since = now
        if now - self._sought_since >= SEARCH_S:
            return False
        self._gone, self._sought = still, set(still)
        self._first, self._due = now, Seconds(now + AGAIN_S)
        return True

    def clear(self) -> None:
        """Forget everything: the disk itself was gone."""
        self._gone = {}


def is_mass(gone_n: int, remembered_n: int) -> bool:
    """Tell whether so many files gone at once should be confirmed by a person."""
    return gone_n > MASS_N and gone_n > MASS_SHARE * remembered_n
