"""The pool in Prometheus: what it holds now, and what has been decided since."""

import time
from collections import Counter
from typing import Any, Final

from playlista.metrics import Metrics
from playlista.pool.decision import Action, Decision
from playlista.pool.memory import Memory
from playlista.pool.outcome import Exit
from playlista.pool.processor import Processors
from playlista.pool.slot import State
from playlista.pool.supervisor import Pool

WEIGH_S: Final = 1.0  # between two looks at the workers' memory
UNKNOWN: Final = float("nan")  # as Prometheus says it: a zero would be a reading


class Gauges:
    """Shows a pool; counters move by what is new since the last look.

    Attributes:
        worker_memory_bytes: Resident memory of all workers; None until it was weighed.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._exits: Counter[Exit] = Counter()
        self._weighed = 0.0
        self.worker_memory_bytes: int | None = None

    def show(
        self, pool: Pool[Any], decision: Decision, ceiling: int, *, failsafe: float, weigh: bool
    ) -> None:
        """Show the pool after a decision."""
        metrics = self._metrics
        states = pool.states
        for state in State:
            metrics.workers.labels(state).set(states[state])
        metrics.workers_target.set(decision.target)
        metrics.workers_limit.set(ceiling)
        metrics.memory_failsafe.set(failsafe)
        metrics.memory_failsafe_active.set(not decision.lease)
        if decision.action is not Action.HOLD:
            metrics.pool_decisions.labels(decision.action, decision.reason).inc()
        self._count_exits(pool.exits)
        if weigh:
            self._weigh(pool)

    def show_machine(self, seen: Memory | None, processors: Processors) -> None:
        """Show what the decision was made by."""
        metrics = self._metrics
        metrics.processors_usable.set(processors.cores)
        readings = [
            (metrics.memory_used, None if seen is None else seen.used_ratio),
            (metrics.memory_available, None if seen is None else seen.available_bytes),
            (metrics.memory_stalled, None if seen is None else seen.stalled),
            (metrics.processors_others, processors.others),
            (metrics.processors_contended, processors.contended),
        ]
        for gauge, reading in readings:
            gauge.set(UNKNOWN if reading is None else reading)

    def _count_exits(self, exits: Counter[Exit]) -> None:
        # a new pool begins at zero again
        for reason, count in exits.items():
            self._metrics.worker_exits.labels(reason).inc(max(0, count - self._exits[reason]))
        self._exits = Counter(exits)

    def _weigh(self, pool: Pool[Any]) -> None:
        now = time.monotonic()
        if now - self._weighed >= WEIGH_S:
            self._weighed = now
            self.worker_memory_bytes = sum(pool.rss().values())
            self._metrics.worker_memory.set(self.worker_memory_bytes)
