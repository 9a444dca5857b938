"""The whole flow once: look at every folder, analyse what is new, refresh, leave."""

import os
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Final

from playlista.config.settings import Config
from playlista.errors import Interrupted, OperatorError
from playlista.pipeline.flow import Flow
from playlista.service import logs
from playlista.service.notify import Notifier
from playlista.service.signals import Signals
from playlista.service.status import describe
from playlista.service.telemetry import metrics_for
from playlista.store.database import Database
from playlista.units import Seconds

TICK_S: Final = Seconds(0.25)
STEADY_S: Final = 0.5  # so long nothing may be left to do before the work counts as done


@dataclass(frozen=True, slots=True)
class Step:
    """How far the work is; ``total`` is None while the folders are still being looked at."""

    what: str
    done: int
    total: int | None


def once(config: Config, show: Callable[[Step], None]) -> dict[str, Any]:
    """Analyse and refresh until nothing is left to do.

    Args:
        config: The whole configuration.
        show: Called a few times a second.

    Returns:
        The status document, and ``analysed``: how many results are new.

    Raises:
        AlreadyRunning: A daemon holds the database.
        OperatorError: No worker can be started.
        Interrupted: The user asked to stop; everything finished so far is kept.
    """
    Notifier(os.environ)  # takes systemd's variables away from the children
    with ExitStack() as stack:
        signals = stack.enter_context(Signals())
        metrics = metrics_for(lambda metrics: logs.set_up("warning", count=metrics.count_log))
        database = Database(config.store.database)
        stack.callback(database.close)
        flow = stack.enter_context(Flow(database, config, metrics, watch=False))
        _wait(flow, signals, show)
        with database.reading() as read:
            live = {"state": "stopped", **flow.facts()}
            return describe(read, live) | {"analysed": flow.analysed}


def _wait(flow: Flow, signals: Signals, show: Callable[[Step], None]) -> None:
    steady_since: float | None = None
    while steady_since is None or time.monotonic() - steady_since < STEADY_S:
        signals.wait(TICK_S)
        if signals.stop:
            raise Interrupted("stopped; what was finished is kept, the same command goes on")
        flow.raise_problem()
        if (why := flow.hopeless()) is not None:
            raise OperatorError(f"no worker can be started: {why}")
        show(_step(flow))
        if not flow.finished():
            steady_since = None
        elif steady_since is None:
            steady_since = time.monotonic()


def _step(flow: Flow) -> Step:
    done = flow.settled
    if not flow.scanned:
        return Step("looking at the folders", done, None)
    left = flow.left()
    return Step("analysing" if left else "making playlists", done, done + left)
