"""What keeps the database well: a copy each day, a short log, nothing remembered for ever."""

import logging
import time
from collections.abc import Callable
from threading import Event
from typing import Final

from playlista.config.settings import StoreSettings
from playlista.errors import StoreBroken, StoreBusy
from playlista.metrics import Metrics
from playlista.pipeline import terms
from playlista.pipeline.part import Beat
from playlista.pool.outcome import Outcome
from playlista.pool.supervisor import Pool
from playlista.store import backup, tombstones
from playlista.store.database import Database

DAY_S: Final = 86_400.0
FIRST_S: Final = 60.0  # after the start, which has enough to do (a guess)
SHORTEN_S: Final = 300.0  # a guess: SQLite keeps the log below 4 MB unless somebody reads for long
REMEMBER_S: Final = 3600.0  # what a kill may take from the time awake (a guess)
LOOK_S: Final = 600.0  # between two looks whether a copy is due (a guess)
RETRY_S: Final = 3600.0  # after one that failed (a guess)
LIMIT_S: Final = 3600.0  # for one copy: 10 GB on a slow disk (a guess)
TICK_S: Final = 1.0

log = logging.getLogger(__name__)


class Upkeep:
    """Chores, each in its own time.

    Args:
        database: The store.
        settings: How often to copy, and how long to remember.
        metrics: Where copies are counted.
        calm: Tells whether the backlog is drained.
        squeezed: Tells whether a copy has to wait.
        clock: Monotonic seconds; a test brings its own.
    """

    def __init__(
        self,
        database: Database,
        settings: StoreSettings,
        metrics: Metrics,
        calm: Callable[[], bool],
        squeezed: Callable[[], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings
        self._database = database
        self._metrics = metrics
        self._calm = calm
        self._squeezed = squeezed
        self._clock = clock
        self._counted_to = clock()
        self._look_at = clock() + FIRST_S
        self._chores = {
            self._remember: REMEMBER_S,
            self._forget: DAY_S,
            self._shorten_log: SHORTEN_S,
        }
        self._due = dict.fromkeys(self._chores, clock() + FIRST_S)

    def run(self, stop: Event, beat: Beat) -> None:
        """Do what is due until told to stop."""
        self._do(self._show_newest)
        while not stop.wait(TICK_S):
            beat()
            self.tend(stop, beat)
        self._do(self._remember)

    def tend(self, stop: Event, beat: Beat) -> None:
        """Do what is due now.

        Raises:
            StoreBroken: The copy shows that the database is damaged.
        """
        now = self._clock()
        for chore, period in self._chores.items():
            if now >= self._due[chore]:
                self._due[chore] = now + (period if self._do(chore) else LOOK_S)
        if now >= self._look_at:
            self._look_at = now + LOOK_S
            self._do(lambda: self._copy(stop, beat))

    def _do(self, chore: Callable[[], None]) -> bool:
        """Do a chore; tell whether the database let us."""
        try:
            chore()
        except StoreBusy as busy:
            log.warning("upkeep is put off: %s", busy.what)
            return False
        return True

    def _shorten_log(self) -> None:
        if self._calm():
            self._database.shorten_log()

    def _remember(self) -> None:
        now = self._clock()
        with self._database.transaction() as write:
            tombstones.remember(write, now - self._counted_to)
        self._counted_to = now

    def _forget(self) -> None:
        with self._database.transaction() as write:
            forgotten = tombstones.forget(write, self.settings.tombstone_days * DAY_S)
        if forgotten:
            log.info(
                "files forgotten=%d, gone for %g days", forgotten, self.settings.tombstone_days
            )

    # --- the copy -------------------------------------------------------------------

    def _is_old(self) -> bool:
        """Tell whether a copy is due; one from the future was made by a wrong clock."""
        made_at = backup.made_at(self._database.path)
        interval_s = self.settings.backup_interval_hours * 3600
        is_new = made_at is not None and 0 <= time.time() - made_at < interval_s
        return interval_s > 0 and not is_new

    def _copy(self, stop: Event, beat: Beat) -> None:
        """Have a child make one if it is time: it is killed if the daemon ends, or is squeezed."""
        if self._squeezed() or not self._is_old():
            return
        pool: Pool[str] = Pool(terms.copyist())
        try:
            pool.resize(1)
            pool.submit("copy", self._database.path, LIMIT_S)
            while not (stop.is_set() or self._squeezed()):
                beat()
                for outcome in pool.collect(TICK_S):
                    self._note(outcome)
                    return
        finally:
            pool.close()

    def _note(self, outcome: Outcome[str]) -> None:
        good = not (outcome.value or outcome.error or outcome.crash)
        self._metrics.database_backups.labels("ok" if good else "failed").inc()
        if outcome.value is not None:
            raise StoreBroken(outcome.value)
        if good:
            log.info("database copied in %.1f s", outcome.seconds)
            self._show_newest()
        else:
            log.warning("no copy of the database: %s", outcome.error or outcome.detail)
            self._look_at = self._clock() + RETRY_S

    def _show_newest(self) -> None:
        self._metrics.database_backup.set(backup.made_at(self._database.path) or 0)
