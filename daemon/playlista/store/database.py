"""One SQLite file: WAL, every commit on disk, one writer, any number of readers.

Desired state and result live in the same file, so that a result and its acknowledgement
are one transaction: ``kill -9`` between them is impossible (ADR 0004).
"""

import fcntl
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playlista.errors import AlreadyRunning, StoreBroken, StoreBusy
from playlista.store.migrate import migrate

BUSY_S = 5.0  # how long another process may hold the write lock (a guess)
RETRY_S = 5.0  # what a caller should wait after StoreBusy (a guess)
OLDEST_SQLITE = (3, 37, 0)  # STRICT tables


class Database:
    """The writer's connection; exactly one process at a time may hold it.

    Raises:
        AlreadyRunning: Another daemon holds the lock.
        StoreBroken: Damaged, newer than this program, or not writable.
    """

    def __init__(self, path: Path) -> None:
        if sqlite3.sqlite_version_info < OLDEST_SQLITE:
            raise StoreBroken(f"SQLite {sqlite3.sqlite_version} is too old: 3.37 is needed")
        self.path = path
        self._guard = threading.Lock()
        self._lock_fd = _lock(path)
        try:
            self._connection = _open(path)
        except BaseException:
            os.close(self._lock_fd)
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
        beside = (self.path, self.path.with_name(self.path.name + "-wal"))
        return sum(file.stat().st_size for file in beside if file.exists())

    def close(self) -> None:
        """Fold the write-ahead log into the file and let go of the lock."""
        with self._guard, translated():
            try:
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                self._connection.close()
                os.close(self._lock_fd)


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


def _require(path: Path) -> None:
    if not path.exists():
        raise _none_at(path)


def _none_at(path: Path) -> StoreBroken:
    return StoreBroken(f"no database at {path}: run `playlista analyze` or the daemon first")


@contextmanager
def translated() -> Iterator[None]:
    """Turn SQLite's errors into ours, at this one door.

    Raises:
        StoreBusy: What may work later.
        StoreBroken: What never will.
    """
    try:
        yield
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR:
            raise  # wrong SQL: a bug of ours
        raise StoreBusy(f"the database cannot be used now: {error}", RETRY_S) from error
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError):
            raise  # a bug of ours
        raise StoreBroken(_remedy(str(error))) from error


def _remedy(why: str) -> str:
    return (
        f"the database is damaged ({why}): move playlista.db, -wal and -shm away together "
        "and start again; the library will be analysed anew"
    )


def _lock(path: Path) -> int:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fd = os.open(path.with_name("playlista.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreBroken(f"cannot write in {path.parent}: {error.strerror}") from error
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(fd)
        raise AlreadyRunning(
            f"another playlista holds {path}: stop it first, or ask it with `playlista status`"
        ) from error
    except OSError as error:
        os.close(fd)
        raise StoreBroken(f"{path.parent} cannot be locked: {error.strerror}") from error
    return fd


def _open(path: Path) -> sqlite3.Connection:
    try:
        connection = sqlite3.connect(
            path, timeout=BUSY_S, isolation_level=None, check_same_thread=False
        )
        with _closed_on_failure(connection):
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA foreign_keys=ON")
            (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            if verdict != "ok":
                raise StoreBroken(_remedy(verdict))
            migrate(connection)
    except sqlite3.OperationalError as error:
        raise StoreBroken(f"cannot open {path}: {error}") from error
    except sqlite3.DatabaseError as error:
        raise StoreBroken(_remedy(str(error))) from error
    return connection


@contextmanager
def _closed_on_failure(connection: sqlite3.Connection) -> Iterator[None]:
    try:
        yield
    except BaseException:
        connection.close()
        raise
