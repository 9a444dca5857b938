"""The watched roots as a person sees and confirms them."""

import sqlite3

from playlista.errors import UsageError, printable
from playlista.records import Root
from playlista.store.signatures import unsigned


def roots(read: sqlite3.Connection) -> list[Root]:
    """Return every root ever watched, in the order in which they were first seen."""
    return [root_from(row) for row in read.execute("SELECT * FROM root ORDER BY id")]


def confirm(write: sqlite3.Connection, path: bytes) -> None:
    """Accept that what is missing from a root is meant to be.

    It holds until disk and database agree again.

    Raises:
        UsageError: No such root is offline.
    """
    found = write.execute(
        "UPDATE root SET confirmed = 1 WHERE path = ? AND state = 'offline'", (path,)
    )
    if not found.rowcount:
        raise UsageError(
            f"{printable(path)} is not an offline root: `playlista roots` shows them all"
        )


def root_from(row: sqlite3.Row) -> Root:
    """Make a record of a row."""
    identity = None if row["dev"] is None else (unsigned(row["dev"]), unsigned(row["ino"]))
    return Root(row["id"], row["path"], row["state"], identity, row["why"])
