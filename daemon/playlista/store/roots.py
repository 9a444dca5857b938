"""The watched roots as a person sees and confirms them."""

import sqlite3
import time
from collections.abc import Iterable

from playlista.errors import UsageError, printable
from playlista.records import Root
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

    For an offline one it holds until disk and database agree again; the tracks of one that is
    no longer watched leave the library at once.

    Raises:
        UsageError: No such root is offline or unwatched.
    """
    row = write.execute("SELECT id, state FROM root WHERE path = ?", (path,)).fetchone()
    match row and row["state"]:
        case "offline":
            write.execute("UPDATE root SET confirmed = 1 WHERE id = ?", (row["id"],))
        case "unwatched":
            write.execute(
                "UPDATE file SET missing_since = ? WHERE root_id = ? AND missing_since IS NULL",
                (int(time.time()), row["id"]),
            )
        case _:
            raise UsageError(
                f"{printable(path)} is not an offline root: `playlista roots` shows them all"
            )


def root_from(row: sqlite3.Row) -> Root:
    """Make a record of a row."""
    identity = None if row["dev"] is None else (unsigned(row["dev"]), unsigned(row["ino"]))
    return Root(row["id"], row["path"], row["state"], identity, row["why"], row["cursor"])
