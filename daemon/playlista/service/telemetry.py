"""The metrics of this process, and the ones read from the database now and then."""

from collections.abc import Callable, Mapping
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
from playlista.store import backlog


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


def show_library(
    metrics: Metrics, status: Mapping[str, Any], oldest: int | None, size_bytes: int
) -> None:
    """Set the gauges that only the database knows.

    Args:
        metrics: Where they are.
        status: The status document, which has counted already.
        oldest: Unix time at which the oldest ready track was queued; None when none is.
        size_bytes: Of the database.
    """
    for tier in Tier:
        metrics.tracks.labels(tier).set(status["tracks"][tier])
    for state in backlog.STATES:
        metrics.backlog_tracks.labels(state).set(status["backlog"][state])
    metrics.backlog_oldest.set(oldest or 0)
    metrics.database_bytes.set(size_bytes)
