"""Every instrument the daemon exposes, built on a registry the caller owns.

Labels come from closed sets, and every series of a closed set is born at zero, so that
a dashboard shows "none yet" instead of "no data". Workers never count: they report with
their results, and the parent counts (no multiprocess files, ADR 0007).
"""

import itertools
from collections.abc import Iterable, Mapping
from typing import Final, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.metrics import MetricWrapperBase

# 10 ms to 10 min: a quick tier of a short track up to the full tier of an hour on a NAS (a guess)
SECONDS: Final = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 600.0)

Closed = Mapping[str, Iterable[str]]
"""Set name → every value the label may take."""

Instrument = TypeVar("Instrument", bound=MetricWrapperBase)


class Metrics:
    """All instruments of one daemon.

    Args:
        registry: Where they are registered; a test brings its own.
        closed: The closed sets: ``tier, outcome, backlog_state, worker_state, pool_action,
            pool_reason, exit_reason, stage, track_reason, watch_event, rebuild_reason,
            wait, root_state, difference, how, model, runtime, line_op, update_reason, outlet,
            push_outcome, backup_outcome, level``.
    """

    def __init__(self, registry: CollectorRegistry, closed: Closed) -> None:
        disable_created_metrics()
        self.registry = registry
        self._closed = closed
        self._library()
        self._pool()
        self._analysis()
        self._watch()
        self._model()
        self._playlists()

    def count_log(self, level: str) -> None:
        """Count one log record."""
        self.log_messages.labels(level).inc()

    def _library(self) -> None:
        self.build_info = self._gauge(
            "build_info", "Always 1; the version as a label.", version="version"
        )
        self.tracks = self._gauge("tracks", "Tracks in the library by analysed tier.", tier="tier")
        self.backlog_tracks = self._gauge(
            "backlog_tracks", "Tracks waiting for analysis by state.", state="backlog_state"
        )
        self.backlog_oldest = self._gauge(
            "backlog_oldest_timestamp_seconds",
            "Unix time at which the oldest ready track was queued; 0 when none is.",
        )
        self.database_bytes = self._gauge(
            "database_bytes", "Size of the database with its write-ahead log."
        )
        self.database_backups = self._counter(
            "database_backups_total", "Copies made of the database.", outcome="backup_outcome"
        )
        self.database_backup = self._gauge(
            "database_backup_timestamp_seconds",
            "Unix time of the newest copy of the database; 0 when there is none.",
        )
        self.log_messages = self._counter(
            "log_messages_total", "Log records by level.", level="level"
        )

    def _pool(self) -> None:
        self.workers = self._gauge(
            "workers", "Worker processes by what they do.", state="worker_state"
        )
        self.workers_target = self._gauge("workers_target", "Workers the governor wants.")
        self.workers_limit = self._gauge("workers_limit", "Workers the configuration allows.")
        self.pool_decisions = self._counter(
            "pool_decisions_total",
            "Changes of the governor's mind.",
            action="pool_action",
            reason="pool_reason",
        )
        self.worker_exits = self._counter(
            "worker_exits_total", "Workers gone, by reason.", reason="exit_reason"
        )
        self.memory_used = self._gauge(
            "memory_used_ratio", "Memory in use, of the machine or the tightest cgroup."
        )
        self.memory_available = self._gauge(
            "memory_available_bytes", "Memory that can be taken without passing any limit."
        )
        self.memory_stalled = self._gauge(
            "memory_stalled_ratio", "Share of the last 10 s in which all work waited for memory."
        )
        self.processors_usable = self._gauge(
            "processors_usable", "Processors by affinity and quota; a fraction under a quota."
        )
        self.processors_others = self._gauge(
            "processors_others", "Processors' worth of time that other processes take."
        )
        self.processors_contended = self._gauge(
            "processors_contended_ratio",
            "Share of the last 10 s in which work waited for a processor.",
        )
        self.memory_failsafe = self._gauge(
            "memory_failsafe_ratio", "The use at which workers are retired."
        )
        self.memory_failsafe_active = self._gauge(
            "memory_failsafe_active", "1 while the failsafe holds analysis back."
        )
        self.worker_memory = self._gauge(
            "worker_memory_bytes", "Resident memory of all workers together."
        )
        # below the memory in use: what a scrape collects last is never older than it
        self.leases = self._counter("leases_total", "Tracks leased, to be given to workers.")

    def _analysis(self) -> None:
        self.analyses = self._counter(
            "analyses_total", "Finished analyses.", tier="tier", outcome="outcome"
        )
        self.analysis_seconds = self._histogram(
            "analysis_seconds", "Wall time of one analysis.", tier="tier"
        )
        self.stage_seconds = self._histogram(
            "stage_seconds", "CPU time of one stage of one analysis.", stage="stage"
        )
        self.track_failures = self._counter(
            "track_failures_total", "Analyses that ended in a reason.", reason="track_reason"
        )

        self.recognised = self._counter(
            "recognised_total",
            "Files that hold a known recording, so that nobody listened.",
            how="how",
        )

    def _watch(self) -> None:
        self.watch_events = self._counter(
            "watch_events_total", "File system events noted.", kind="watch_event"
        )
        self.watch_rebuilds = self._counter(
            "watch_rebuilds_total", "Observers replaced, by reason.", reason="rebuild_reason"
        )
        self.watches = self._gauge("watches", "Directories watched.")
        self.watches_limit = self._gauge(
            "watches_limit", "Directories that may be watched; 0 when unknown."
        )
        self.watch_roots = self._gauge(
            "watch_roots",
            "Music folders by state; degraded: not every change in it gives an event.",
            state="root_state",
        )
        self.settling_files = self._gauge(
            "settling_files",
            "Files seen and not queued: not quiet for long enough, or open for writing.",
            why="wait",
        )
        self.scan_seconds = self._gauge("scan_seconds", "Wall time of the last full scan.")
        self.last_scan = self._gauge(
            "last_scan_timestamp_seconds", "Unix time at which the last full scan ended."
        )
        self.scan_differences = self._counter(
            "scan_differences_total", "Differences between disk and database.", kind="difference"
        )

    def _model(self) -> None:
        self.model_loaded = self._gauge(
            "model_loaded", "1 while the model is resident.", model="model", runtime="runtime"
        )
        self.model_loads = self._counter("model_loads_total", "Loads of a model.")
        self.inference_patches = self._counter(
            "inference_patches_total", "Patches run through the model."
        )
        self.inference_seconds = self._histogram(
            "inference_seconds", "Wall time of one run of the model."
        )

    def _playlists(self) -> None:
        self.playlists = self._gauge("playlists", "Playlists with at least one line.")
        self.playlist_lines = self._counter(
            "playlist_lines_total", "Playlist lines edited.", op="line_op"
        )
        self.playlist_updates = self._counter(
            "playlist_updates_total", "Revisions of playlists.", reason="update_reason"
        )
        self.landing = self._histogram(
            "landing_to_playlist_seconds",
            "From a file's last observed change to its playlists on disk.",
        )
        self.outlet_pushes = self._counter(
            "outlet_pushes_total",
            "Playlists handed to an outlet.",
            outlet="outlet",
            outcome="push_outcome",
        )

    def _counter(self, name: str, text: str, **labels: str) -> Counter:
        return self._born(Counter(_full(name), text, tuple(labels), registry=self.registry), labels)

    def _gauge(self, name: str, text: str, **labels: str) -> Gauge:
        return self._born(Gauge(_full(name), text, tuple(labels), registry=self.registry), labels)

    def _histogram(self, name: str, text: str, **labels: str) -> Histogram:
        made = Histogram(_full(name), text, tuple(labels), registry=self.registry, buckets=SECONDS)
        return self._born(made, labels)

    def _born(self, instrument: Instrument, labels: Mapping[str, str]) -> Instrument:
        """Create the child of every combination, so that zeros show."""
        if labels:
            for values in itertools.product(*(self._closed[name] for name in labels.values())):
                instrument.labels(*values)
        return instrument


def _full(name: str) -> str:
    return f"playlista_{name}"
