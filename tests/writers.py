"""Other processes that hold a file open, and other users who ask about it."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

HOLDS = {
    "appending": "file = open(path, 'ab')",
    "laid out": "fd = os.open(path, os.O_RDWR); os.posix_fallocate(fd, 0, 1 << 20)",
    "mapped": "file = open(path, 'r+b'); held = mmap.mmap(file.fileno(), 0); file.close()",
    "leased": "fd = os.open(path, os.O_RDWR); signal.signal(signal.SIGIO, signal.SIG_IGN);"
    "fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_WRLCK)",
}
"""How a process may hold a file that it is not done with."""

NOBODY_ID = 65534


def _nobody(*capabilities: str) -> tuple[str, ...]:
    kept = ",".join(f"+{capability}" for capability in capabilities)
    ids = (f"--reuid={NOBODY_ID}", f"--regid={NOBODY_ID}", "--clear-groups")
    return ("setpriv", *ids, f"--inh-caps={kept}", f"--ambient-caps={kept}")


NOBODY = _nobody("dac_read_search")
"""Starts a program as nobody, who can at least find the interpreter, wherever that is."""

NOBODY_WITH_CAP_LEASE = _nobody("dac_read_search", "lease")
"""As the unit in systemd/ starts the daemon."""

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: only it can become nobody")


@contextmanager
def held(path: Path, how: str) -> Iterator[None]:
    """Have another process hold a file in one of the ways of HOLDS."""
    code = (
        "import fcntl, mmap, os, signal, sys; path = sys.argv[1]\n"
        f"{HOLDS[how]}\nprint(flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", code, path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        yield
        process.stdin.close()


@contextmanager
def public_folder() -> Iterator[Path]:
    """Make a folder that every user can read, unlike those of pytest."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)
