"""The watched roots as a person sees and confirms them."""

import json
import os
import sqlite3
from collections.abc import Iterable

from playlista.errors import UsageError, printable
from playlista.records import Root, Vanished
from playlista.store import changes
from playlista.store.signatures import unsigned


def roots(read: sqlite3.Connection) -> list[Root]:
    """Return every root ever watched, in the order in which they were first seen."""
    return [root_from(row) for row in read.execute("SELECT * FROM root ORDER BY id")]


def unwatch(write: sqlite3.Connection, watched: Iterable[bytes]) -> None:
    """Mark every root that is not among those watched: its tracks stay, and wait."""
    known = {row["path"] for row in write.execute("SELECT path FROM root")}
    write.executemany(
        "UPDATE root SET state = 'unwatched', why = 'not in MUSIC_PATHS' WHERE path = ?",
        [(path,) for path in known.difference(watched)],
    )


def confirm(write: sqlite3.Connection, path: bytes) -> None:
    """Accept that what is missing from a root is meant to be.

    For one that is offline, or that lacks a mount below it, it holds until disk and database
    agree again; the tracks of one that is no longer watched leave the library at once.

    Raises:
        UsageError: Nothing is missing from such a root.
    """
    row = write.execute("SELECT id, state, why FROM root WHERE path = ?", (path,)).fetchone()
    match row and row["state"]:
        case "offline" | "online" if row["why"]:
            write.execute("UPDATE root SET confirmed = 1 WHERE id = ?", (row["id"],))
        case "unwatched":
            here = "SELECT id FROM file WHERE root_id = ? AND missing_since IS NULL"
            gone = write.execute(here, (row["id"],)).fetchall()
            changes.apply(write, [Vanished(file_id) for (file_id,) in gone])
        case _:
            raise UsageError(
                f"nothing is missing from {printable(path)}: `playlista roots` shows all folders"
            )


def root_from(row: sqlite3.Row) -> Root:
    """Make a record of a row."""
    identity = None if row["dev"] is None else (unsigned(row["dev"]), unsigned(row["ino"]))
    return Root(
        root_id=row["id"],
        path=row["path"],
        state=row["state"],
        identity=identity,
        why=row["why"],
        cursor=row["cursor"],
        mounts=frozenset(map(os.fsencode, json.loads(row["mounts"]))),
    )
