"""A checked copy of the database, made while it is in use.

Making one takes as long as its disk needs to read and write it: `run` is for a child process,
which may be killed at any moment. A copy is whole and checked before it takes its name.
"""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from playlista.durable import sync_folder
from playlista.errors import StoreBroken, StoreBusy
from playlista.store.database import reading, size_bytes
from playlista.store.opening import require_sound
from playlista.store.trouble import RETRY_S

OUTCOMES: Final = ("ok", "failed")
ROOM: Final = 1.1  # of the size of the database: it may grow meanwhile (a guess)
BESIDE: Final = ("-wal", "-shm", "-journal")


def copies(database: Path) -> list[Path]:
    """Return the copies there are, the newest first."""
    return [place for place in _places(database) if place.exists()]


def made_at(database: Path) -> float | None:
    """Return the Unix time of the newest copy; None when there is none.

    Raises:
        StoreBusy: The disk does not tell.
    """
    with on_disk(database.parent):
        newest = next(iter(copies(database)), None)
        return None if newest is None else newest.stat().st_mtime


def run(database: Path) -> str | None:
    """Make a copy; return why the database is damaged, None when it is sound.

    Raises:
        StoreBusy: There is no room, or the disk does not take it.
    """
    try:
        make(database)
    except StoreBroken as broken:
        return str(broken)
    return None


def make(database: Path) -> None:
    """Copy the database as it stands now; the last copy is kept beside as the older one.

    Raises:
        StoreBusy: There is no room, or the disk does not take it.
        StoreBroken: The database is damaged; the copies stay as they are.
    """
    newest, older = _places(database)
    with on_disk(newest.parent):
        newest.parent.mkdir(exist_ok=True)
        _require_room(newest.parent, size_bytes(database))
        with temporary(newest) as copy:
            _copied(database, copy)
            if newest.exists():
                newest.replace(older)
            copy.replace(newest)
            sync_folder(newest.parent)


def _places(database: Path) -> tuple[Path, Path]:
    folder = database.parent / "backup"
    return folder / database.name, folder / f"{database.name}.1"


def _require_room(folder: Path, size: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < size * ROOM:
        raise StoreBusy(
            f"no room in {folder} for a copy of {size / 1e6:.0f} MB: {free / 1e6:.0f} MB are free",
            RETRY_S,
        )


def _copied(database: Path, copy: Path) -> None:
    """Copy what is committed and check the copy; of a bad one, tell which of the two is bad."""
    with reading(database) as source:
        with closing(sqlite3.connect(copy)) as target:
            source.backup(target)
        if not is_sound(copy):
            require_sound(source)
            raise StoreBusy(f"the copy in {copy.parent} is damaged, the database is not", RETRY_S)


def is_sound(copy: Path) -> bool:
    """Look at every page of a copy."""
    try:
        # immutable: a copy is looked at and never gets a log
        uri = f"{copy.absolute().as_uri()}?mode=ro&immutable=1"
        with closing(sqlite3.connect(uri, uri=True)) as connection:
            require_sound(connection)
    except (StoreBroken, sqlite3.DatabaseError):
        return False
    return True


@contextmanager
def temporary(place: Path) -> Iterator[Path]:
    """Give a name for what is not whole yet, with nothing there before or after."""
    unfinished = place.with_name(f"{place.name}.tmp")
    names = [unfinished.with_name(unfinished.name + suffix) for suffix in ("", *BESIDE)]
    try:
        for name in names:
            name.unlink(missing_ok=True)
        yield unfinished
    finally:
        for name in names:
            name.unlink(missing_ok=True)


@contextmanager
def on_disk(folder: Path) -> Iterator[None]:
    """Turn the operating system's errors into ours.

    Raises:
        StoreBusy: The disk does not take it.
    """
    try:
        yield
    except OSError as error:
        raise StoreBusy(f"{folder}: {error.strerror}", RETRY_S) from error
