"""Files that are whole or absent, and the operating system's errors in our own words."""

import errno
import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from playlista.durable import sync_folder
from playlista.errors import OperatorError, TryAgain, printable

WAIT_S = 30.0
"""Until a disk that refused is asked again: a guess."""

PASSING = frozenset(
    {
        errno.EAGAIN,
        errno.EBUSY,
        errno.EDQUOT,
        errno.EHOSTDOWN,
        errno.EIO,
        errno.EMFILE,
        errno.ENFILE,
        errno.ENODEV,
        errno.ENOENT,  # the folder: a share that is not mounted yet
        errno.ENOMEM,
        errno.ENOSPC,
        errno.ENOTCONN,
        errno.ESTALE,
        errno.ETIMEDOUT,
    }
)
"""What may go away by itself; all else (permissions, a read-only disk) needs a person."""


def located(path: bytes | Path) -> Path:
    """Return a path as an object, whatever bytes are in it."""
    return Path(os.fsdecode(path))


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn the operating system's errors on this file into ours.

    Raises:
        TryAgain: The disk is full, busy or away.
        OperatorError: The file cannot be written until a person changes something.
    """
    try:
        yield
    except OSError as error:
        what = f"{printable(os.fsencode(path))}: {os.strerror(error.errno or 0)}"
        if error.errno in PASSING:
            raise TryAgain(what, WAIT_S) from error
        raise OperatorError(what) from error


def swap(path: Path, text: bytes) -> None:
    """Replace a file so that no reader, and no crash, ever sees half of it."""
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
    sync_folder(path.parent)


def set_aside(path: Path) -> Path:
    """Keep a file under the first free name of ``NAME.1``, ``NAME.2`` …; return that name."""
    names = (path.with_name(f"{path.name}.{n}") for n in itertools.count(1))
    kept = next(name for name in names if not name.exists())
    path.rename(kept)
    sync_folder(path.parent)
    return kept
