"""What changed on disk, as changes of rows."""

import sqlite3
import time
from collections.abc import Iterable, Sequence

from playlista.records import Appeared, Difference, Moved, Returned, Vanished
from playlista.store import heirs, jobs
from playlista.store.signatures import columns


def apply(write: sqlite3.Connection, differences: Sequence[Difference]) -> None:
    """Make the rows agree with the disk, and queue what must be analysed."""
    _lift(write, (difference for difference in differences if isinstance(difference, Moved)))
    for difference in differences:
        _apply(write, difference)


def lose(write: sqlite3.Connection, file_id: int) -> bool:
    """Mark a file that is not where it was, unless another holds its recording; tell which."""
    if heirs.move_in(write, file_id):
        return False
    write.execute("UPDATE file SET lost = 1 WHERE id = ? AND NOT lost", (file_id,))
    return True


def _apply(write: sqlite3.Connection, difference: Difference) -> None:
    match difference:
        case Appeared():
            _appeared(write, difference)
        case Moved():
            _moved(write, difference)
        case Returned():
            _returned(write, difference)
        case Vanished():
            _vanished(write, difference)


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


def _vanished(write: sqlite3.Connection, gone: Vanished) -> None:
    if not heirs.move_in(write, gone.file_id):
        write.execute(
            "UPDATE file SET missing_since = ?, lost = 0 WHERE id = ? AND missing_since IS NULL",
            (int(time.time()), gone.file_id),
        )
        jobs.set_aside(write, gone.file_id)


def _lift(write: sqlite3.Connection, moves: Iterable[Moved]) -> None:
    """Free the names of all that move before the first takes its new one."""
    for move in moves:
        _unname(write, move.file_id)


def _unname(write: sqlite3.Connection, file_id: int) -> None:
    # no path holds a NUL, so nothing else can have this name
    write.execute("UPDATE file SET relpath = ? WHERE id = ?", (b"\0%d" % file_id, file_id))


def _moved(write: sqlite3.Connection, found: Moved) -> None:
    _make_way(write, found)
    write.execute(
        "UPDATE file SET root_id = ?, relpath = ? WHERE id = ?",
        (found.root_id, found.relpath, found.file_id),
    )
    _returned(write, Returned(found.file_id, found.signature))


def _make_way(write: sqlite3.Connection, found: Moved) -> None:
    """Set aside a file whose name another one takes: it may turn up elsewhere."""
    row = write.execute(
        "SELECT id FROM file WHERE root_id = ? AND relpath = ? "
        "AND EXISTS (SELECT 1 FROM file WHERE id = ?)",
        (found.root_id, found.relpath, found.file_id),
    ).fetchone()
    if row is not None:
        _unname(write, row["id"])
        _vanished(write, Vanished(row["id"]))


def _returned(write: sqlite3.Connection, found: Returned) -> None:
    write.execute(
        "UPDATE file SET missing_since = NULL, lost = 0, dev = :dev, ino = :ino, size = :size, "
        "mtime_ns = :mtime_ns, ctime_ns = :ctime_ns WHERE id = :id",
        columns(found.signature) | {"id": found.file_id},
    )
    jobs.resume(write, found.file_id)
