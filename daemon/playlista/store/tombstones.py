"""Files that are gone: remembered for so long as the daemon was awake, then forgotten.

An unplugged disk is no deletion, and a clock set ahead by ten years is no ten years: age is
counted in seconds in which the daemon ran and could have seen the file return.
"""

import sqlite3


def remember(write: sqlite3.Connection, awake_s: float) -> None:
    """Add to the time in which the daemon was awake, and date what is missing now."""
    write.execute("UPDATE awake SET seconds = seconds + ?", (awake_s,))
    write.execute(
        "DELETE FROM tombstone WHERE NOT EXISTS "
        "(SELECT 1 FROM file WHERE id = file_id AND file.missing_since IS NOT NULL)"
    )
    write.execute(
        """
        INSERT INTO tombstone
        SELECT file.id, missing_since, seconds FROM file, awake WHERE missing_since IS NOT NULL
        ON CONFLICT DO UPDATE SET missing_since = excluded.missing_since, awake_s = excluded.awake_s
            WHERE missing_since <> excluded.missing_since
        """
    )


def forget(write: sqlite3.Connection, age_s: float) -> int:
    """Forget files that have been missing for longer, and recordings that no file holds.

    A file that a playlist still names stays until it has left it.

    Returns:
        How many files.
    """
    forgotten = write.execute(
        """
        DELETE FROM file WHERE id IN (
            SELECT file_id FROM tombstone JOIN awake JOIN file ON file.id = file_id
            WHERE file.missing_since = tombstone.missing_since AND seconds - awake_s >= ?
        ) AND id NOT IN (SELECT file_id FROM line)
        """,
        (age_s,),
    ).rowcount
    write.execute(
        "DELETE FROM audio WHERE id IN "
        "(SELECT id FROM audio EXCEPT SELECT audio_id FROM file WHERE audio_id IS NOT NULL)"
    )
    return forgotten
