"""One child process that runs one function, and that can be killed at any moment.

Started as a fresh interpreter, not with multiprocessing: no fork, no second import of
``__main__``, and no descriptor inherited but its own line (ADR 0005).
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping

import psutil

from playlista.pool.line import Line
from playlista.pool.messages import Call, Start
from playlista.units import Bytes

NOT_FOR_CHILDREN = frozenset(
    {
        "NOTIFY_SOCKET",
        "WATCHDOG_PID",
        "WATCHDOG_USEC",
        "LISTEN_FDS",
        "LISTEN_FDNAMES",
        "LISTEN_PID",
    }
)
"""What systemd tells the main process alone: sd_notify(3), sd_listen_fds(3)."""
STDERR = 2
SEND_LIMIT_S = 5.0
"""A guess, 2026-11: an idle child reads at once; one that does not is stopped or stuck."""
LAST_WORDS_S = 1.0
"""A guess, 2026-11: between a child's end of file and its death lie a few milliseconds."""


class Child:
    """A process running ``target(request)`` for each request; never restarted.

    It is in a session of its own, so that Ctrl-C does not reach it and whatever it starts
    dies with it. It dies with the *thread* that made it (prctl(2), PR_SET_PDEATHSIG): make
    children in a thread that lives as long as they should.

    Args:
        target: Dotted path of the function, ``"package.module:function"``.
        prepare: Dotted path of a function run once before READY.
        env: Variables set on top of this process's own, before the child's first import:
            thread counts (OMP_NUM_THREADS, ...) belong here.
        nice: Added to this process's niceness.

    Raises:
        OSError: The system has no room for another process.
    """

    def __init__(
        self, target: str, *, prepare: str | None = None, env: Mapping[str, str], nice: int = 0
    ) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                self._process = _started(theirs.fileno(), env)
            except OSError:
                ours.close()
                raise
        self.line = Line(ours, SEND_LIMIT_S)
        # If it is dead already, whoever reads the line will see that.
        with contextlib.suppress(OSError):
            self.line.send(Start(target, prepare, nice, os.getpid()))

    @property
    def pid(self) -> int:
        """Process id, also of its session and process group."""
        return self._process.pid

    def send(self, request: object) -> None:
        """Ask for one task.

        Raises:
            OSError: The child is gone, or has not read for SEND_LIMIT_S seconds.
            pickle.PicklingError: The request cannot travel; nothing has been sent.
        """
        self.line.send(Call(request))

    def rss(self) -> Bytes:
        """Return its resident memory; nothing once it is dead."""
        try:
            return Bytes(psutil.Process(self.pid).memory_info().rss)
        except (OSError, psutil.Error):
            return Bytes(0)

    def kill(self) -> None:
        """Kill it and all it started, without waiting; harmless when it is dead."""
        if self._process.returncode is None:
            self._kill_session()

    def bury(self) -> int | None:
        """Close the line and collect the exit status of a child that has hung up.

        Returns:
            The status, negative for the signal that killed it; None when it hung up
            without dying, and was killed for it.
        """
        self.line.close()
        status = self._status()
        # Its process id is free for others only since a moment ago, and ids are given out in
        # turn: this reaches what it left behind, or nobody.
        self._kill_session()
        if status is None:
            self._status()
        return status

    def _status(self) -> int | None:
        try:
            return self._process.wait(LAST_WORDS_S)
        except subprocess.TimeoutExpired:
            return None

    def _kill_session(self) -> None:
        # macOS answers EPERM for a group of zombies.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)


def _started(fd: int, env: Mapping[str, str]) -> subprocess.Popen[bytes]:
    own = {name: value for name, value in os.environ.items() if name not in NOT_FOR_CHILDREN}
    return subprocess.Popen(
        # -P: the working directory is no place to import from.
        [sys.executable, "-P", "-m", "playlista.pool.worker", str(fd)],
        env=own | dict(env),
        pass_fds=[fd],
        stdin=subprocess.DEVNULL,
        # Standard output belongs to the command line; native libraries chatter there.
        stdout=STDERR,
        start_new_session=True,
    )
