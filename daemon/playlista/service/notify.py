"""What systemd hears of the daemon: READY, EXTEND_TIMEOUT, STATUS, WATCHDOG, STOPPING.

The protocol is one datagram of ``KEY=value`` lines, too small to be worth a dependency
that needs a compiler. Without a socket every call does nothing.

Source:
    sd_notify(3), sd_watchdog_enabled(3).
"""

import logging
import os
import socket
import time
from collections.abc import MutableMapping
from typing import Final

from playlista.units import Seconds

# systemd reads at once; a full socket must not hold the daemon up for longer (a guess)
SEND_TIMEOUT: Final = Seconds(1.0)

log = logging.getLogger(__name__)


class Notifier:
    """The line to systemd.

    The variables are taken out of the environment, so that no child believes that it may
    speak for the daemon.

    Args:
        environ: Usually ``os.environ``; NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID
            are removed from it.

    Attributes:
        watchdog_interval_s: How often to call `watchdog`: half of what systemd allows;
            None when it does not watch this process.
    """

    def __init__(self, environ: MutableMapping[str, str]) -> None:
        self._address = _address(environ.pop("NOTIFY_SOCKET", ""))
        pid = environ.pop("WATCHDOG_PID", "")
        usec = environ.pop("WATCHDOG_USEC", "")
        self.watchdog_interval_s = _interval(usec) if pid in ("", str(os.getpid())) else None

    def ready(self) -> None:
        """Say that the daemon serves, at start and after every reload."""
        self._send("READY=1")

    def extend(self, more: Seconds) -> None:
        """Ask for more time, from now, until `ready` or the next call."""
        self._send(f"EXTEND_TIMEOUT_USEC={more * 1e6:.0f}")

    def status(self, text: str) -> None:
        """Show one line in ``systemctl status``."""
        self._send(f"STATUS={' '.join(text.splitlines())}")

    def watchdog(self) -> None:
        """Say that the daemon is alive."""
        self._send("WATCHDOG=1")

    def reloading(self) -> None:
        """Say that a reload begins; `ready` ends it.

        The time lets Type=notify-reload (systemd 253) tell this reload from an earlier one.
        """
        self._send(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        """Say that the daemon winds down."""
        self._send("STOPPING=1")

    def _send(self, message: str) -> None:
        if self._address is None:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
                line.settimeout(SEND_TIMEOUT)
                # connected: on an unconnected socket poll says "writable" even when the
                # receiver's queue is full, and the wait becomes a busy one
                line.connect(self._address)
                line.send(message.encode(errors="replace"))
        except OSError as error:
            log.warning("systemd cannot be told message=%r why=%r", message, str(error))


def _address(given: str) -> bytes | None:
    """Return what the kernel calls the socket; a leading @ names an abstract one."""
    if not given:
        return None
    name = os.fsencode(given)
    return b"\0" + name[1:] if name.startswith(b"@") else name


def _interval(usec: str) -> Seconds | None:
    return Seconds(int(usec) / 2_000_000) if usec.isdecimal() and int(usec) else None
