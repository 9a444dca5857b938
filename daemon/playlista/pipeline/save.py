"""Results → library: what each outcome of the pool means for its track."""

import logging

from playlista.errors import ChangedMeanwhile, IncompleteTrack, TrackError, printable
from playlista.metrics import Metrics
from playlista.pool.outcome import Crash, Outcome
from playlista.records import Analysis, Job, Recognised
from playlista.store.backlog import Backlog

OUTCOMES = ("ok", "failed", "retried", "discarded")
TRACK_REASONS = (
    "unreadable",
    "not_audio",
    "empty",
    "too_large",
    "poison",
    "changed",
    "incomplete",
    "unavailable",
    "killed",
)
"""Every reason under which an analysis can end without a result."""

log = logging.getLogger(__name__)


class Save:
    """Turns outcomes into rows.

    Args:
        backlog: Where leases are settled.
        metrics: Where they are counted.

    Attributes:
        analysed_n: How many analyses have been kept.
    """

    def __init__(self, backlog: Backlog, metrics: Metrics) -> None:
        self.backlog = backlog
        self.analysed_n = 0
        self._metrics = metrics

    def __call__(self, outcomes: list[Outcome[Job]]) -> list[Job]:
        """Settle what has no result one by one, then commit all results in one transaction.

        Results come last, so that a refusal in the middle cannot lose which were kept.

        Args:
            outcomes: Emptied as they are settled, so that what is left can be tried again.

        Returns:
            The jobs whose results were kept.

        Raises:
            StoreBusy: What is left in ``outcomes`` is not settled yet.
        """
        outcomes.sort(key=_has_result)
        while outcomes and not _has_result(outcomes[0]):
            self._settle(outcomes[0])
            del outcomes[0]
        kept = self.backlog.save([(o.key, o.value) for o in outcomes]) if outcomes else []
        for outcome in outcomes:
            self._count(outcome, kept=outcome.key in kept)
        outcomes.clear()
        return kept

    def _count(self, outcome: Outcome[Job], *, kept: bool) -> None:
        match outcome.value:
            case Analysis() as analysis:
                self._count_analysis(outcome, analysis, kept=kept)
            case Recognised(how) if kept:
                self._metrics.recognised.labels(how).inc()
                log.info("recognised %s by=%s", printable(outcome.key.path), how)

    def _count_analysis(self, outcome: Outcome[Job], analysis: Analysis, *, kept: bool) -> None:
        self.analysed_n += kept
        self._metrics.analyses.labels(analysis.tier, "ok" if kept else "discarded").inc()
        self._metrics.analysis_seconds.labels(analysis.tier).observe(outcome.seconds)
        for stage, seconds in analysis.seconds.items():
            self._metrics.stage_seconds.labels(stage).observe(seconds)
        log.info("analysed %s tier=%s seconds=%.2f", printable(outcome.key.path),
                 analysis.tier, outcome.seconds)  # fmt: skip

    def _settle(self, outcome: Outcome[Job]) -> None:
        job, error = outcome.key, outcome.error
        match error:
            case IncompleteTrack():
                self.backlog.postpone(job, "incomplete", error.reason, error.why)
                self._fall(job, "retried", error.reason)
            case ChangedMeanwhile():
                # intake sees the change too, and queues the file as what it has become
                self.backlog.postpone(job, "waiting", error.reason, error.why)
                self._fall(job, "discarded", error.reason)
            case TrackError():
                self.backlog.fail(job, error.reason, error.why)
                self._fall(job, "failed", error.reason)
                log.warning("cannot analyse %s", error)
            case None:
                self._crashed(outcome)
            case _:
                self.backlog.postpone(job, "waiting", "unavailable", str(error))
                self._fall(job, "retried", "unavailable")

    def _crashed(self, outcome: Outcome[Job]) -> None:
        job, crash = outcome.key, outcome.crash
        why = f"{crash}: {outcome.detail}" if outcome.detail else str(crash)
        if outcome.counted:
            final = self.backlog.strike(job, why)
            self._fall(job, "failed" if final else "retried", "poison")
            log.warning(
                "worker lost on %s reason=%s final=%s %s",
                printable(job.path), why, final, outcome.trace,
            )  # fmt: skip
        elif crash in (Crash.FOREIGN_KILL, Crash.MEMORY):
            self.backlog.killed(job, why)
            self._fall(job, "retried", "killed")
        else:
            self.backlog.give_back(job)

    def _fall(self, job: Job, outcome: str, reason: str) -> None:
        self._metrics.analyses.labels(job.tier, outcome).inc()
        self._metrics.track_failures.labels(reason).inc()


def _has_result(outcome: Outcome[Job]) -> bool:
    return isinstance(outcome.value, (Analysis, Recognised))
