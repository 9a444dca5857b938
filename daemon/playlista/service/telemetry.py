"""The metrics of this process, and the ones read from the database now and then."""

import sqlite3
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

from prometheus_client import (
    CollectorRegistry,
    GCCollector,
    PlatformCollector,
    ProcessCollector,
)

from playlista.metrics import Metrics
from playlista.records import Tier
from playlista.service.labels import closed_sets
from playlista.store import backlog, tracks


def metrics_for(announce: Callable[[Metrics], Any]) -> Metrics:
    """Return the instruments on a registry of their own, with those of the process beside.

    Args:
        announce: Called with them: the logs count themselves.
    """
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    metrics = Metrics(registry, closed_sets())
    metrics.build_info.labels(version("playlista")).set(1)
    announce(metrics)
    return metrics


def show_library(metrics: Metrics, read: sqlite3.Connection, size_bytes: int) -> None:
    """Set the gauges that only the database knows."""
    counts = tracks.counts(read)
    for tier in Tier:
        metrics.tracks.labels(tier).set(counts[tier])
    for state, count in backlog.states(read).items():
        metrics.backlog_tracks.labels(state).set(count)
    metrics.backlog_oldest.set(backlog.oldest(read) or 0)
    metrics.database_bytes.set(size_bytes)
