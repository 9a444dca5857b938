"""What changed on disk, as changes of rows."""

import sqlite3
import time
from collections.abc import Iterable, Sequence

from playlista.records import Appeared, Difference, Moved, Returned, Vanished
from playlista.store import heirs, jobs
from playlista.store.signatures import columns


def apply(write: sqlite3.Connection, differences: Sequence[Difference]) -> None:
    """Make the rows agree with the disk, and queue what must be analysed."""
    moves = [difference for difference in differences if isinstance(difference, Moved)]
    gone = [difference.file_id for difference in differences if isinstance(difference, Vanished)]
    _lift(write, moves)
    for move in moves:
        _moved(write, move)
    for difference in differences:
        match difference:
            case Appeared():
                _appeared(write, difference)
            case Returned():
                _returned(write, difference)
    # last: by now all that are there have their names, and may be taken for what is gone
    for file_id in lose(write, gone):
        _vanished(write, file_id)


def lose(write: sqlite3.Connection, gone: Sequence[int]) -> list[int]:
    """Mark files that are not where they were; return those whose recording no other holds."""
    # all first: none takes the place of another that is gone
    write.executemany(
        "UPDATE file SET lost = 1 WHERE id = ? AND NOT lost", [(one,) for one in gone]
    )
    return [file_id for file_id in gone if not heirs.move_in(write, file_id)]


def _appeared(write: sqlite3.Connection, found: Appeared) -> None:
    row = write.execute(
        """
        INSERT INTO file (root_id, relpath, dev, ino, size, mtime_ns, ctime_ns,
                          candidate, added_at, landed_at)
        VALUES (:root_id, :relpath, :dev, :ino, :size, :mtime_ns, :ctime_ns,
                :candidate, :now, :landed_at)
        ON CONFLICT (root_id, relpath) DO UPDATE SET
            dev = excluded.dev, ino = excluded.ino, size = excluded.size,
            mtime_ns = excluded.mtime_ns, ctime_ns = excluded.ctime_ns,
            candidate = excluded.candidate, landed_at = excluded.landed_at,
            generation = generation + 1, missing_since = NULL, lost = 0
        RETURNING id
        """,
        columns(found.signature)
        | {
            "root_id": found.root_id,
            "relpath": found.relpath,
            "candidate": found.candidate,
            "landed_at": found.landed_at,
            "now": int(time.time()),
        },
    ).fetchone()
    if found.candidate:
        jobs.put(write, row["id"])
    else:
        write.execute("UPDATE file SET audio_id = NULL WHERE id = ?", (row["id"],))
        jobs.drop(write, row["id"])


def _vanished(write: sqlite3.Connection, file_id: int) -> None:
    write.execute(
        "UPDATE file SET missing_since = coalesce(missing_since, ?), lost = 0 WHERE id = ?",
        (int(time.time()), file_id),
    )
    jobs.set_aside(write, file_id)


def _lift(write: sqlite3.Connection, moves: Iterable[Moved]) -> None:
    """Free the names of all that move before the first takes its new one."""
    write.executemany(
        "UPDATE file SET relpath = ? WHERE id = ?",
        # no path holds a NUL, so nothing else can have this name
        [(b"\0%d" % move.file_id, move.file_id) for move in moves],
    )


def _moved(write: sqlite3.Connection, found: Moved) -> None:
    write.execute(
        "DELETE FROM file WHERE root_id = ? AND relpath = ? "
        "AND EXISTS (SELECT 1 FROM file WHERE id = ?)",
        (found.root_id, found.relpath, found.file_id),
    )
    write.execute(
        "UPDATE file SET root_id = ?, relpath = ? WHERE id = ?",
        (found.root_id, found.relpath, found.file_id),
    )
    _returned(write, Returned(found.file_id, found.signature))


def _returned(write: sqlite3.Connection, found: Returned) -> None:
    write.execute(
        "UPDATE file SET missing_since = NULL, lost = 0, dev = :dev, ino = :ino, size = :size, "
        "mtime_ns = :mtime_ns, ctime_ns = :ctime_ns WHERE id = :id",
        columns(found.signature) | {"id": found.file_id},
    )
    jobs.resume(write, found.file_id)
