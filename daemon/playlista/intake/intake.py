"""Seen or gone → library and backlog: every root at work, and what is known of them."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from playlista.config.settings import WatchSettings
from playlista.errors import TryAgain, printable
from playlista.intake.arrivals import Arrivals
from playlista.intake.folder import Folder
from playlista.intake.ledger import Found, Ledger
from playlista.metrics import Metrics
from playlista.records import Known
from playlista.store.tracks import Tracks
from playlista.units import Seconds
from playlista.watch import limits
from playlista.watch.roots import checked, rival

TEND_S = 1.0  # how often the folders' threads are looked after
HUNG_S = 60.0  # a root that gave no sign of life for so long hangs in the kernel (a guess)
WAITS = ("quiet", "open")  # why a file is not queued yet: it may change, somebody writes to it
STATES = ("online", "degraded", "offline", "hung", "new")
"""Of a root; degraded is online, with changes that may give no event."""
FAREWELL_S = 5.0  # how long a folder may take to stop; a hung one never would

log = logging.getLogger(__name__)


class Intake:
    """Keeps the library equal with the folders.

    Each root has a thread of its own, so that one that hangs holds up no other; `step` does
    the same work in the caller's thread.

    Args:
        tracks: The library.
        settings: What is watched, and when a file counts as finished.
        metrics: Where it is counted.
        changed: Called after each transaction with what it wrote, from a folder's thread.
        expected: Called, from there too, when something has been seen that is still settling.
        own: Folders of ours, never looked into: state and playlists.
        cookies: Folder for files that must come back as events, as proof that events come.
        watching: False looks when asked, and never listens for events.

    Raises:
        BadConfig: Roots that are equal or lie in each other, by their names.
    """

    def __init__(  # noqa: PLR0913 - an assembly point, called once, by keyword
        self,
        tracks: Tracks,
        settings: WatchSettings,
        metrics: Metrics,
        *,
        changed: Callable[[Found], object],
        expected: Callable[[], object],
        cookies: Path,
        own: Iterable[Path] = (),
        watching: bool = True,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._ledger = Ledger(tracks, metrics, changed, expected)
        self._settings = settings
        self._paths = checked(settings.music_paths)
        self._cookies = cookies
        self._own = (*own, cookies)
        self._watching = watching
        self._wall = wall
        self._watched: tuple[bytes, ...] | None = None
        self._folders: dict[int, Folder] = {}
        self._threads: dict[int, threading.Thread] = {}
        self._failure: BaseException | None = None
        metrics.watches_limit.set(limits.watches() or 0)

    # --- the loop -----------------------------------------------------------------

    def run(self, stop: threading.Event, beat: Callable[[], object] = lambda: None) -> None:
        """Work until told to stop.

        Args:
            stop: Ends the loop.
            beat: Called in every round of it.

        Raises:
            OperatorError: The database is broken.
        """
        try:
            while not stop.is_set():
                beat()
                self._tend()
                stop.wait(TEND_S)
        finally:
            self._dismiss(list(self._folders.values()))

    def _tend(self) -> None:
        if self._failure is not None:
            raise self._failure
        self._enlist()
        for root_id, folder in self._folders.items():
            if root_id not in self._threads:
                name = f"intake-{root_id}"
                thread = threading.Thread(
                    target=self._attend, args=(folder,), name=name, daemon=True
                )
                self._threads[root_id] = thread
                thread.start()
        self._measure()

    def _attend(self, folder: Folder) -> None:
        try:
            while not folder.stopping:
                rest_s = folder.step(Seconds(time.monotonic()))
                folder.wake.wait(rest_s)
                folder.wake.clear()
        except BaseException as error:  # noqa: BLE001 - raised again by the loop
            self._failure = error

    def step(self, now: float) -> None:
        """Do in this thread whatever is due at a monotonic time."""
        self._enlist()
        for folder in list(self._folders.values()):
            folder.step(Seconds(now))
        self._measure()

    def close(self) -> None:
        """Stop observing, after steps in this thread."""
        self._dismiss(list(self._folders.values()))

    # --- which folders ------------------------------------------------------------

    def _enlist(self) -> None:
        """Make the folders those of the configuration."""
        paths = self._paths
        present = {folder.root.path for folder in self._folders.values()}
        self._dismiss([f for f in self._folders.values() if f.root.path not in paths])
        try:
            if paths != self._watched:
                self._ledger.tracks.watch_only(paths)
                self._watched = paths
            for path in paths:
                if path not in present:
                    self._admit(path)
        except TryAgain as busy:
            log.warning("not every folder is looked after yet: %s", busy)

    def _admit(self, path: bytes) -> None:
        root = self._ledger.tracks.root(path)
        self._folders[root.root_id] = Folder(
            root,
            self._ledger,
            Arrivals(root, self._settings, self._ledger, self._has_left, self._wall),
            own=self._own,
            cookies=self._cookies / str(root.root_id),
            rival=self._rival,
            arriving=self._arriving,
            watching=self._watching,
        )

    def _rival(self, path: bytes) -> str | None:
        """Return why a root must not be looked at: another one has the same files."""
        folders = list(self._folders.values())
        return rival(path, {folder.root.path: folder.real for folder in folders})

    def _arriving(self) -> bool:
        """Tell whether something may be there that is not in the backlog yet."""
        return not self.scanned or any(f.has_news for f in list(self._folders.values()))

    def _has_left(self, known: Known) -> bool:
        """Tell whether a known file certainly has no other name than one just found."""
        folder = self._folders.get(known.root_id)
        # a root that is no longer watched has no names that count
        return known.missing or folder is None or folder.standing.lacks(known)

    def _dismiss(self, folders: list[Folder]) -> None:
        for folder in folders:
            folder.stopping = True
            folder.wake.set()
        for folder in folders:
            thread = self._threads.pop(folder.root.root_id, None)
            if thread is not None:
                thread.join(FAREWELL_S)
            if thread is None or not thread.is_alive():
                folder.lookout.stop()
            self._folders = {k: f for k, f in self._folders.items() if f is not folder}

    # --- asked by others ----------------------------------------------------------

    def reload(self, settings: WatchSettings) -> None:
        """Watch what new settings say; files of a root that is not among them stay known.

        Raises:
            BadConfig: Roots that are equal or lie in each other, by their names; nothing has
                changed.
        """
        self._paths = checked(settings.music_paths)
        self._settings = settings
        for folder in list(self._folders.values()):
            folder.adopt(settings)

    def request_scan(self) -> None:
        """Compare every root with the database soon."""
        for folder in list(self._folders.values()):
            folder.request_scan()

    @property
    def scanned(self) -> bool:
        """Whether the first full scan of every root has ended, or cannot even begin."""
        folders = list(self._folders.values())
        return len(folders) == len(self._paths) and all(
            folder.scanned or self._hung_s(folder) for folder in folders
        )

    @property
    def idle(self) -> bool:
        """Whether nothing is settling, and nothing is known to be unseen."""
        return self.scanned and all(
            folder.is_idle or self._hung_s(folder) for folder in list(self._folders.values())
        )

    def roots_status(self) -> list[dict[str, Any]]:
        """Return each root as ``status --json`` shows it."""
        return [self._status(folder) for folder in list(self._folders.values())]

    def _status(self, folder: Folder) -> dict[str, Any]:
        hung_s, doubt = self._hung_s(folder), folder.doubt
        return {
            "path": printable(folder.root.path),
            "mode": str(folder.lookout.mode),
            "state": "hung" if hung_s else folder.standing.state,
            "degraded": None if doubt is None else str(doubt.reason),
            "why": f"the disk has not answered for {hung_s:.0f} s" if hung_s else folder.why,
            "settling": folder.arrivals.settling_n,
            "open": folder.arrivals.written_n,
        }

    def _hung_s(self, folder: Folder) -> float | None:
        """Return for how long a root has given no sign of life; None while that is normal."""
        silent_s = time.monotonic() - folder.pulse
        hung = folder.root.root_id in self._threads and silent_s > HUNG_S
        return silent_s if hung else None

    def _state(self, folder: Folder) -> str:
        if self._hung_s(folder):
            return "hung"
        state = folder.standing.state
        return "degraded" if state == "online" and folder.doubt else state

    def _measure(self) -> None:
        folders, metrics = self._folders.values(), self._ledger.metrics
        metrics.watches.set(sum(folder.lookout.watches_n for folder in folders))
        states = Counter(map(self._state, folders))
        for state in STATES:
            metrics.watch_roots.labels(state).set(states[state])
        quiet, writer = (metrics.settling_files.labels(wait) for wait in WAITS)
        quiet.set(sum(folder.arrivals.settling_n for folder in folders))
        writer.set(sum(folder.arrivals.written_n for folder in folders))
