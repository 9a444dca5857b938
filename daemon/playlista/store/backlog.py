"""The durable queue: which files still need listening to.

It is desired state, not a log: ten thousand events on one file are one row. A lease is
owned by a boot id, not by a clock: exactly one daemon holds the database (flock), so the
leases of any other boot are those of a dead one. A lease never deletes; only a committed
result does (ADR 0004).
"""

import json
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from playlista.records import Analysis, Job, Recognised
from playlista.sieve import Sieve
from playlista.stages import Wanted
from playlista.store import heard, heirs, identity, jobs
from playlista.store.database import Database
from playlista.store.leases import STRIKES, Desk
from playlista.store.signatures import signature

STATES = ("ready", "leased", "waiting", "incomplete", "failed")
BACK_OFF_S = (60.0, 600.0, 3600.0, 86400.0)
"""Waits before an incomplete or unlucky track is tried again: 1 min to 1 day (standard here)."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A track that could not be analysed, as people are told."""

    path: bytes
    state: str
    reason: str
    error: str
    strikes: int
    since: int


class Backlog:
    """The queue of one daemon.

    Args:
        database: The store.
        wanted: When a track counts as done.
        clock: Monotonic seconds; a test brings its own.
    """

    def __init__(
        self, database: Database, wanted: Wanted, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = database
        self.wanted = wanted
        self._clock = clock
        self._boot = uuid.uuid4().hex
        self._retry_at: dict[int, float] = {}

    def recover(self) -> None:
        """Take back what a dead daemon had leased, and queue what must be heard again.

        A track on which the daemon died runs last and alone, should it be the cause; if it
        did, that counts as a kill, and from the third on it waits while the daemon stays up.
        """
        with self._leases() as leases:
            write = leases.write
            write.execute(
                "UPDATE job SET state = 'ready' "
                "WHERE state IN ('waiting', 'incomplete') AND kills < ?",
                (STRIKES,),
            )
            leases.inherit()
            jobs.queue_lesser(write, self.wanted)
            for row in write.execute("SELECT * FROM job WHERE state = 'waiting'"):
                self._wait(row)

    def want(self, wanted: Wanted) -> None:
        """Let other things make a track count as done, and queue those that lack something."""
        if wanted != self.wanted:
            with self._database.transaction() as write:
                jobs.queue_lesser(write, wanted)
            self.wanted = wanted

    def ready(self, limit: int) -> list[Job]:
        """Return the next tracks in the order in which they should run, without leasing them."""
        self._wake_due()
        with self._database.reading() as read:
            rows = read.execute(
                f"""
                SELECT file.*, root.path AS root, job.strikes, job.alone, job.upgrade,
                       audio.done, audio.model
                FROM job JOIN file ON file.id = job.file_id JOIN root ON root.id = file.root_id
                     LEFT JOIN audio ON audio.id = file.audio_id
                WHERE job.state = 'ready' AND {jobs.THERE}
                ORDER BY job.alone, job.upgrade, job.queued_at, job.file_id LIMIT ?
                """,  # noqa: S608 - a constant
                (limit,),
            )
            return [_job(row, self.wanted) for row in rows]

    def ready_count(self) -> int:
        """Return how many tracks could start now."""
        with self._database.reading() as read:
            return _count(read, "ready")

    def open_count(self) -> int:
        """Return how many tracks could start now or are with a worker."""
        with self._database.reading() as read:
            return _count(read, "ready") + _count(read, "leased")

    def lease(self, job: Job) -> bool:
        """Take one track; False when it changed since it was offered."""
        with self._leases() as leases:
            return leases.take(job)

    def sieve(self) -> Sieve:
        """Return by what a file may be recognised."""
        with self._database.reading() as read:
            return identity.sieve(read)

    def save(self, results: Sequence[tuple[Job, Analysis | Recognised]]) -> list[Job]:
        """Commit results and acknowledge their leases, all in one transaction.

        Returns:
            Those that were kept: a file that changed meanwhile keeps its place in the queue
            and its result is discarded; so does one that holds no known recording after all.
        """
        with self._leases() as leases:
            return [job for job, found in results if self._save_one(leases, job, found)]

    def _save_one(self, leases: Desk, job: Job, found: Analysis | Recognised) -> bool:
        write = leases.write
        if not _still_wanted(write, job):
            return False
        if isinstance(found, Analysis):
            audio_id: int | None = heard.keep(write, found)
        else:
            audio_id = identity.recording(write, found, job.signature.size)
        if audio_id is None:
            leases.give_back(job, alone=False)
            return False
        heard.attach(write, job.file_id, audio_id, found.file_tags)
        missing = heard.missing(write, audio_id, self.wanted)
        if missing:
            leases.ask_more(job, jobs.step(missing))
        else:
            jobs.drop(write, job.file_id)
            jobs.spare_copies(write, audio_id)
        heirs.give_way(write, job.file_id)
        return True

    def give_back(self, job: Job, *, alone: bool = False) -> None:
        """Return a lease uncounted: nothing was wrong with the track."""
        with self._leases() as leases:
            leases.give_back(job, alone=alone)

    def strike(self, job: Job, why: str) -> bool:
        """Count a worker brought down by this content; True when that was once too often."""
        with self._leases() as leases:
            return leases.strike(job, why)

    def killed(self, job: Job, why: str) -> None:
        """Return a lease whose worker was killed from outside: uncounted, last and alone.

        From the third such in a row on it waits with back-off, for it never had its chance.
        """
        with self._leases() as leases:
            row = leases.kill(job, why)
            if row is not None and row["state"] == "waiting":
                self._wait(row)

    def fail(self, job: Job, reason: str, why: str) -> None:
        """Set a track aside until its file changes or a person asks again."""
        with self._leases() as leases:
            leases.park(job, "failed", reason, why)

    def postpone(self, job: Job, state: str, reason: str, why: str) -> None:
        """Set a track aside for a while: ``waiting`` for the machine, ``incomplete`` in itself."""
        with self._leases() as leases:
            row = leases.park(job, state, reason, why)
            if row is not None:
                self._wait(row)

    @contextmanager
    def _leases(self) -> Iterator[Desk]:
        with self._database.transaction() as write:
            yield Desk(write, self._boot)

    def _wait(self, row: sqlite3.Row) -> None:
        step = min(max(row["waits"], 1), len(BACK_OFF_S)) - 1
        self._retry_at[row["file_id"]] = self._clock() + BACK_OFF_S[step]

    def _wake_due(self) -> None:
        now = self._clock()
        due = [file_id for file_id, at in list(self._retry_at.items()) if at <= now]
        if not due:
            return
        with self._database.transaction() as write:
            write.executemany(
                "UPDATE job SET state = 'ready', updated_at = ? "
                "WHERE file_id = ? AND state IN ('waiting', 'incomplete')",
                [(int(time.time()), file_id) for file_id in due],
            )
        for file_id in due:
            self._retry_at.pop(file_id, None)


def retry_failed(write: sqlite3.Connection) -> int:
    """Queue every track that was set aside again with a clean record; return how many."""
    return write.execute(
        "UPDATE job SET state = 'ready', strikes = 0, kills = 0, waits = 0, alone = 0, "
        "reason = NULL, error = NULL, updated_at = ? "
        "WHERE state IN ('failed', 'incomplete', 'waiting')",
        (int(time.time()),),
    ).rowcount


_THERE = f"""
    SELECT count(*) FROM job JOIN file ON file.id = file_id JOIN root ON root.id = root_id
    WHERE job.state = ? AND {jobs.THERE}
"""  # noqa: S608 - a constant


def _count(read: sqlite3.Connection, state: str) -> int:
    """Count jobs, those of files that are away left out; if none is, the index suffices."""
    (away,) = read.execute(
        "SELECT EXISTS (SELECT 1 FROM root WHERE state IN ('offline', 'unwatched')) "
        "OR EXISTS (SELECT 1 FROM file WHERE lost)"
    ).fetchone()
    query = _THERE if away else "SELECT count(*) FROM job WHERE state = ?"
    (count,) = read.execute(query, (state,)).fetchone()
    return int(count)


def states(read: sqlite3.Connection) -> dict[str, int]:
    """Return how many tracks the backlog holds in each state."""
    found = {
        row["state"]: row["n"]
        for row in read.execute("SELECT state, count(*) AS n FROM job GROUP BY state")
    }
    return {state: found.get(state, 0) for state in STATES}


def oldest(read: sqlite3.Connection) -> int | None:
    """Return the Unix time at which the oldest track that is ready was queued."""
    (at,) = read.execute("SELECT min(queued_at) FROM job WHERE state = 'ready'").fetchone()
    return None if at is None else int(at)


def failures(read: sqlite3.Connection) -> Iterable[Failure]:
    """Read every track that is failed, incomplete or waiting, with its reason."""
    rows = read.execute(
        """
        SELECT root.path AS root, relpath, job.state, reason, error, strikes, updated_at
        FROM job JOIN file ON file.id = job.file_id JOIN root ON root.id = root_id
        WHERE job.state IN ('failed', 'incomplete', 'waiting') ORDER BY root.path, relpath
        """
    )
    for row in rows:
        yield Failure(
            path=row["root"] + b"/" + row["relpath"],
            state=row["state"],
            reason=row["reason"] or "",
            error=row["error"] or "",
            strikes=row["strikes"],
            since=row["updated_at"],
        )


def _still_wanted(write: sqlite3.Connection, job: Job) -> bool:
    return (
        write.execute(
            "SELECT 1 FROM file WHERE id = ? AND generation = ? AND missing_since IS NULL",
            (job.file_id, job.generation),
        ).fetchone()
        is not None
    )


def _job(row: sqlite3.Row, wanted: Wanted) -> Job:
    # what is known of a file that has changed since is known of something else
    known = json.loads(row["done"]) if row["upgrade"] and row["done"] else {}
    return Job(
        file_id=row["id"],
        path=row["root"] + b"/" + row["relpath"],
        signature=signature(row),
        generation=row["generation"],
        tier=wanted.tier,
        strikes=row["strikes"],
        alone=bool(row["alone"]),
        upgrade=bool(row["upgrade"]),
        have=wanted.usable(known, row["model"]),
    )
