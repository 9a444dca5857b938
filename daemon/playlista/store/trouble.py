"""SQLite's errors in our own words, by who must act."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from playlista.errors import StoreBroken, StoreBusy

RETRY_S: Final = 5.0  # what a caller should wait after StoreBusy (a guess)

_PASSING: Final = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_PROTOCOL,  # too many tried to lock it at once
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,  # a full disk, too: no room for the -shm
        sqlite3.SQLITE_NOMEM,
    }
)
_PRIMARY: Final = 0xFF  # the rest of a code says where it happened


@contextmanager
def translated() -> Iterator[None]:
    """Turn SQLite's errors into ours while the database is in use.

    Raises:
        StoreBusy: What may work later; a disk gone read-only, too, for it was writable once.
        StoreBroken: What never will.
    """
    try:
        yield
    except sqlite3.OperationalError as error:
        if _code(error) == sqlite3.SQLITE_ERROR:
            raise  # wrong SQL: a bug of ours
        raise StoreBusy(f"the database cannot be used now: {error}", RETRY_S) from error
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError):
            raise  # a bug of ours
        raise damaged(str(error)) from error


@contextmanager
def translated_at_start(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into ours while the database is being opened.

    Raises:
        StoreBusy: Locked, full or failing disk.
        StoreBroken: Damaged, or there is no right to write it.
    """
    try:
        yield
    except sqlite3.OperationalError as error:
        if _code(error) in _PASSING:
            raise StoreBusy(f"{path} cannot be opened now: {error}", RETRY_S) from error
        raise StoreBroken(f"cannot open {path}: {error}") from error
    except sqlite3.DatabaseError as error:
        raise damaged(str(error)) from error


def damaged(why: str) -> StoreBroken:
    """Return the refusal of a damaged database, with the remedy."""
    return StoreBroken(
        f"the database is damaged ({why}): `playlista doctor --restore` puts the last good copy "
        "in its place"
    )


def _code(error: sqlite3.Error) -> int | None:
    extended: int | None = getattr(error, "sqlite_errorcode", None)
    return None if extended is None else extended & _PRIMARY
