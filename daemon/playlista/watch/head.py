"""The first bytes of a file, provided it is still the one that was seen."""

import os
import stat

from playlista.records import Signature

HEAD_N = 4096
"""What `playlista.audio.probe` wants to see: one page."""


def read_head(path: bytes, signature: Signature) -> bytes | None:
    """Read how a regular file begins.

    ``O_NONBLOCK`` because the file may have become a pipe since it was seen.

    Returns:
        Up to `HEAD_N` bytes; None when the file is not the one with this signature.

    Raises:
        OSError: It cannot be opened or read.
    """
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode) or Signature.of(found) != signature:
            return None
        return os.read(fd, HEAD_N)
    finally:
        os.close(fd)
