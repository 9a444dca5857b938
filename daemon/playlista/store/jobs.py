"""The rows of the backlog, as files come, change, leave and return."""

import json
import sqlite3
import time
from collections.abc import Collection

from playlista.stages import Stage, Wanted

THERE = "NOT file.lost AND (root.held OR root.state NOT IN ('offline', 'unwatched'))"
"""Whether there is a file to work on."""


def put(write: sqlite3.Connection, file_id: int) -> None:
    """Queue a file whose content is new: whatever was held against the old one is forgotten."""
    now = int(time.time())
    write.execute(
        """
        INSERT INTO job (file_id, state, queued_at, updated_at) VALUES (?, 'ready', ?, ?)
        ON CONFLICT (file_id) DO UPDATE SET state = 'ready', upgrade = 0, alone = 0,
            strikes = 0, kills = 0, waits = 0, attempts = 0, lease = NULL,
            reason = NULL, error = NULL, updated_at = excluded.updated_at
        """,
        (file_id, now, now),
    )


def drop(write: sqlite3.Connection, file_id: int) -> None:
    """Take a file out of the backlog."""
    write.execute("DELETE FROM job WHERE file_id = ?", (file_id,))


def set_aside(write: sqlite3.Connection, file_id: int) -> None:
    """Keep what is owed to a file that is no longer there, and what is held against it."""
    write.execute(
        "UPDATE job SET state = 'gone', lease = NULL, updated_at = ? WHERE file_id = ?",
        (int(time.time()), file_id),
    )


def resume(write: sqlite3.Connection, file_id: int) -> None:
    """Queue a file that is back for what was still owed to it."""
    write.execute(
        "UPDATE job SET state = 'ready', updated_at = ? WHERE file_id = ? AND state = 'gone'",
        (int(time.time()), file_id),
    )


def spare_copies(write: sqlite3.Connection, audio_id: int) -> None:
    """Owe nothing more to all files of a recording of which everything wanted is known."""
    write.execute(
        "DELETE FROM job WHERE upgrade AND file_id IN (SELECT id FROM file WHERE audio_id = ?)",
        (audio_id,),
    )


def hand_over(write: sqlite3.Connection, old_id: int, new_id: int) -> None:
    """Owe to one file, and to no other lease, what is owed to another that holds the same."""
    drop(write, new_id)
    write.execute(
        "UPDATE job SET file_id = ?, state = iif(state = 'failed', state, 'ready'), lease = NULL "
        "WHERE file_id = ?",
        (new_id, old_id),
    )


def any_unheard(read: sqlite3.Connection) -> bool:
    """Tell whether nobody has listened yet to a file that could be listened to now."""
    row = read.execute(
        f"""
        SELECT 1 FROM job JOIN file ON file.id = file_id JOIN root ON root.id = root_id
        WHERE job.state IN ('ready', 'leased') AND NOT upgrade AND {THERE} LIMIT 1
        """  # noqa: S608 - a constant
    ).fetchone()
    return row is not None


def queue_lesser(write: sqlite3.Connection, wanted: Wanted) -> None:
    """Queue every track that lacks something, and forget what is no longer wanted."""
    kinds = write.execute("SELECT DISTINCT done, model FROM audio").fetchall()
    for done, model in kinds:  # as many as tiers and versions, however large the library
        missing = wanted.missing(json.loads(done), model)
        _queue(write, done, model, step(missing)) if missing else _spare(write, done, model)


def step(missing: Collection[Stage]) -> int:
    """Return how early a track that has something gets the rest: what is a luxury comes last."""
    return LUXURY if set(missing) == {Stage.EVERY_PATCH} else 1


LUXURY = 2


def _queue(write: sqlite3.Connection, done: str, model: str | None, upgrade: int) -> None:
    write.execute(
        """
        INSERT INTO job (file_id, state, upgrade, queued_at, updated_at)
        SELECT file.id, iif(missing_since IS NULL, 'ready', 'gone'), :upgrade, :now, :now
        FROM file JOIN audio ON audio.id = audio_id WHERE done = :done AND model IS :model
        ON CONFLICT DO UPDATE SET upgrade = excluded.upgrade WHERE upgrade
        """,
        {"done": done, "model": model, "upgrade": upgrade, "now": int(time.time())},
    )


def _spare(write: sqlite3.Connection, done: str, model: str | None) -> None:
    write.execute(
        """
        DELETE FROM job WHERE upgrade AND file_id IN (
            SELECT file.id FROM file JOIN audio ON audio.id = audio_id
            WHERE done = ? AND model IS ?)
        """,
        (done, model),
    )
