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
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass

from playlista.records import FEATURES_VERSION, Analysis, Job, Signature, Tier
from playlista.store.database import Database

STATES = ("ready", "leased", "waiting", "incomplete", "failed")
STRIKES = 3
"""So often may one content bring down its worker (pool.md; the seed's number)."""
BACK_OFF_S = (60.0, 600.0, 3600.0, 86400.0)
"""Waits before an incomplete or unlucky track is tried again: 1 min to 1 day (standard here)."""

_RANK = "CASE tier WHEN 'quick' THEN 1 WHEN 'full' THEN 2 ELSE 3 END"
_RANKS = {Tier.QUICK: 1, Tier.FULL: 2, Tier.DEEP: 3}


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
        wanted: The tier at which a track counts as done.
        clock: Monotonic seconds; a test brings its own.
    """

    def __init__(
        self, database: Database, wanted: Tier, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = database
        self.wanted = wanted
        self._clock = clock
        self._boot = uuid.uuid4().hex
        self._retry_at: dict[int, float] = {}

    def recover(self) -> None:
        """Take back what a dead daemon had leased, and queue what must be heard again."""
        with self._database.transaction() as write:
            write.execute("UPDATE job SET state = 'ready', lease = NULL WHERE state = 'leased'")
            write.execute("UPDATE job SET state = 'ready' WHERE state IN ('waiting', 'incomplete')")
            self._queue_lesser(write)

    def _queue_lesser(self, write: sqlite3.Connection) -> None:
        """Queue every present track below the wanted tier or of an older features version."""
        now = int(time.time())
        write.execute(
            f"""
            INSERT INTO job (file_id, state, upgrade, queued_at, updated_at)
            SELECT file.id, 'ready', 1, ?, ? FROM file JOIN audio ON audio.id = audio_id
            WHERE missing_since IS NULL AND ({_RANK} < ? OR features_version < ?)
            ON CONFLICT DO NOTHING
            """,  # noqa: S608 - a constant of this module
            (now, now, _RANKS[self.wanted], FEATURES_VERSION),
        )

    def ready(self, limit: int) -> list[Job]:
        """Return the next tracks in the order in which they should run, without leasing them."""
        self._wake_due()
        with self._database.reading() as read:
            rows = read.execute(
                """
                SELECT file.*, root.path AS root, job.strikes, job.alone, job.upgrade
                FROM job JOIN file ON file.id = job.file_id JOIN root ON root.id = file.root_id
                WHERE job.state = 'ready' AND root.state <> 'offline'
                ORDER BY job.alone, job.upgrade, job.queued_at, job.file_id LIMIT ?
                """,
                (limit,),
            )
            return [_job(row, self.wanted) for row in rows]

    def lease(self, job: Job) -> bool:
        """Take one track; False when it changed since it was offered."""
        with self._database.transaction() as write:
            taken = write.execute(
                """
                UPDATE job SET state = 'leased', lease = ?, attempts = attempts + 1,
                    updated_at = ?
                WHERE file_id = ? AND state = 'ready'
                    AND (SELECT generation FROM file WHERE id = file_id) = ?
                """,
                (self._boot, int(time.time()), job.file_id, job.generation),
            )
            return taken.rowcount == 1

    def save(self, results: Sequence[tuple[Job, Analysis]]) -> int:
        """Commit results and acknowledge their leases, all in one transaction.

        Returns:
            How many were kept: a file that changed meanwhile keeps its place in the queue
            and its result is discarded.
        """
        with self._database.transaction() as write:
            return sum(self._save_one(write, job, analysis) for job, analysis in results)

    def _save_one(self, write: sqlite3.Connection, job: Job, analysis: Analysis) -> bool:
        if not _still_wanted(write, job):
            _release(write, job.file_id)
            return False
        write.execute(
            "UPDATE file SET audio_id = ?, tags = ? WHERE id = ?",
            (_put_audio(write, analysis), json.dumps(asdict(analysis.file_tags)), job.file_id),
        )
        if _RANKS[analysis.tier] >= _RANKS[self.wanted]:
            write.execute("DELETE FROM job WHERE file_id = ?", (job.file_id,))
        else:
            _release(write, job.file_id, upgrade=True)
        return True

    def give_back(self, job: Job, *, alone: bool = False) -> None:
        """Return a lease uncounted: nothing was wrong with the track."""
        with self._database.transaction() as write:
            _release(write, job.file_id, alone=alone)

    def strike(self, job: Job, why: str) -> bool:
        """Count a worker brought down by this content; True when that was once too often."""
        with self._database.transaction() as write:
            row = write.execute(
                "UPDATE job SET strikes = strikes + 1 WHERE file_id = ? RETURNING strikes",
                (job.file_id,),
            ).fetchone()
            poison = row is not None and row["strikes"] >= STRIKES
            if poison:
                _park(write, job, "failed", "poison", why)
            else:
                _release(write, job.file_id, alone=True)
            return poison

    def killed(self, job: Job, why: str) -> None:
        """Return a lease whose worker was killed from outside: uncounted, last and alone.

        After three such in a row it waits with back-off, for it never had its chance.
        """
        with self._database.transaction() as write:
            row = write.execute(
                "UPDATE job SET kills = kills + 1 WHERE file_id = ? RETURNING kills",
                (job.file_id,),
            ).fetchone()
            _release(write, job.file_id, alone=True)
        if row is not None and row["kills"] % STRIKES == 0:
            self.postpone(job, "waiting", "killed", why)

    def fail(self, job: Job, reason: str, why: str) -> None:
        """Set a track aside until its file changes or a person asks again."""
        with self._database.transaction() as write:
            _park(write, job, "failed", reason, why)

    def postpone(self, job: Job, state: str, reason: str, why: str) -> None:
        """Set a track aside for a while: ``waiting`` for the machine, ``incomplete`` in itself."""
        with self._database.transaction() as write:
            _park(write, job, state, reason, why)
            row = write.execute(
                "SELECT attempts FROM job WHERE file_id = ?", (job.file_id,)
            ).fetchone()
        step = min(row["attempts"], len(BACK_OFF_S)) - 1 if row else 0
        self._retry_at[job.file_id] = self._clock() + BACK_OFF_S[max(0, step)]

    def _wake_due(self) -> None:
        now = self._clock()
        due = [file_id for file_id, at in self._retry_at.items() if at <= now]
        if not due:
            return
        with self._database.transaction() as write:
            write.execute(
                "UPDATE job SET state = 'ready' WHERE state IN ('waiting', 'incomplete') "
                "AND file_id IN (SELECT value FROM json_each(?))",
                (json.dumps(due),),
            )
        for file_id in due:
            del self._retry_at[file_id]


def retry_failed(write: sqlite3.Connection) -> int:
    """Queue every failed track again with a clean record; return how many."""
    return write.execute(
        "UPDATE job SET state = 'ready', strikes = 0, kills = 0, alone = 0, reason = NULL, "
        "error = NULL WHERE state IN ('failed', 'incomplete')"
    ).rowcount


def put(write: sqlite3.Connection, file_id: int) -> None:
    """Queue a file whose content is new: whatever was held against the old one is forgotten."""
    now = int(time.time())
    write.execute(
        """
        INSERT INTO job (file_id, state, queued_at, updated_at) VALUES (?, 'ready', ?, ?)
        ON CONFLICT (file_id) DO UPDATE SET state = 'ready', upgrade = 0, alone = 0,
            strikes = 0, kills = 0, attempts = 0, lease = NULL, reason = NULL, error = NULL,
            updated_at = excluded.updated_at
        """,
        (file_id, now, now),
    )


def put_if_unheard(write: sqlite3.Connection, file_id: int) -> None:
    """Queue a file that came back before it was ever analysed."""
    row = write.execute("SELECT audio_id, candidate FROM file WHERE id = ?", (file_id,)).fetchone()
    queued = write.execute("SELECT 1 FROM job WHERE file_id = ?", (file_id,)).fetchone()
    if row["candidate"] and row["audio_id"] is None and queued is None:
        put(write, file_id)


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


def _release(
    write: sqlite3.Connection, file_id: int, *, alone: bool = False, upgrade: bool = False
) -> None:
    write.execute(
        "UPDATE job SET state = 'ready', lease = NULL, alone = max(alone, ?), "
        "upgrade = max(upgrade, ?), updated_at = ? WHERE file_id = ? AND state = 'leased'",
        (alone, upgrade, int(time.time()), file_id),
    )


def _park(write: sqlite3.Connection, job: Job, state: str, reason: str, why: str) -> None:
    write.execute(
        "UPDATE job SET state = ?, lease = NULL, reason = ?, error = ?, updated_at = ? "
        "WHERE file_id = ? AND (SELECT generation FROM file WHERE id = file_id) = ?",
        (state, reason, why, int(time.time()), job.file_id, job.generation),
    )
    if state != "waiting":
        # what was heard belongs to bytes that are no longer there
        write.execute(
            "UPDATE file SET audio_id = NULL WHERE id = ? AND generation = ?",
            (job.file_id, job.generation),
        )


def _put_audio(write: sqlite3.Connection, analysis: Analysis) -> int:
    write.execute(
        """
        INSERT INTO audio (hash, duration_s, tier, features_version, engine, features, reasons,
                           seconds, truncated, analysed_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (hash) DO UPDATE SET
            duration_s = excluded.duration_s, tier = excluded.tier,
            features_version = excluded.features_version, engine = excluded.engine,
            features = excluded.features, reasons = excluded.reasons,
            seconds = excluded.seconds, truncated = excluded.truncated,
            analysed_at = excluded.analysed_at
        WHERE excluded.features_version > features_version OR excluded.tier <> 'quick'
        """,
        (
            analysis.audio_id,
            analysis.duration_s,
            analysis.tier,
            analysis.features_version,
            analysis.engine,
            json.dumps(asdict(analysis.features)),
            json.dumps(dict(analysis.reasons)),
            json.dumps(dict(analysis.seconds)),
            analysis.truncated,
            int(time.time()),
        ),
    )
    row = write.execute("SELECT id FROM audio WHERE hash = ?", (analysis.audio_id,)).fetchone()
    return int(row["id"])


def _still_wanted(write: sqlite3.Connection, job: Job) -> bool:
    return (
        write.execute(
            "SELECT 1 FROM file WHERE id = ? AND generation = ? AND missing_since IS NULL",
            (job.file_id, job.generation),
        ).fetchone()
        is not None
    )


def _job(row: sqlite3.Row, tier: Tier) -> Job:
    signature = Signature(row["dev"], row["ino"], row["size"], row["mtime_ns"], row["ctime_ns"])
    return Job(
        file_id=row["id"],
        path=row["root"] + b"/" + row["relpath"],
        signature=signature,
        generation=row["generation"],
        tier=tier,
        strikes=row["strikes"],
        alone=bool(row["alone"]),
        upgrade=bool(row["upgrade"]),
    )
