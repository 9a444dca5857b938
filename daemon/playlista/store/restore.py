"""The last good copy in the place of a damaged database."""

import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from playlista.durable import sync_folder
from playlista.errors import StoreBroken
from playlista.store.backup import BESIDE, copies, is_sound, on_disk, temporary
from playlista.store.lock import Lock
from playlista.store.trouble import translated


@dataclass(frozen=True, slots=True)
class Restored:
    """What took the place of a damaged database.

    Attributes:
        made_at: Unix time of the copy.
        tracks: How many files it knows.
        seq: The last playlist edit that it knows; 0 when none.
        aside: The folder in which the damaged files are; None when there were none.
    """

    made_at: float
    tracks: int
    seq: int
    aside: Path | None


def restore(database: Path) -> Restored:
    """Put the newest sound copy in the place of a database, which is kept aside.

    Every playlist counts as not written: files on disk may be newer than the copy.

    Raises:
        AlreadyRunning: A daemon holds the database.
        StoreBusy: There is no room, or the disk does not take it.
        StoreBroken: There is no sound copy.
    """
    lock = Lock(database)
    try:
        lock.begin()
        copy = _sound_copy(database)
        with on_disk(database.parent), temporary(database) as ready, translated():
            shutil.copyfile(copy, ready)
            tracks, seq = _made_ready(ready)
            aside = _set_aside(database)
            ready.replace(database)
            sync_folder(database.parent)
        return Restored(copy.stat().st_mtime, tracks, seq, aside)
    finally:
        lock.release()


def _sound_copy(database: Path) -> Path:
    for copy in copies(database):
        if is_sound(copy):
            return copy
    raise StoreBroken(
        f"there is no good copy in {database.parent / 'backup'}: move playlista.db, -wal and -shm "
        "away together and start again; the library will be analysed anew"
    )


def _made_ready(database: Path) -> tuple[int, int]:
    """Have every playlist written anew; return how many tracks and which edit are known."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE playlist SET published = 0")
        (tracks,) = connection.execute("SELECT count(*) FROM file WHERE candidate").fetchone()
        (seq,) = connection.execute("SELECT coalesce(max(seq), 0) FROM delta").fetchone()
    return int(tracks), int(seq)


def _set_aside(database: Path) -> Path | None:
    """Move a database away with its log, the log first: it must never meet another database."""
    names = [f"{database.name}{suffix}" for suffix in (*BESIDE, "")]
    there = [name for name in names if (database.parent / name).exists()]
    if not there:
        return None
    numbers = range(1, 1 + len(list(database.parent.iterdir())))
    folders = (database.parent / f"damaged.{number}" for number in numbers)
    aside = next(folder for folder in folders if not folder.exists())
    aside.mkdir()
    for name in there:
        (database.parent / name).rename(aside / name)
    sync_folder(aside)
    return aside
