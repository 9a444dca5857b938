"""Who stands for a recording: its oldest file, wherever the recording is now (ADR 0015).

Playlists hold the ids of files. A file that is gone while its recording is still there keeps
its id, and takes the place of the file that holds it.
"""

import sqlite3

from playlista.store import jobs

_HOLDERS = """
    SELECT min(file.id) AS id FROM file JOIN root ON root.id = root_id
    WHERE audio_id = (SELECT audio_id FROM file WHERE id = :file_id)
"""
_AWAY = "(missing_since IS NOT NULL OR lost OR root.state = 'unwatched')"
_BEFORE = f"""
    {_HOLDERS} AND file.id < :file_id AND {_AWAY}
    AND NOT EXISTS (SELECT 1 FROM line WHERE file_id = :file_id)
"""  # noqa: S608 - constants of this module
_AFTER = f"""
    {_HOLDERS} AND file.id > :file_id AND missing_since IS NULL AND {jobs.THERE}
    AND NOT EXISTS (SELECT 1 FROM line WHERE file_id = file.id)
    -- what has changed since it was heard may hold anything
    AND NOT EXISTS (SELECT 1 FROM job WHERE file_id = file.id AND NOT upgrade)
"""  # noqa: S608 - constants of this module


def give_way(write: sqlite3.Connection, file_id: int) -> bool:
    """Let an older file that is gone take the place of one that holds its recording.

    Returns:
        Whether there was one, so that the given file is no more.
    """
    return _succeed(write, older=_found(write, _BEFORE, file_id), younger=file_id)


def move_in(write: sqlite3.Connection, file_id: int) -> bool:
    """Let a file that is gone take the place of a younger one that holds its recording.

    Returns:
        Whether there was one, so that the given file is there again.
    """
    return _succeed(write, older=file_id, younger=_found(write, _AFTER, file_id))


def _found(write: sqlite3.Connection, query: str, file_id: int) -> int | None:
    row = write.execute(query, {"file_id": file_id}).fetchone()
    return None if row["id"] is None else int(row["id"])


def _succeed(write: sqlite3.Connection, *, older: int | None, younger: int | None) -> bool:
    if older is None or younger is None:
        return False
    place = write.execute("SELECT * FROM file WHERE id = ?", (younger,)).fetchone()
    jobs.hand_over(write, younger, older)
    write.execute("DELETE FROM file WHERE id = ?", (younger,))
    write.execute(
        """
        UPDATE file SET root_id = :root_id, relpath = :relpath, dev = :dev, ino = :ino,
            size = :size, mtime_ns = :mtime_ns, ctime_ns = :ctime_ns, tags = :tags,
            generation = generation + 1, missing_since = NULL, lost = 0
        WHERE id = :older
        """,
        dict(place) | {"older": older},
    )
    return True
