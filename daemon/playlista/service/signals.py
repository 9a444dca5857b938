"""Signals set flags and wake the main thread; nothing more."""

import signal
import socket
from contextlib import ExitStack, suppress
from types import FrameType
from typing import Final, Self

from playlista.units import Seconds

STOP: Final = (signal.SIGTERM, signal.SIGINT)
RELOAD: Final = (signal.SIGHUP,)
PAUSE: Final = {int(signal.SIGUSR1): True, int(signal.SIGUSR2): False}


class Signals:
    """What the outside asks of the daemon; entered in the main thread.

    SIGTERM and SIGINT ask to stop, a second one to stop at once; SIGHUP asks for a reload,
    SIGUSR1 to pause, SIGUSR2 to resume.
    SIGIO is ignored: whoever opens a file that we have leased makes the kernel send it.

    Attributes:
        stop: True once somebody asked to stop.
        stop_now: True once somebody asked again.
    """

    def __init__(self) -> None:
        self.stop = False
        self.stop_now = False
        self._reload = False
        self._pause: bool | None = None

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._bell, self._ringer = (stack.enter_context(end) for end in socket.socketpair())
            self._ringer.setblocking(False)
            # The C handler rings: no signal slips in between a look at the flags and the wait.
            before = signal.set_wakeup_fd(self._ringer.fileno(), warn_on_full_buffer=False)
            stack.callback(signal.set_wakeup_fd, before)
            for number in (*STOP, *RELOAD, *PAUSE, signal.SIGIO):
                # None: it was not installed from Python, and cannot be put back from here
                answer = signal.SIG_IGN if number == signal.SIGIO else self._note
                old = signal.signal(number, answer)
                stack.callback(signal.signal, number, signal.SIG_DFL if old is None else old)
            self._undo = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._undo.close()

    def wait(self, timeout: Seconds | None) -> None:
        """Sleep until a signal or `wake`, at most so long; None waits for ever."""
        self._bell.settimeout(timeout)
        with suppress(TimeoutError, BlockingIOError):
            self._bell.recv(4096)

    def wake(self) -> None:
        """End the wait from any thread; rung while nobody waits, the next wait ends at once."""
        with suppress(BlockingIOError):  # full of rings already
            self._ringer.send(b"\0")

    def take_reload(self) -> bool:
        """Tell whether a reload was asked for since the last call."""
        asked, self._reload = self._reload, False
        return asked

    def take_pause(self) -> bool | None:
        """Tell which was asked for last since the last call: to pause, to resume, or neither."""
        asked, self._pause = self._pause, None
        return asked

    def _note(self, number: int, _: FrameType | None) -> None:
        if number in RELOAD:
            self._reload = True
        elif number in PAUSE:
            self._pause = PAUSE[number]
        else:
            self.stop_now, self.stop = self.stop, True
