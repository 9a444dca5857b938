"""Backlog → pool → results: who is analysed now, and by how many at once."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from playlista.config.settings import Config
from playlista.errors import StoreBusy, TooLarge
from playlista.metrics import Metrics
from playlista.pipeline import plan, terms
from playlista.pipeline.ear import Ear
from playlista.pipeline.estimates import Estimates
from playlista.pipeline.leave import Leave
from playlista.pipeline.recognition import Recognition
from playlista.pipeline.save import Save
from playlista.pipeline.steering import Facts, Steering
from playlista.pool import memory, need
from playlista.pool.outcome import Outcome
from playlista.pool.supervisor import Pool
from playlista.records import AnalysisRequest, Draft, Job, Tier
from playlista.units import GIGABYTE, MEGABYTE, Bytes, Seconds

TICK_S: Final = 0.5  # while something is being analysed
IDLE_S: Final = 1.0  # while a track waits, or a worker for one
CALM_S: Final = 5.0  # while there is neither; intake wakes it at once
BEHIND: Final = Bytes(16 * MEGABYTE)  # of drafts waiting: a guess, above a deep one's 14 MB
OFFERED: Final = 32  # candidates looked at in one go
PATIENCE_S: Final = 60.0  # so long smaller tracks may pass one that does not fit (a guess)
GRACE_S: Final = 5.0  # for running tracks at the end; SIGTERM must be done in 10 s

log = logging.getLogger(__name__)


class Dispatch:
    """The loop between the backlog and the pool.

    Args:
        save: Where results go.
        ear: Where drafts become results.
        config: The whole of it: pool, audio and libraries.
        metrics: Where it is counted.
        patient: Nobody waits for playlists in between (``analyze``).
        on_settled: Called with the jobs whose results were committed, possibly none.

    Attributes:
        leave: What people allow it.
        calm: Nothing is waiting for a worker or with one.
        settled: How many analyses have ended, with or without a result.
    """

    def __init__(
        self,
        save: Save,
        ear: Ear,
        config: Config,
        metrics: Metrics,
        *,
        patient: bool,
        on_settled: Callable[[list[Job]], None],
    ) -> None:
        self._backlog = save.backlog
        self._save = save
        self._ear = ear
        self._leases = metrics.leases
        self._recognition = Recognition(save.backlog)
        self._patient = patient
        self._on_settled = on_settled
        self._next_config: Config | None = None
        self._unsaved: list[Outcome[Job]] = []
        self._in_hand = 0  # leases, not tracks: one that changes is leased again meanwhile
        self._alone = False
        self._passed: tuple[int, float] | None = None
        self.leave = Leave()
        self._steering = Steering(
            metrics,
            terms.limits(config.pool),
            weigh=config.audio.memory_monitoring_enabled,
            bound=self.leave.bound,
        )
        self._adopt(config)
        self._pool: Pool[Job] = Pool(self._terms)
        self._stirred = self._expected = False
        self.calm = False
        self.settled = 0

    def _adopt(self, config: Config) -> None:
        now = memory.read()
        size = None if now is None else now.limit_bytes
        self._config = config
        if not self._patient:
            self.leave.observe(config.pool)
        self._steering.limits = terms.limits(config.pool)
        self._steering.weigh = config.audio.memory_monitoring_enabled
        self._terms = terms.workers(config)
        self._decoding = terms.decoding(config.audio, size)
        guess = config.pool.memory_per_worker_gb
        first = need.first_guess(size) if guess == "auto" else Bytes(int(guess * GIGABYTE))
        self._estimates = Estimates(need.Needs(first))

    @property
    def facts(self) -> Facts:
        """What status tells of the pool."""
        return self._steering.facts

    @property
    def squeezed(self) -> bool:
        """Whether nobody but workers may hold memory now."""
        return self._steering.squeezed

    @property
    def hopeless(self) -> str | None:
        """Why no worker can be started, after several tries; None while there is hope."""
        return self._pool.trouble if self._pool.hopeless else None

    @property
    def worker_memory_bytes(self) -> int | None:
        """Resident memory of all workers; None when it is not monitored."""
        return self._steering.worker_memory_bytes

    # --- from other threads ---------------------------------------------------

    def reload(self, config: Config) -> None:
        """Work by another configuration from the next step on."""
        self._next_config = config

    def expect(self) -> None:
        """Have a worker ready: a track is about to settle."""
        if not self._expected:
            self._expected = True
            self._pool.wake()

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
            outcomes = self._pool.close(GRACE_S)
            self._ear.close()
            self._finish(outcomes)

    def step(self) -> None:
        """Decide, lease, collect and save once."""
        self._stirred = False
        try:
            self._reload_if_asked()
            self._backlog.want(terms.wanted(self._config, self._ear.model))
            waiting = self._hand_out()
        except StoreBusy as busy:
            log.warning("%s", busy)
            waiting = True
        busy_now = bool(self._in_hand)
        self.calm = not (waiting or busy_now or self._unsaved or self._stirred)
        resting = self.calm and not self.facts.workers["running"]
        self._finish(self._pool.collect(TICK_S if busy_now else CALM_S if resting else IDLE_S))

    def _hand_out(self) -> bool:
        """Lease what may be leased now; tell whether there was anything that has its turn."""
        offered = self._backlog.ready(OFFERED)
        decision = self._steering.steer(self._pool, len(offered))
        situation = self._situation()
        tiers = {job: self._tier_now(job, situation) for job in offered}
        turns = [(job, tier) for job, tier in tiers.items() if tier is not None]
        if decision.lease:
            self._lease(turns)
            self._warm()
        self._steering.show(self._pool, decision)
        return bool(turns)

    def _warm(self) -> None:
        """Start what is expected to be needed: imports take as long as settling does."""
        if self._expected:
            self._expected = False
            self._pool.warm()

    def _tier_now(self, job: Job, situation: plan.Situation) -> Tier | None:
        return plan.tier_now(job, self._backlog.wanted, self._config.pool, situation)

    def _reload_if_asked(self) -> None:
        config, self._next_config = self._next_config, None
        if config is None:
            return
        before = self._terms
        self._adopt(config)
        if self._terms != before:
            self._finish(self._pool.close(GRACE_S))
            self._pool = Pool(self._terms)

    def _lease(self, turns: list[tuple[Job, Tier]]) -> None:
        for job, tier in turns:
            room = self._config.pool.queue_max_size - self._in_hand
            behind = self._ear.waiting_bytes >= BEHIND
            if self._alone or behind or min(room, self._pool.free) <= 0:
                return
            if not self._try(job, tier):
                return

    def _try(self, job: Job, tier: Tier) -> bool:
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
        needed = plan.need(job, tier, self._decoding, self._estimates.needs)
        if self._in_hand and not self._steering.admits(self._pool, needed):
            return self._pass_over(job)
        request = self._request(job, tier)
        if self._backlog.lease(job):
            self._leases.inc()
            self._in_hand += 1
            self._alone = alone
            self._passed = None
            leased = replace(job, tier=tier)
            self._pool.submit(leased, request, plan.limit_s(job, pool), need=needed)
        return True

    def _request(self, job: Job, tier: Tier) -> AnalysisRequest:
        return AnalysisRequest(
            job.path,
            tier,
            job.signature,
            self._decoding,
            model=self._backlog.wanted.model is not None,
            have=job.have,
            sieve=self._recognition.sieve(job),
        )

    def _pass_over(self, job: Job) -> bool:
        """Let smaller tracks pass one that does not fit, but not for ever."""
        now = time.monotonic()
        if self._passed is None or self._passed[0] != job.file_id:
            self._passed = (job.file_id, now)
        return now - self._passed[1] < PATIENCE_S

    def _situation(self) -> plan.Situation:
        return plan.Situation(
            available_bytes=self._steering.available_bytes,
            backlog_s=None if self._patient else self._time_left(),
        )

    def _time_left(self) -> float | None:
        return self._estimates.time_left(
            self._backlog.ready_count(), self._backlog.wanted.tier, self._steering.target
        )

    def _finish(self, outcomes: list[Outcome[Job]]) -> None:
        """Let drafts be heard, and settle everything else."""
        for outcome in outcomes:
            self._estimates.learn(outcome)
            if isinstance(outcome.value, Draft):
                self._ear.ask(outcome)
        settled = [one for one in outcomes if not isinstance(one.value, Draft)] + self._ear.take()
        self._in_hand -= len(settled)
        if not self._in_hand:
            self._alone = False
        self._unsaved += settled
        if not self._unsaved:
            return
        before = list(self._unsaved)
        try:
            kept = self._save(self._unsaved)
        except StoreBusy as busy:
            log.warning("results wait: %s", busy)
        else:
            self._recognition.learn(before, kept)
            self._on_settled(kept)
        self.settled += len(before) - len(self._unsaved)
