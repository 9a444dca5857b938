"""The workers there are: hired, counted, dismissed and buried."""

import time
from collections import Counter
from collections.abc import Hashable
from typing import Generic, TypeVar

from playlista.pool.outcome import Exit
from playlista.pool.slot import Slot, State, Terms
from playlista.pool.starts import Starts

K = TypeVar("K", bound=Hashable)


class Crew(Generic[K]):
    """All workers of a pool, the newest last.

    Attributes:
        slots: Every worker, the killed included until they are gone.
        starts: Whether workers can be started at all.
        exits: How many have left, by reason.
    """

    def __init__(self, terms: Terms) -> None:
        self.slots: list[Slot[K]] = []
        self.starts = Starts()
        self.exits: Counter[Exit] = Counter()
        self._terms = terms

    def among(self, *states: State) -> list[Slot[K]]:
        """Return the workers in any of these states."""
        return [slot for slot in self.slots if slot.state in states]

    def count(self, *states: State) -> int:
        """Return how many workers are in any of these states."""
        return len(self.among(*states))

    @property
    def living(self) -> int:
        """How many workers have not been killed."""
        return self.count(State.STARTING, State.IDLE, State.BUSY)

    def readiest(self) -> Slot[K] | None:
        """Return the idle worker that worked last: its caches are warm."""
        return max(self.among(State.IDLE), key=lambda slot: slot.since, default=None)

    def heaviest(self) -> Slot[K] | None:
        """Return the living worker that holds most memory."""
        living = self.among(State.STARTING, State.IDLE, State.BUSY)
        return max(living, key=lambda slot: slot.child.rss(), default=None)

    def hire(self, wanted: int, room: int) -> None:
        """Start workers until so many are starting, never more in all than there is room for.

        The killed still take room until they are gone: so does their memory.
        """
        while (
            self.count(State.STARTING) < wanted
            and len(self.slots) < room
            and self.starts.may_try(self.count(State.STARTING))
        ):
            try:
                self.slots.append(Slot(self._terms))
            except OSError as e:
                self.starts.failed(f"no new process: {e}")

    def end(self, slot: Slot[K], why: Exit) -> None:
        """Kill a worker without waiting for its death."""
        self.exits[why] += 1
        slot.end(why)

    def trim(self, size: int) -> None:
        """Let go of workers beyond this size, those without work only: the longest idle first."""
        spare = self.among(State.STARTING) + sorted(
            self.among(State.IDLE), key=lambda slot: slot.since
        )
        surplus = len(spare) + self.count(State.BUSY) - size
        for slot in spare[: max(0, surplus)]:
            self.end(slot, Exit.RETIRED)

    def bury(self, slot: Slot[K]) -> int | None:
        """Strike off a worker that has hung up; return its exit status, None if it still ran."""
        self.slots.remove(slot)
        return slot.child.bury()

    def forget(self, slot: Slot[K]) -> None:
        """Strike off a killed worker that does not die: the kernel holds it, as on a dead mount.

        The interpreter collects it when a later child is started.
        """
        self.slots.remove(slot)
        slot.child.line.close()

    def forget_all(self) -> None:
        """Strike off whoever is left."""
        for slot in list(self.slots):
            self.forget(slot)

    def appointment(self) -> float:
        """Return when the first worker will have been in its state for too long."""
        return min((slot.due for slot in self.slots), default=float("inf"))

    def overdue(self) -> list[Slot[K]]:
        """Return the workers that have been in their state for too long."""
        now = time.monotonic()
        return [slot for slot in self.slots if slot.due <= now]
