"""What workers are told of the library, so that no recording is listened to twice (ADR 0015)."""

from collections.abc import Collection, Iterable

from playlista.pool.outcome import Outcome
from playlista.records import Analysis, Job, Recognised
from playlista.sieve import Sieve
from playlista.store.backlog import Backlog


class Recognition:
    """Who is asked whether a file holds a known recording.

    Args:
        backlog: The library.
    """

    def __init__(self, backlog: Backlog) -> None:
        self._backlog = backlog
        self._sieve: Sieve | None = None
        self._strangers: set[tuple[int, int]] = set()

    def sieve(self, job: Job) -> Sieve:
        """Return what a file may be recognised by: nothing if it is known, or was asked in vain.

        Raises:
            StoreBusy: The library cannot be read just now.
        """
        if job.upgrade or (job.file_id, job.generation) in self._strangers:
            return Sieve()
        if self._sieve is None:
            self._sieve = self._backlog.sieve()
        return self._sieve

    def learn(self, outcomes: Iterable[Outcome[Job]], kept: Collection[Job]) -> None:
        """Take note of what was saved, and of who only seemed to be known."""
        for outcome in outcomes:
            job = outcome.key
            match outcome.value:
                case Analysis(prints=prints):
                    self._strangers.discard((job.file_id, job.generation))
                    if self._sieve is not None:
                        self._sieve.add(filter(None, (prints.opening, prints.flac)))
                case Recognised() if job not in kept:
                    self._strangers.add((job.file_id, job.generation))
