"""Where tracks wait for the model: each goes in once and comes out once, by any thread."""

import threading
from collections import deque
from dataclasses import dataclass, replace

from playlista.pool.outcome import Outcome
from playlista.records import Analysis, Draft, Job
from playlista.units import Bytes, Seconds


@dataclass(eq=False, slots=True)
class Waiting:
    """A track on its way to the model.

    Attributes:
        outcome: What its worker handed over.
        model: Who was asked last.
        tries: How often the model's process died of it.
    """

    outcome: Outcome[Job]
    model: str = ""
    tries: int = 0

    @property
    def draft(self) -> Draft:
        """What its worker made of it."""
        assert isinstance(self.outcome.value, Draft)
        return self.outcome.value


class WaitingRoom:
    """The queue, the one that is being heard, and those that are done.

    Whoever was let go while being heard is gone: what is said of it then has no effect.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._queue: deque[Waiting] = deque()
        self._called: Waiting | None = None
        self._done: list[Outcome[Job]] = []
        self._closed = False

    @property
    def waiting_bytes(self) -> Bytes:
        """How many bytes of patches nobody has heard yet."""
        with self._guard:
            return Bytes(sum(len(one.draft.patches) for one in self._undone()))

    def enter(self, outcome: Outcome[Job]) -> None:
        """Let a draft wait; after ``close`` it is done as it is."""
        waiting = Waiting(outcome)
        with self._guard:
            if self._closed:
                self._let_go(waiting)
            else:
                self._queue.append(waiting)

    def call(self) -> Waiting | None:
        """Return who is to be heard now; None while nobody waits, or one is being heard."""
        with self._guard:
            if self._called is None and self._queue:
                self._called = self._queue.popleft()
                return self._called
            return None

    def back(self, waiting: Waiting) -> None:
        """Let the one that was called wait again, behind all others."""
        with self._guard:
            if self._called is waiting:
                self._called = None
                self._queue.append(waiting)

    def leave(self, waiting: Waiting, analysis: Analysis, seconds: float = 0.0) -> None:
        """Let the one that was called go with its analysis, which took so much longer."""
        with self._guard:
            if self._called is waiting:
                self._called = None
                spent = Seconds(waiting.outcome.seconds + seconds)
                self._done.append(replace(waiting.outcome, value=analysis, seconds=spent))

    def pass_by(self, outcome: Outcome[Job], analysis: Analysis) -> None:
        """Take an analysis that needs no hearing."""
        with self._guard:
            self._done.append(replace(outcome, value=analysis))

    def take(self) -> list[Outcome[Job]]:
        """Return what is done, and forget it."""
        with self._guard:
            done, self._done = self._done, []
            return done

    def clear(self) -> bool:
        """Let everybody go unheard; tell whether anybody was there."""
        with self._guard:
            waiting = self._undone()
            self._called = None
            self._queue.clear()
            for one in waiting:
                self._let_go(one)
            return bool(waiting)

    def close(self) -> None:
        """Let everybody go unheard, and whoever still comes."""
        with self._guard:
            self._closed = True
        self.clear()

    def _undone(self) -> list[Waiting]:
        return [one for one in (self._called, *self._queue) if one is not None]

    def _let_go(self, waiting: Waiting) -> None:
        self._done.append(replace(waiting.outcome, value=waiting.draft.analysis))
