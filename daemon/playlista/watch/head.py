"""One look into a file: is it still the one that was seen, who writes to it, how does it begin."""

import os
import stat
from typing import NamedTuple

from playlista.records import Signature
from playlista.watch.lease import open_for_writing

HEAD_N = 4096
"""What `playlista.audio.probe` wants to see: one page."""


class Look(NamedTuple):
    """What the look told.

    Attributes:
        head: Up to `HEAD_N` first bytes; None when the file is not the one that was seen.
        written: Whether somebody has it open for writing; None when nobody can tell.
    """

    head: bytes | None
    written: bool | None


def look_into(path: bytes, signature: Signature) -> Look:
    """Open a regular file once, and look.

    ``O_NONBLOCK`` because the file may have become a pipe since it was seen.

    Raises:
        OSError: It cannot be opened or read.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
    except BlockingIOError:  # somebody, such as a Samba server, has leased it for writing
        return Look(None, written=True)
    try:
        # asked first: what was written before the answer shows in the signature
        written = open_for_writing(fd)
        found = os.fstat(fd)
        same = stat.S_ISREG(found.st_mode) and signature.agrees(Signature.of(found))
        return Look(os.read(fd, HEAD_N) if same else None, written)
    finally:
        os.close(fd)
