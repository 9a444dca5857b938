"""Backlog → pool → results: who is analysed now, and by how many at once."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from playlista.config.settings import Config
from playlista.errors import StoreBusy, TooLarge, printable
from playlista.metrics import Metrics
from playlista.pipeline import plan, terms
from playlista.pipeline.gauges import Gauges
from playlista.pipeline.save import Save
from playlista.pool import governor, memory, need, processor
from playlista.pool.governor import Decision, Past, View
from playlista.pool.memory import Memory
from playlista.pool.outcome import Outcome
from playlista.pool.slot import State
from playlista.pool.supervisor import Pool
from playlista.records import AnalysisRequest, Job, Tier
from playlista.store.backlog import Backlog
from playlista.units import GIGABYTE, Bytes, Seconds

TICK_S: Final = 0.5  # while something is being analysed
IDLE_S: Final = 1.0  # while nothing is; intake wakes it at once
OFFERED: Final = 32  # candidates looked at in one go
PATIENCE_S: Final = 60.0  # so long smaller tracks may pass one that does not fit (a guess)
GRACE_S: Final = 5.0  # for running tracks at the end; SIGTERM must be done in 10 s
SMOOTHING: Final = 0.2  # of the running mean of seconds per track (a guess)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Facts:
    """What status tells of the pool."""

    workers: dict[str, Any]
    memory: dict[str, Any]


class Dispatch:
    """The loop between the backlog and the pool.

    Args:
        backlog: Where tracks wait.
        save: Where results go.
        config: The whole of it: pool, audio and libraries.
        metrics: Where it is counted.
        patient: Nobody waits for playlists in between (``analyze``).
        on_settled: Called with the number of results that were committed, possibly none.

    Attributes:
        calm: Nothing is waiting for a worker or with one.
        settled: How many analyses have ended, with or without a result.
        facts: What status tells; replaced whole.
    """

    def __init__(
        self,
        backlog: Backlog,
        save: Save,
        config: Config,
        metrics: Metrics,
        *,
        patient: bool,
        on_settled: Callable[[int], None],
    ) -> None:
        self._backlog = backlog
        self._save = save
        self._patient = patient
        self._on_settled = on_settled
        self._gauges = Gauges(metrics)
        self._next_config: Config | None = None
        self._past = Past()
        self._unsaved: list[Outcome[Job]] = []
        self._in_hand: set[int] = set()
        self._alone = False
        self._worked = self._ceiling = 0
        self._passed: tuple[int, float] | None = None
        self._seconds: dict[str, float] = {}
        self._adopt(config)
        self._pool: Pool[Job] = Pool(self._terms)
        self.facts = Facts(self._workers_fact(0, 0, "starting"), self._memory_fact(None))
        self._stirred = False
        self.calm = False
        self.settled = 0

    def _adopt(self, config: Config) -> None:
        now = memory.read()
        size = None if now is None else now.limit_bytes
        self._config = config
        self._limits = terms.limits(config.pool)
        self._terms = terms.workers(config)
        self._decoding = terms.decoding(config.audio, size)
        guess = config.pool.memory_per_worker_gb
        first = need.first_guess(size) if guess == "auto" else Bytes(int(guess * GIGABYTE))
        self._needs = need.Needs(first)

    @property
    def worker_memory_bytes(self) -> int | None:
        """Resident memory of all workers; None when it is not monitored."""
        return self._gauges.worker_memory_bytes

    # --- from other threads ---------------------------------------------------

    def reload(self, config: Config) -> None:
        """Work by another configuration from the next step on."""
        self._next_config = config

    def wake(self) -> None:
        """Look at the backlog now."""
        self._stirred = True
        self.calm = False
        self._pool.wake()

    # --- the loop ---------------------------------------------------------------

    def run(self, stop: threading.Event, beat: Callable[[], None]) -> None:
        """Dispatch until told to stop; the workers live and die with this thread."""
        try:
            while not stop.is_set():
                beat()
                self.step()
        finally:
            self._finish(self._pool.close(GRACE_S))

    def step(self) -> None:
        """Decide, lease, collect and save once."""
        self._stirred = False
        try:
            self._reload_if_asked()
            waiting = self._hand_out()
        except StoreBusy as busy:
            log.warning("%s", busy)
            waiting = True
        busy_now = bool(self._in_hand)
        self.calm = not (waiting or busy_now or self._unsaved or self._stirred)
        self._finish(self._pool.collect(TICK_S if busy_now else IDLE_S))

    def _hand_out(self) -> bool:
        """Lease what may be leased now; tell whether there was anything that has its turn."""
        offered = self._backlog.ready(OFFERED)
        decision, seen = self._govern(offered)
        situation = self._situation(seen)
        tiers = {job: self._tier_now(job, situation) for job in offered}
        turns = [(job, tier) for job, tier in tiers.items() if tier is not None]
        if decision.lease:
            self._lease(turns, seen)
        self._worked = self._pool.running
        self._show(decision, seen)
        return bool(turns)

    def _tier_now(self, job: Job, situation: plan.Situation) -> Tier | None:
        return plan.tier_now(job, self._backlog.wanted, self._config.pool, situation)

    def _reload_if_asked(self) -> None:
        config = self._next_config
        if config is None:
            return
        self._backlog.want(terms.wanted_tier(config))
        if self._next_config is config:
            self._next_config = None
        before = self._terms
        self._adopt(config)
        if self._terms != before:
            self._finish(self._pool.close(GRACE_S))
            self._pool = Pool(self._terms)

    def _govern(self, offered: list[Job]) -> tuple[Decision, Memory | None]:
        seen = memory.read()
        processors = processor.read()
        states = self._pool.states
        view = View(
            now=time.monotonic(),
            memory=seen,
            processors=processors,
            backlog=len(offered),
            # one that has just finished has not been without work, and is about to get more
            running=max(self._pool.running, self._worked),
            workers=sum(states.values()) - states[State.ENDING],
        )
        decision = governor.decide(view, self._past, self._limits)
        self._past = decision.past
        self._pool.resize(decision.target)
        if decision.shed and self._pool.running > decision.target:
            self._pool.shed(decision.shed)
        if decision.kill_largest:
            self._pool.kill_largest()
        self._ceiling = governor.ceiling_of(view, self._limits)
        return decision, seen

    def _show(self, decision: Decision, seen: Memory | None) -> None:
        """Tell status and Prometheus, with the workers as they will be for the next while."""
        reason = self._pool.trouble or decision.reason.value
        self.facts = Facts(
            self._workers_fact(decision.target, self._ceiling, reason), self._memory_fact(seen)
        )
        self._gauges.show(
            self._pool,
            decision,
            self._ceiling,
            seen,
            failsafe=self._limits.failsafe,
            weigh=self._config.audio.memory_monitoring_enabled,
        )

    def _lease(self, turns: list[tuple[Job, Tier]], seen: Memory | None) -> None:
        for job, tier in turns:
            room = self._config.pool.queue_max_size - len(self._in_hand)
            if self._alone or min(room, self._pool.free) <= 0:
                return
            if not self._try(job, tier, seen):
                return

    def _try(self, job: Job, tier: Tier, seen: Memory | None) -> bool:
        """Lease and submit a track if it may run now; False when nobody may pass it."""
        pool = self._config.pool
        refusal = plan.refusal(job, pool)
        if refusal is not None:
            self._save([Outcome(job, None, Seconds(0), error=TooLarge(job.path, refusal))])
            self.settled += 1
            return True
        alone = plan.runs_alone(job, pool)
        if alone and self._in_hand:
            return True
        needed = plan.need(job, tier, self._decoding, self._needs)
        if self._in_hand and not governor.admits(needed, self._pool.reserved(), seen, self._limits):
            return self._pass_over(job)
        if self._backlog.lease(job):
            request = AnalysisRequest(job.path, tier, job.signature, self._decoding)
            self._in_hand.add(job.file_id)
            self._alone = alone
            self._passed = None
            leased = replace(job, tier=tier)
            self._pool.submit(leased, request, plan.limit_s(job, pool), need=needed)
        return True

    def _pass_over(self, job: Job) -> bool:
        """Let smaller tracks pass one that does not fit, but not for ever."""
        now = time.monotonic()
        if self._passed is None or self._passed[0] != job.file_id:
            self._passed = (job.file_id, now)
        return now - self._passed[1] < PATIENCE_S

    def _situation(self, seen: Memory | None) -> plan.Situation:
        return plan.Situation(
            available_bytes=None if seen is None else seen.available_bytes,
            backlog_s=None if self._patient else self._time_left(),
        )

    def _time_left(self) -> float | None:
        """Estimate the wall seconds to the end of the backlog; None before the first result."""
        each = self._seconds.get(self._backlog.wanted)
        if each is None:
            return None
        return self._backlog.ready_count() * each / max(1, self._past.target)

    def _finish(self, outcomes: list[Outcome[Job]]) -> None:
        for outcome in outcomes:
            self._in_hand.discard(outcome.key.file_id)
            self._learn(outcome)
        if not self._in_hand:
            self._alone = False
        self._unsaved += outcomes
        if not self._unsaved:
            return
        before = len(self._unsaved)
        try:
            kept = self._save(self._unsaved)
        except StoreBusy as busy:
            log.warning("results wait: %s", busy)
        else:
            self._on_settled(kept)
        self.settled += before - len(self._unsaved)

    def _learn(self, outcome: Outcome[Job]) -> None:
        tier = outcome.key.tier
        if outcome.peak is not None:
            self._needs.learn(tier, outcome.peak)
        if outcome.value is not None:
            known = self._seconds.get(tier, outcome.seconds)
            self._seconds[tier] = known + SMOOTHING * (outcome.seconds - known)
            log.debug("done %s in %.2f s", printable(outcome.key.path), outcome.seconds)

    def _workers_fact(self, target: int, limit: int, reason: str) -> dict[str, Any]:
        running = sum(self._pool.states.values()) if limit else 0
        return {"running": running, "target": target, "limit": limit, "reason": reason}

    def _memory_fact(self, seen: Memory | None) -> dict[str, Any]:
        return {
            "used_ratio": None if seen is None else round(seen.used_ratio, 4),
            "failsafe_ratio": self._limits.failsafe,
            "source": None if seen is None else seen.source,
        }
