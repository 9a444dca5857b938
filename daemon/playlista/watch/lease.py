"""Is a file open for writing? Ask the kernel.

It grants a read lease on a file only while nobody on this machine has it open for writing, be
it through a descriptor or through shared memory: fcntl(2), F_SETLEASE. Nothing else cheap sees
a download that was laid out beforehand and pauses.
"""

import errno
import fcntl
import os
import signal
import sys
from pathlib import Path

from playlista import mounts

_SMB = frozenset({b"cifs", b"smb3"})  # grants and refuses by what the server lets it cache


def open_for_writing(fd: int) -> bool | None:
    """Tell whether anybody on this machine may be writing to a file.

    The lease is given back at once: a writer that opens the file meanwhile waits for it.
    Its breaking is told by SIGIO, which ends a process by default: nothing is asked until
    somebody, such as `playlista.service.signals`, has that signal ignored.

    Args:
        fd: The file, open for reading only.

    Returns:
        None when the kernel does not say: the file belongs to another user and this process
        lacks CAP_LEASE, or its file system has no leases.
    """
    if sys.platform != "linux" or signal.getsignal(signal.SIGIO) is not signal.SIG_IGN:
        return None
    try:
        fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except OSError as error:
        return True if error.errno == errno.EAGAIN and not _is_smb(fd) else None
    fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    return False


def _is_smb(fd: int) -> bool:
    path = os.fsencode(Path(f"/proc/self/fd/{fd}").readlink())
    mount = mounts.of(path, mounts.table())
    return mount is not None and mount.kind in _SMB
