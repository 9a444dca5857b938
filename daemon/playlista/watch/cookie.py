"""A file that must come back as an event: threads can live and yet pass nothing on.

Source:
    watchman's cookies, https://facebook.github.io/watchman/docs/cookies
"""

import threading
from pathlib import Path
from typing import Final

from watchdog.events import FileSystemEvent, FileSystemEventHandler

from playlista.units import Seconds

PERIOD_S: Final = 60.0  # a guess
PATIENCE_N: Final = 5  # looks, 2 s each; time for which the daemon stood still is one (a guess)


class Cookie(FileSystemEventHandler):
    """One file, written again and again.

    Args:
        folder: Watched for it; nobody else writes there.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / "cookie"
        self._back = threading.Event()
        self._back.set()
        self._next_at = Seconds(0)
        self._looks_n = 0

    def on_closed(self, event: FileSystemEvent) -> None:
        """Learn that it came back."""
        del event
        self._back.set()

    def is_lost(self, now: Seconds) -> bool:
        """Tell whether it should be back by now; write it when it is time to.

        Where it cannot be written, nothing is said by that.
        """
        if self._back.is_set():
            if now < self._next_at:
                return False
            self._next_at = Seconds(now + PERIOD_S)
            self._looks_n = 0
            self._write()
        self._looks_n += 1
        return not self._back.is_set() and self._looks_n > PATIENCE_N

    def _write(self) -> None:
        self._back.clear()
        try:
            self._file.open("ab").close()  # changes nothing: a disk may go on sleeping
        except OSError:
            self._back.set()
