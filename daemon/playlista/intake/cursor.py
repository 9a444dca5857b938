"""How far the scan of one root has come, kept over restarts.

A daemon that never runs long enough for one whole scan still gets round the library.
"""

from collections.abc import Callable, Iterable, Iterator

from playlista.records import Root
from playlista.store.tracks import Tracks
from playlista.units import Seconds
from playlista.watch.scanner import Entry

SAVE_S = 60.0  # what a killed daemon looks at twice, at most (a guess)


class Cursor:
    """The last path that was looked at, in the byte order of paths.

    Args:
        root: The root, with the cursor as it was saved.
        tracks: Where it is saved.
        alive: Called for every file; returns the monotonic time, or raises to end the look.

    Attributes:
        place: That path, relative to the root; empty before the first.
    """

    def __init__(self, root: Root, tracks: Tracks, alive: Callable[[], Seconds]) -> None:
        self.place = self._saved = root.cursor
        self._root_id = root.root_id
        self._tracks = tracks
        self._alive = alive

    def following(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        """Pass entries on, and keep pace with them.

        Raises:
            StoreBusy: The place could not be saved.
        """
        save_at = self._alive() + SAVE_S
        for entry in entries:
            now = self._alive()
            if now >= save_at:
                self.save()
                save_at = now + SAVE_S
            yield entry
            self.place = entry.relpath

    def rewind(self) -> None:
        """Go back to the beginning: everything has been looked at."""
        self.place = b""

    def save(self) -> None:
        """Let the next daemon begin here.

        Raises:
            StoreBusy: It could not be saved.
        """
        if self.place != self._saved:
            self._tracks.mark_scan(self._root_id, self.place)
            self._saved = self.place
