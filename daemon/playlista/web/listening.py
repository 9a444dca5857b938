"""The address: bound before anything else starts, on loopback only."""

import errno
import ipaddress
import re
import socket
from typing import Final

from playlista.errors import AlreadyRunning, BadConfig, OperatorError

# Callers that the kernel lets wait while the server starts (a guess; a page and a scrape are two)
BACKLOG: Final = 64
LAST_PORT: Final = 65535


def open_listener(listen: str) -> socket.socket:
    """Bind and listen, so that callers queue from here on.

    Args:
        listen: ``host:port``, IPv6 in brackets; port 0 takes a free one.

    Raises:
        AlreadyRunning: The port is in use.
        BadConfig: The address is no address, is not loopback, or may not be bound.
    """
    host, port = split(listen)
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        _refuse_the_network(listen, str(address[0]))
        return _bound(family, address)
    except OSError as error:
        raise _translated(listen, error) from error


def split(listen: str) -> tuple[str, int]:
    """Return host, without brackets, and port.

    Raises:
        BadConfig: It is not of the form ``host:port``.
    """
    parts = re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[^:\[\]\s]+):([0-9]{1,5})", listen)
    if parts is None or int(parts[2]) > LAST_PORT:
        raise BadConfig(f"HTTP_LISTEN {listen}: expected an address and a port, as 127.0.0.1:9847")
    return parts[1].strip("[]"), int(parts[2])


def _refuse_the_network(listen: str, ip: str) -> None:
    if not ipaddress.ip_address(ip).is_loopback:
        raise BadConfig(f"HTTP_LISTEN {listen}: this version serves loopback only")


def _bound(family: int, address: tuple[str | int | bytes, ...]) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        # a restart must not wait for the connections of the last run to time out
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def _translated(listen: str, error: OSError) -> OperatorError:
    if error.errno == errno.EADDRINUSE:
        return AlreadyRunning(f"HTTP_LISTEN {listen} is in use: does another playlista run?")
    return BadConfig(f"HTTP_LISTEN {listen}: {error.strerror}")
