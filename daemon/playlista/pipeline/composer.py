"""The loop that refreshes playlists: one at a time, composed in a child that leaves when idle."""

import logging
import threading
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Final

from playlista.errors import OperatorError, StoreBroken, TryAgain
from playlista.pipeline.pace import Pace
from playlista.pipeline.refresh import Refresh
from playlista.pool.outcome import Crash
from playlista.pool.slot import Terms
from playlista.pool.supervisor import Pool
from playlista.records import Composition

LIMIT_S: Final = 900.0  # 10,000 tracks take 1.2 s on a server core (ADR 0010); far from it
RETRY_S: Final = 10.0  # after a refusal of the disk, or a lost child (a guess)
TICK_S: Final = 0.2
CHECK_S: Final = 5.0  # between two looks whether the files are still there (a guess)

log = logging.getLogger(__name__)


class Composer:
    """Composes and publishes whenever it is time.

    Args:
        refresh: Turns compositions into files.
        pace: When.
        terms: How the child is made.
        database: What the child reads.
        calm: Tells whether the backlog is drained.
        squeezed: Tells whether the child must be gone, and playlists wait.

    Attributes:
        published: Whether the playlists have been brought up to date since the start.
    """

    def __init__(
        self,
        refresh: Refresh,
        pace: Pace,
        terms: Terms,
        database: Path,
        calm: Callable[[], bool],
        squeezed: Callable[[], bool],
    ) -> None:
        self._refresh = refresh
        self._pace = pace
        self._terms = terms
        self._database = database
        self._calm = calm
        self._squeezed = squeezed
        self._guard = threading.Lock()
        self._bell = threading.Event()
        self._founded = refresh.founded()
        self._not_before = self._check_at = 0.0
        self._working = self._expected = False
        self._arrived: set[int] = set()
        self._under_way: set[int] = set()
        self.published = False

    @property
    def idle(self) -> bool:
        """Whether every change so far is in the playlists on disk."""
        with self._guard:
            return not (self._pace.asked or self._working)

    def ask(self, arrived: Collection[int] = ()) -> None:
        """Note, from any thread, that the library changed; ``arrived`` tracks were heard."""
        with self._guard:
            self._arrived.update(arrived)
            self._pace.ask(time.monotonic(), len(arrived))
        self._bell.set()

    def expect(self) -> None:
        """Have the child ready: a track is about to settle."""
        self._expected = True
        self._bell.set()

    def run(self, stop: threading.Event, beat: Callable[[], None]) -> None:
        """Refresh until told to stop; the child lives and dies with this thread."""
        pool: Pool[str] = Pool(self._terms)
        try:
            while not stop.is_set():
                beat()
                self._bell.wait(TICK_S if self._pace.asked else 1.0)
                self._bell.clear()
                if self._begin():
                    self._once(pool, stop, beat)
                else:
                    self._rest(pool)
        finally:
            pool.close()

    def _rest(self, pool: Pool[str]) -> None:
        """Do what is to be done between refreshes."""
        pool.resize(int(not self._squeezed()))
        if self._expected:
            self._expected = False
            pool.warm()
        pool.collect(0)
        self._check()

    def _check(self) -> None:
        """Ask for what somebody has taken away to be written again."""
        now = time.monotonic()
        if now < self._check_at or self._pace.asked:
            return
        self._check_at = now + CHECK_S
        try:
            missing = self._refresh.missing()
        except (TryAgain, OperatorError) as error:
            log.warning("the playlists cannot be looked at: %s", error)
            return
        if missing:
            log.warning("%d playlists are gone, and are written again", len(missing))
            self.ask()

    def _begin(self) -> bool:
        now = time.monotonic()
        if now < self._not_before or not self._pace.asked or self._squeezed():
            return False
        calm = self._calm()
        with self._guard:
            if not self._pace.due(now, calm=calm, founded=self._founded):
                return False
            self._pace.begin()
            self._under_way |= self._arrived
            self._arrived = set()
            self._working = True
            return True

    def _once(self, pool: Pool[str], stop: threading.Event, beat: Callable[[], None]) -> None:
        try:
            composition = self._compose(pool, stop, beat)
            if composition is not None:
                self._refresh.adopt(composition)
                self.published = True
                self._refresh.observe_landing(self._under_way)
                self._under_way = set()
                self._founded = self._founded or bool(composition.playlists)
        except StoreBroken:
            raise
        except (TryAgain, OperatorError) as error:
            log.warning("playlists are not up to date: %s", error)
            self._again()
        finally:
            self._working = False

    def _compose(
        self, pool: Pool[str], stop: threading.Event, beat: Callable[[], None]
    ) -> Composition | None:
        pool.resize(1)
        pool.submit("compose", self._database, LIMIT_S)
        while not stop.is_set():
            beat()
            if self._squeezed():
                pool.resize(0)
                pool.shed(1)
            for outcome in pool.collect(TICK_S):
                if isinstance(outcome.value, Composition):
                    return outcome.value
                level = logging.INFO if outcome.crash is Crash.SHED else logging.ERROR
                log.log(level, "composing failed: %s %s %s", outcome.error, outcome.crash,
                        outcome.detail)  # fmt: skip
                self._again()
                return None
        return None

    def _again(self) -> None:
        self._not_before = time.monotonic() + RETRY_S
        self.ask()
