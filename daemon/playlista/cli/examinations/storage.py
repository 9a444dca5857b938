"""What is remembered: the folders, the database, its copy."""

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from playlista.cli.examinations.finding import Finding, file_system
from playlista.config.settings import Config
from playlista.errors import OperatorError, TryAgain
from playlista.store import backup, lock
from playlista.store.database import reading, size_bytes

LITTLE_ROOM = 100e6  # bytes (a guess)
LATE = 2  # intervals without a new copy of the database


def folders(settings: Config) -> Iterator[Finding]:
    """Tell whether our own folders can be written."""
    for what, folder in (
        ("state", settings.store.state_path),
        ("playlists", settings.store.playlists),
    ):
        nearest = next(parent for parent in (folder, *folder.parents) if parent.exists())
        writable = os.access(nearest, os.W_OK | os.X_OK)
        kind, remote = file_system(nearest)
        remedy = None if writable else f"give this user permission to write {nearest}"
        if os.statvfs(nearest).f_flag & os.ST_RDONLY:
            remedy = "make its disk writable again, and see dmesg: a disk that fails becomes so"
        if what == "state" and remote:
            remedy = "set STATE_PATH to a local disk: a database cannot live on a network mount"
        found = "writable" if writable else "not writable"
        yield Finding(f"{what} {folder}", f"{found}, on {kind}", remedy)


def database(settings: Config) -> Iterator[Finding]:
    """Tell whether the database is whole, how it was left, and how old its copy is."""
    database = settings.store.database
    if not database.exists():
        return
    try:
        with reading(database) as read:
            read.execute("SELECT count(*) FROM root")
    except OperatorError as broken:
        yield Finding(f"database {database}", str(broken), "playlista doctor --restore")
        return
    except TryAgain as busy:
        yield Finding(
            f"database {database}",
            str(busy),
            "ask as the user of the daemon; else see who else uses it",
        )
        return
    yield Finding("database left", *_left(database))
    size, free = size_bytes(database), shutil.disk_usage(database.parent).free
    scarce = free < max(size * backup.ROOM, LITTLE_ROOM)
    yield Finding(
        f"database {database}",
        f"{size / 1e6:.1f} MB, {free / 1e6:.0f} MB free beside it",
        "free some space: it cannot grow, and cannot be copied" if scarce else None,
    )
    yield Finding("database copy", *_copy(database, settings.store.backup_interval_hours))


def _left(database: Path) -> tuple[str, str | None]:
    if lock.is_held(database):
        return "in use", None
    if lock.was_left_open(database):
        remedy = "start the daemon, which checks it; if this comes back, see in its log why"
        return "not closed: its last user was killed, or the power failed", remedy
    return "closed in order", None


def _copy(database: Path, interval_h: float) -> tuple[str, str | None]:
    made_at = backup.made_at(database)
    if made_at is None:
        return "none yet", None if interval_h else "set BACKUP_INTERVAL_HOURS: none is ever made"
    age_h = (time.time() - made_at) / 3600
    late = interval_h > 0 and age_h > LATE * interval_h
    return f"{age_h:.0f} h old", "start the daemon, or see in its log why" if late else None
