"""The daemon's life: build, serve, tick, stop. What is entered last leaves first."""

import logging
import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, Final

from playlista.config.load import Loaded
from playlista.errors import BadConfig, StoreBusy, UsageError
from playlista.metrics import Metrics
from playlista.pipeline.flow import PARTS, Flow
from playlista.service import logs
from playlista.service.health import Health, Pulse
from playlista.service.notify import Notifier
from playlista.service.patience import patiently
from playlista.service.reload import needs_restart
from playlista.service.signals import Signals
from playlista.service.status import describe, describe_model
from playlista.service.telemetry import metrics_for, show_library
from playlista.store import backlog
from playlista.store.database import Database
from playlista.units import Seconds
from playlista.web.server import Server
from playlista.web.views import Views

TICK_S: Final = Seconds(1.0)
TELL_S: Final = 5.0  # between two looks at a database that changes
RECOUNT_S: Final = 300.0  # and at one that does not: 70 ms for 100,000 files (measured)
STUCK_S: Final = Seconds(25.0)  # below WatchdogSec=30s: the reason is logged before the kill
KILLED_BY_USER: Final = 130

log = logging.getLogger(__name__)


def serve(load: Callable[[], Loaded]) -> int:
    """Run until told to stop.

    Args:
        load: Reads the configuration, now and at each SIGHUP.

    Returns:
        The exit status.

    Raises:
        OperatorError: Something a person must put right; its exit status is systemd's.
    """
    notifier = Notifier(os.environ)
    loaded = load()
    with ExitStack() as stack:
        signals = stack.enter_context(Signals())
        metrics = metrics_for(
            lambda metrics: logs.set_up(loaded.config.service.log_level, count=metrics.count_log)
        )
        database = patiently(lambda: Database(loaded.config.store.database), signals, notifier)
        if database is None:
            return 0
        stack.callback(database.close)
        daemon = Daemon(loaded, load, database, metrics, notifier)
        server = stack.enter_context(daemon.server())
        if patiently(lambda: stack.enter_context(daemon.flow), signals, notifier) is None:
            return 0
        stack.callback(daemon.stop, signals)
        logs.say(f"playlista serves at {server.url}")
        notifier.ready()
        while not signals.stop:
            server.raise_problem()
            daemon.tick()
            signals.wait(daemon.rest_s)
            if signals.take_reload():
                daemon.reload()
        log.info("stopping")
        notifier.stopping()
    return 0


class Daemon:
    """What the main thread does between signals: watch over the others, and tell.

    Args:
        loaded: The configuration at the start.
        load: Reads it anew.
        database: The store.
        metrics: All instruments.
        notifier: The line to systemd.
    """

    def __init__(
        self,
        loaded: Loaded,
        load: Callable[[], Loaded],
        database: Database,
        metrics: Metrics,
        notifier: Notifier,
    ) -> None:
        self._loaded = loaded
        self._load = load
        self._database = database
        self._metrics = metrics
        self._notifier = notifier
        self._born = time.monotonic()
        self._told: tuple[int, float] = (-1, 0.0)
        self._state = "starting"
        pulses = {name: Pulse(name, STUCK_S) for name in (*PARTS, "http")}
        self._pulses = pulses
        self._health = Health(pulses.values())
        self.flow = Flow(
            database, loaded.config, metrics, watch=True, beat=lambda name: pulses[name].beat()
        )
        interval = notifier.watchdog_interval_s
        self.rest_s = TICK_S if interval is None else Seconds(min(TICK_S, interval))
        self._feed = _nobody_watches if interval is None else notifier.watchdog

    def server(self) -> Server:
        """Return the HTTP server, not yet entered."""
        return Server(
            self._loaded.config.service.http_listen,
            Views(self._health.alive, self.flow.ready, self.status, self.performance, self.model),
            self._metrics.registry,
            beat=self._pulses["http"].beat,
        )

    def tick(self) -> None:
        """Look after the parts once.

        Raises:
            BaseException: Whatever ended a part: a bug, or something for a person.
        """
        self.flow.raise_problem()
        if self._state != "running" and self.flow.ready()[0]:
            self._state = "running"
        hungry = self._health.feed(self._feed)
        for reason in hungry:
            log.error("watchdog not fed: %s", reason)
        self._tell()

    def _tell(self) -> None:
        """Bring gauges and systemd's status line up to date, when there is news."""
        changes, at = self._told
        now = time.monotonic()
        if now - at < (TELL_S if changes != self.flow.changes else RECOUNT_S):
            return
        self._told = (self.flow.changes, now)
        try:
            with self._database.reading() as read:
                status = self._described(read)
                oldest = backlog.oldest(read)
            show_library(self._metrics, status, oldest, self._database.size_bytes())
            self._notifier.status(_line(status))
        except StoreBusy as busy:
            log.warning("%s", busy)

    def reload(self) -> None:
        """Read the configuration again; a broken one leaves everything as it was."""
        self._notifier.reloading()
        try:
            loaded = self._load()
            self.flow.reload(loaded.config)
        except (BadConfig, UsageError) as bad:
            log.error("the old configuration stays: %s", bad)  # noqa: TRY400 - no traceback for a typo
        else:
            for key in needs_restart(self._loaded.config, loaded.config):
                log.warning("%s takes effect after a restart", key)
            logs.set_up(loaded.config.service.log_level, count=self._metrics.count_log)
            self._loaded = loaded
            log.info("configuration reloaded")
        self._notifier.ready()

    def stop(self, signals: Signals) -> None:
        """Let the parts end; a second signal does not wait for them."""
        self._state = "stopping"
        self.flow.ask_to_stop()
        while self.flow.alive:
            signals.wait(Seconds(0.1))
            if signals.stop_now:
                os._exit(KILLED_BY_USER)  # workers die with us; leases come back at the next start

    def status(self) -> dict[str, Any]:
        """Return the ``status`` document."""
        with self._database.reading() as read:
            return self._described(read)

    def _described(self, read: sqlite3.Connection) -> dict[str, Any]:
        return describe(read, {"state": self._state, **self.flow.facts()})

    def model(self) -> dict[str, Any]:
        """Return the ``model_info`` document."""
        return describe_model(self.flow.facts()["model"], self._loaded.config.store.models)

    def performance(self) -> dict[str, Any]:
        """Return the ``performance`` document."""
        uptime_s = time.monotonic() - self._born
        facts = self.flow.facts()
        return {
            "uptime_s": uptime_s,
            "tracks_analysed": self.flow.settled,
            "tracks_per_hour": self.flow.settled / uptime_s * 3600 if self.flow.settled else None,
            "workers": facts["workers"],
            "memory": facts["memory"],
            "worker_memory_bytes": self.flow.worker_memory_bytes(),
        }


def _nobody_watches() -> None:
    """Feed no watchdog."""


def _line(status: dict[str, Any]) -> str:
    tracks, backlog, workers = status["tracks"], status["backlog"], status["workers"]
    return (
        f"{tracks['total']} tracks, {backlog['ready'] + backlog['leased']} to analyse, "
        f"{workers['running']} of {workers['target']} workers, {status['playlists']} playlists"
    )
