"""The five joined: intake → dispatch → ear → save → refresh; and the upkeep, in a thread beside."""

import functools
from collections.abc import Callable
from typing import Any, Final, Self

from playlista.config.settings import Config
from playlista.intake.intake import Intake
from playlista.intake.ledger import Found
from playlista.metrics import Metrics
from playlista.pipeline import terms
from playlista.pipeline.composer import Composer
from playlista.pipeline.dispatch import Dispatch
from playlista.pipeline.ear import Ear
from playlista.pipeline.pace import Pace
from playlista.pipeline.part import Part
from playlista.pipeline.refresh import Refresh
from playlista.pipeline.save import Save
from playlista.pipeline.upkeep import Upkeep
from playlista.places import runtime_path
from playlista.records import Job
from playlista.store.backlog import Backlog
from playlista.store.database import Database
from playlista.store.tracks import Tracks

PARTS: Final = ("intake", "dispatch", "model", "composer", "upkeep")


def _no_beat(_: str) -> None:
    """Tell nobody."""


class Flow:
    """Everything between a file landing and a playlist gaining a line.

    Args:
        database: The store.
        config: All settings.
        metrics: Where everything is counted.
        watch: False looks at the folders once, and takes no quick tier in between.
        beat: Called with a name of PARTS whenever that part moves.
    """

    def __init__(
        self,
        database: Database,
        config: Config,
        metrics: Metrics,
        *,
        watch: bool,
        beat: Callable[[str], None] = _no_beat,
    ) -> None:
        self.changes = 0
        self._ear = Ear(config, metrics, answered=self._answered)
        self._backlog = Backlog(database, terms.wanted(config, self._ear.model))
        refresh = Refresh(database, config.store, metrics)
        self._intake = Intake(
            Tracks(database),
            config.watch,
            metrics,
            cookies=runtime_path(config.store.state_path) / "cookies",
            own=(config.store.state_path, config.store.playlists),
            watching=watch,
            changed=self._changed,
            expected=self._expected,
        )
        self._save = Save(self._backlog, metrics)
        self._dispatch = Dispatch(
            self._save,
            self._ear,
            config,
            metrics,
            patient=not watch,
            on_settled=self._settled,
        )
        self._pace = Pace(config.pool.batch_size)
        self._composer = Composer(
            refresh,
            self._pace,
            terms.composer(config),
            config.store.database,
            calm=lambda: self._dispatch.calm,
        )
        self._upkeep = Upkeep(database, config.store, metrics, calm=lambda: self._dispatch.calm)
        loops = (
            self._intake.run,
            self._dispatch.run,
            self._ear.run,
            self._composer.run,
            self._upkeep.run,
        )
        self._parts = [
            Part(name, loop, functools.partial(beat, name))
            for name, loop in zip(PARTS, loops, strict=True)
        ]

    def __enter__(self) -> Self:
        self._backlog.recover()
        self._composer.ask()
        for part in self._parts:
            part.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ask_to_stop()
        for part in self._parts:
            part.join()

    def ask_to_stop(self) -> None:
        """Let every part come to its end; running tracks have a few seconds."""
        for part in self._parts:
            part.ask_to_stop()
        self._dispatch.wake()

    @property
    def alive(self) -> bool:
        """Whether any part still runs."""
        return any(part.alive for part in self._parts)

    def raise_problem(self) -> None:
        """Raise what ended a part, if anything did."""
        for part in self._parts:
            if part.problem is not None:
                raise part.problem

    # --- what is going on -------------------------------------------------------

    @property
    def scanned(self) -> bool:
        """Whether every folder has been looked at once."""
        return self._intake.scanned

    @property
    def settled(self) -> int:
        """How many analyses have ended, with or without a result."""
        return self._dispatch.settled

    @property
    def analysed(self) -> int:
        """How many analyses have been kept."""
        return self._save.analysed_n

    def left(self) -> int:
        """Return how many tracks are still to be analysed now."""
        return self._backlog.open_count()

    def ready(self) -> tuple[bool, list[str]]:
        """Tell whether the first scan has ended and its playlists are written."""
        reasons = []
        if not self._intake.scanned:
            reasons.append("the folders are being looked at for the first time")
        if not self._composer.published:
            reasons.append("the playlists have not been written yet")
        return not reasons, reasons

    def finished(self) -> bool:
        """Tell whether there is nothing left to do."""
        return (
            self._intake.scanned
            and self._intake.idle
            and self._dispatch.calm
            and self._composer.idle
        )

    def facts(self) -> dict[str, Any]:
        """Return what status tells beyond the database."""
        facts, roots = self._dispatch.facts, self._intake.roots_status()
        return {
            "workers": facts.workers,
            "memory": facts.memory,
            "processors": facts.processors,
            "watch": {"degraded": any(root["degraded"] for root in roots), "roots": roots},
            "model": self._ear.facts,
        }

    def hopeless(self) -> str | None:
        """Return why no worker can be started, after several tries; None while there is hope."""
        return self._dispatch.hopeless

    def worker_memory_bytes(self) -> int | None:
        """Return the resident memory of all workers; None when it is not monitored."""
        return self._dispatch.worker_memory_bytes

    # --- from one part to the next ----------------------------------------------

    def reload(self, config: Config) -> None:
        """Go on by another configuration."""
        self._intake.reload(config.watch)
        self._ear.reload(config)
        self._dispatch.reload(config)
        self._pace.batch_size = config.pool.batch_size
        self._upkeep.settings = config.store
        self._dispatch.wake()

    def _changed(self, found: Found) -> None:
        self.changes += 1
        self._dispatch.wake()
        if found.moved or found.vanished or found.returned:
            self._composer.ask()

    def _answered(self) -> None:
        self._dispatch.wake()

    def _expected(self) -> None:
        self._dispatch.expect()
        self._ear.expect()
        self._composer.expect()

    def _settled(self, kept: list[Job]) -> None:
        self.changes += 1
        if kept:
            self._composer.ask({job.file_id for job in kept})
