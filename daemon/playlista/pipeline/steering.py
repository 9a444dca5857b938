"""The governor's hand on the pool: what is seen goes in, what is decided is done and shown."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from playlista.metrics import Metrics
from playlista.pipeline.gauges import Gauges
from playlista.pool import governor, memory
from playlista.pool.decision import Bound, Decision, Past, View
from playlista.pool.limits import Limits
from playlista.pool.processor import Meter
from playlista.pool.slot import State
from playlista.pool.supervisor import Pool
from playlista.units import Bytes

LOOK_S: Final = 0.25  # between two looks at memory: 1 ms each, and short tracks end far more often

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Facts:
    """What status tells of the pool."""

    workers: dict[str, Any]
    memory: dict[str, Any]
    processors: dict[str, Any]


class Steering:
    """Steers a pool within limits.

    Args:
        metrics: Where it is shown.
        limits: What may be taken of the machine; may be replaced.
        weigh: Whether the workers' memory is shown; may be replaced.
        bound: Tells what people allow.

    Attributes:
        facts: What status tells; replaced whole.
        squeezed: Whoever is no worker must be gone: memory is short, or somebody paused.
    """

    def __init__(
        self, metrics: Metrics, limits: Limits, *, weigh: bool, bound: Callable[[], Bound | None]
    ) -> None:
        self.limits = limits
        self.weigh = weigh
        self._bound = bound
        self._gauges = Gauges(metrics)
        self._meter = Meter()
        self._past = Past()
        self._worked = self._ceiling = 0
        self._trouble: str | None = None
        self.squeezed = False
        self._seen: memory.Memory | None = None
        self._looked = float("-inf")
        self._processors = self._meter.read()
        self.facts = self._facts(0, 0, "starting")

    @property
    def target(self) -> int:
        """How many workers there may be."""
        return self._past.target

    @property
    def available_bytes(self) -> int | None:
        """Memory that could be taken at the last look; None when it cannot be read."""
        return None if self._seen is None else self._seen.available_bytes

    @property
    def worker_memory_bytes(self) -> int | None:
        """Resident memory of all workers; None when it is not monitored."""
        return self._gauges.worker_memory_bytes

    def steer(self, pool: Pool[Any], backlog: int) -> Decision:
        """Look, decide and do it; ``backlog`` tracks could be leased."""
        now = time.monotonic()
        if now - self._looked >= LOOK_S:
            self._looked, self._seen = now, memory.read(last=self._seen)
        self._processors = self._meter.read()
        states, bound = pool.states, self._bound()
        view = View(
            now=now,
            memory=self._seen,
            processors=self._processors,
            backlog=backlog,
            # one that has just finished has not been without work, and is about to get more
            running=max(pool.running, self._worked),
            workers=sum(states.values()) - states[State.ENDING],
            bound=bound,
        )
        decision = governor.decide(view, self._past, self.limits)
        self._past = decision.past
        self.squeezed = not decision.lease or (bound is not None and bound.at_once)
        self._ceiling = governor.ceiling_of(view, self.limits)
        pool.resize(decision.target)
        if decision.shed and pool.running > decision.target:
            pool.shed(decision.shed)
        if decision.kill_largest:
            pool.kill_largest()
        return decision

    def admits(self, pool: Pool[Any], need: Bytes) -> bool:
        """Tell whether a track that needs so much fits beside those in hand."""
        return governor.admits(need, pool.reserved(), self._seen, self.limits)

    def show(self, pool: Pool[Any], decision: Decision) -> None:
        """Tell status and Prometheus, with the workers as they will be for the next while."""
        self._worked = pool.running
        if pool.trouble and pool.trouble != self._trouble:
            log.warning("a worker did not start: %s", pool.trouble)
        self._trouble = pool.trouble
        running = sum(pool.states.values())
        self.facts = self._facts(running, self._ceiling, pool.trouble or decision.reason.value)
        self._gauges.show_machine(self._seen, self._processors)
        self._gauges.show(
            pool, decision, self._ceiling, failsafe=self.limits.failsafe, weigh=self.weigh
        )

    def _facts(self, running: int, limit: int, reason: str) -> Facts:
        seen, processors = self._seen, self._processors
        return Facts(
            {"running": running, "target": self.target, "limit": limit, "reason": reason},
            {
                "used_ratio": None if seen is None else round(seen.used_ratio, 4),
                "failsafe_ratio": self.limits.failsafe,
                "source": None if seen is None else seen.source,
                "limit_bytes": None if seen is None else seen.tightest.limit,
                "available_bytes": None if seen is None else seen.available_bytes,
                "stalled_ratio": None if seen is None else seen.stalled,
            },
            {
                "usable": processors.cores,
                "source": processors.source,
                "others": None if processors.others is None else round(processors.others, 2),
                "contended_ratio": processors.contended,
            },
        )
