"""The rows of the backlog, as files come, change, leave and return."""

import sqlite3
import time

from playlista.records import Tier

RANKS = {Tier.QUICK: 1, Tier.FULL: 2, Tier.DEEP: 3}
"""Tiers from cursory to thorough."""
RANK = "CASE tier WHEN 'quick' THEN 1 WHEN 'full' THEN 2 ELSE 3 END"
"""The same, in SQL."""


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


def queue_lesser(write: sqlite3.Connection, wanted: Tier, features_version: int) -> None:
    """Queue every track below a tier or of an older features version, and no other upgrade."""
    now = int(time.time())
    below = {"rank": RANKS[wanted], "version": features_version, "now": now}
    write.execute(
        f"""
        DELETE FROM job WHERE upgrade AND file_id IN (
            SELECT file.id FROM file JOIN audio ON audio.id = audio_id
            WHERE {RANK} >= :rank AND features_version >= :version)
        """,  # noqa: S608 - a constant of this module
        below,
    )
    write.execute(
        f"""
        INSERT INTO job (file_id, state, upgrade, queued_at, updated_at)
        SELECT file.id, iif(missing_since IS NULL, 'ready', 'gone'), 1, :now, :now
        FROM file JOIN audio ON audio.id = audio_id
        WHERE {RANK} < :rank OR features_version < :version
        ON CONFLICT DO NOTHING
        """,  # noqa: S608 - a constant of this module
        below,
    )
