"""Opening for writing: check what was not closed in order, bring it up to date, or refuse."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playlista.store.migrate import migrate
from playlista.store.trouble import damaged, translated_at_start

BUSY_S = 5.0  # how long another process may hold the write lock (a guess)


def connect(path: Path, *, check: bool) -> sqlite3.Connection:
    """Return the writer's connection to a database of this version.

    Args:
        path: Made when absent.
        check: Look at every page first: an error met later may come after others were made.

    Raises:
        StoreBusy: Locked, full or failing disk.
        StoreBroken: Damaged, newer than this program, or not writable.
    """
    with translated_at_start(path):
        connection = sqlite3.connect(
            path, timeout=BUSY_S, isolation_level=None, check_same_thread=False
        )
        with _closed_on_failure(connection):
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA foreign_keys=ON")
            if check:
                require_sound(connection)
            migrate(connection)
            return connection


def require_sound(connection: sqlite3.Connection) -> None:
    """Look at every page of a database.

    Raises:
        StoreBroken: It is damaged.
        sqlite3.DatabaseError: The same, or the disk fails.
    """
    (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise damaged(verdict)


@contextmanager
def _closed_on_failure(connection: sqlite3.Connection) -> Iterator[None]:
    try:
        yield
    except BaseException:
        connection.close()
        raise
