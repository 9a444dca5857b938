"""A bell that wakes whoever waits for it, from any thread or signal handler."""

import contextlib
import socket


class Bell:
    """Ringing it twice before it is heard is ringing it once."""

    def __init__(self) -> None:
        self._inside, self._outside = socket.socketpair()
        self._inside.setblocking(False)
        self._outside.setblocking(False)

    def fileno(self) -> int:
        """Return the descriptor to wait on: readable when rung."""
        return self._inside.fileno()

    def ring(self) -> None:
        """Wake the listener; never blocks, harmless after close."""
        # Full means that it rings already; closed means that nobody listens any more.
        with contextlib.suppress(OSError):
            self._outside.send(b"\0")

    def heard(self) -> bool:
        """Tell whether it has been rung since the last time of asking."""
        try:
            return bool(self._inside.recv(4096))
        except BlockingIOError:
            return False

    def close(self) -> None:
        """Give the descriptors back."""
        self._inside.close()
        self._outside.close()
