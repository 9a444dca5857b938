"""Whole messages over a stream socket, without ever waiting for half of one.

``multiprocessing.connection`` reads a message to its end once it has begun: a child that
stalls in the middle of one, as under memory pressure, would hold the parent with it.
"""

import pickle
import socket
import struct
import traceback
from typing import Any

from playlista.pool.messages import Garbled, Trouble

LENGTH = struct.Struct("!Q")
CHUNK_BYTES = 1 << 18
"""Read at a time: more than a socket buffer holds by default (208 kB on Linux)."""


class Line:
    """One end of a line between parent and child.

    Args:
        end: A connected stream socket, owned from here on.
        send_limit_s: How long one message may take to leave; None is for ever.
    """

    def __init__(self, end: socket.socket, send_limit_s: float | None = None) -> None:
        self._socket = end
        self._socket.settimeout(send_limit_s)
        self._received = bytearray()

    def fileno(self) -> int:
        """Return the descriptor to wait on."""
        return self._socket.fileno()

    def send(self, message: object) -> None:
        """Send a message whole.

        Raises:
            OSError: The other side is gone, or does not read.
            pickle.PicklingError: The message cannot travel; nothing has been sent.
        """
        body = pickled(message)
        self._socket.sendall(LENGTH.pack(len(body)))
        self._socket.sendall(body)  # not joined: a draft has up to 14 MB

    def receive(self) -> list[Any]:
        """Read once, and return the messages completed by it: often one, possibly none.

        Returns at once if the descriptor is readable. A message that cannot be unpickled is
        returned as Garbled.

        Raises:
            EOFError: The other side is gone.
        """
        try:
            chunk = self._socket.recv(CHUNK_BYTES)
        except OSError as e:
            raise EOFError from e
        if not chunk:
            raise EOFError
        self._received += chunk
        return self._complete()

    def close(self) -> None:
        """Close this end: the other reads end of file."""
        self._socket.close()

    def _complete(self) -> list[Any]:
        messages = []
        begin = 0
        while (body := begin + LENGTH.size) <= len(self._received):
            (length,) = LENGTH.unpack_from(self._received, begin)
            if body + length > len(self._received):
                break
            begin = body + length
            with memoryview(self._received) as received, received[body:begin] as message:
                messages.append(unpickled(message))
        del self._received[:begin]
        return messages


def pickled(message: object) -> bytes:
    """Return the bytes of a message.

    Raises:
        pickle.PicklingError: Caused by whatever pickling it raised.
    """
    try:
        return pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    except Exception as e:
        raise pickle.PicklingError(str(e)) from e


def unpickled(body: bytes | memoryview) -> Any:  # noqa: ANN401 - a message may be anything
    """Return the message, or Garbled: reading a child's words must not break the parent."""
    try:
        return pickle.loads(body)
    except Exception as e:  # noqa: BLE001 - unpickling runs code of any class
        return Garbled(described(e))


def described(error: BaseException) -> Trouble:
    """Put an exception into words that always travel."""
    trace = "".join(traceback.format_exception(error))
    return Trouble(type(error).__qualname__, str(error), trace)
