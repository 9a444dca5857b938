"""One SQLite file: WAL, every commit on disk, one writer, any number of readers.

Desired state and result live in the same file, so that a result and its acknowledgement
are one transaction: ``kill -9`` between them is impossible (ADR 0004).
"""

import logging
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from playlista.errors import StoreBroken, StoreBusy
from playlista.store import opening
from playlista.store.lock import Lock
from playlista.store.opening import BUSY_S
from playlista.store.trouble import translated

OLDEST_SQLITE = (3, 37, 0)  # STRICT tables

log = logging.getLogger(__name__)


class Database:
    """The writer's connection; exactly one process at a time may hold it.

    Raises:
        AlreadyRunning: Another daemon holds the lock.
        BadConfig: The path is on a network file system.
        StoreBusy: Locked, full or failing disk: the same may work later.
        StoreBroken: Damaged, newer than this program, or not writable.
    """

    def __init__(self, path: Path) -> None:
        if sqlite3.sqlite_version_info < OLDEST_SQLITE:
            raise StoreBroken(f"SQLite {sqlite3.sqlite_version} is too old: 3.37 is needed")
        self.path = path
        self._guard = threading.Lock()
        self._lock = Lock(path)
        try:
            self._connection = opening.connect(path, check=not self._lock.begin())
        except BaseException:
            with suppress(OSError):
                self._lock.undo()
            self._lock.release()
            raise

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Give the write connection inside one transaction, all or nothing.

        Raises:
            StoreBusy: Locked, full or failing disk; nothing was written.
            StoreBroken: The file is damaged.
        """
        with self._guard, translated():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                # a full disk has already rolled back: a blind ROLLBACK would raise
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Give a read-only connection with one consistent view, for any thread."""
        with reading(self.path) as connection:
            yield connection

    def size_bytes(self) -> int:
        """Return the size of the database with its write-ahead log."""
        return size_bytes(self.path)

    def shorten_log(self) -> None:
        """Fold the write-ahead log into the file, unless somebody reads or writes just now.

        Raises:
            StoreBusy: The disk is full or fails.
        """
        with translated(), closing(sqlite3.connect(self.path, timeout=0)) as one:
            one.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Fold the write-ahead log into the file, if the disk lets it, and let go of the lock."""
        with self._guard:
            try:
                self._fold()
            except StoreBusy as busy:
                log.warning("the write-ahead log stays for the next start: %s", busy.what)
            finally:
                self._connection.close()
                self._lock.release()

    def _fold(self) -> None:
        with translated():
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._connection.close()
        with suppress(OSError):  # it will only be checked at the next start
            self._lock.end()


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Open an existing database for reading, in one consistent view.

    Raises:
        StoreBusy: Locked for too long, or the disk fails.
        StoreBroken: Absent or damaged.
    """
    _require(path)
    with translated():
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro",
            uri=True,
            timeout=BUSY_S,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            connection.row_factory = sqlite3.Row
            connection.execute("BEGIN")
            # reading anything fixes the view; 0 is a file that a daemon is only just making
            if connection.execute("PRAGMA user_version").fetchone()[0] == 0:
                raise _none_at(path)
            yield connection
        finally:
            connection.close()


@contextmanager
def writing(path: Path) -> Iterator[sqlite3.Connection]:
    """Give one short transaction beside a daemon that may hold the database.

    Raises:
        StoreBusy: The daemon is writing for too long.
        StoreBroken: Absent or damaged.
    """
    _require(path)
    with translated():
        connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)
        connection.row_factory = sqlite3.Row
        try:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
        finally:
            connection.close()


def size_bytes(path: Path) -> int:
    """Return the size of a database with its write-ahead log."""
    both = (path, path.with_name(f"{path.name}-wal"))
    return sum(file.stat().st_size for file in both if file.exists())


def _require(path: Path) -> None:
    if not path.exists():
        raise _none_at(path)


def _none_at(path: Path) -> StoreBroken:
    return StoreBroken(f"no database at {path}: run `playlista analyze` or the daemon first")
