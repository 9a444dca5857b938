"""Files that are new below one root: matched with what moved, settled, looked into, queued."""

import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from playlista.audio.probe import is_candidate
from playlista.config.settings import WatchSettings
from playlista.errors import printable
from playlista.intake.ledger import Ledger, Line
from playlista.records import Appeared, Known, Moved, Returned, Root
from playlista.units import Seconds
from playlista.watch.head import Look, look_into
from playlista.watch.names import join
from playlista.watch.reconcile import Arrived, Back, Difference
from playlista.watch.scanner import GONE, Entry, Walk
from playlista.watch.settle import Settle

BATCH_N = 500  # rows per transaction (ADR 0011)
WRITER_FIRST_S, WRITER_LAST_S = 5.0, 600.0  # between two looks for a writer (guesses)

UNOPENED = Look(b"", None)
"""Its name decides whether it is music, and the worker states the reason."""

log = logging.getLogger(__name__)


class Arrivals:
    """What one root brings in.

    Args:
        root: The root.
        settings: The quiet times.
        ledger: Where it is written.
        has_left: Tells whether a known file is certainly not at its path any more.
        wall: Unix time; compared with ctimes only.

    Attributes:
        settings: As they were given.
        barred: Nothing is taken: the root may be another disk for a while.
    """

    def __init__(
        self,
        root: Root,
        settings: WatchSettings,
        ledger: Ledger,
        has_left: Callable[[Known], bool],
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.settings = settings
        self.barred = False
        self._root = root
        self._ledger = ledger
        self._has_left = has_left
        self._wall = wall
        self._settle: Settle[bytes, Arrived] = Settle()
        self._written: Settle[bytes, Arrived] = Settle()
        self._taken: dict[bytes, tuple[Arrived, Seconds, Seconds | None]] = {}
        self._lines: list[Line] = []
        self._may_be_moved = True

    @property
    def settling_n(self) -> int:
        """How many files have to stay as they are for a while."""
        return len(self._settle)

    @property
    def written_n(self) -> int:
        """How many files wait for somebody to close them."""
        return len(self._written)

    @contextmanager
    def scanning(self) -> Iterator[None]:
        """Spare the search for moves while a library is met for the first time."""
        self._may_be_moved = not self._ledger.tracks.is_empty
        try:
            yield
        finally:
            self._may_be_moved = True

    def back(self, back: Back) -> None:
        """Take a file that is the remembered one after all.

        Raises:
            StoreBusy: See `flush`.
        """
        self._put(Difference.RETURNED, Returned(back.known.file_id, back.signature))
        self._flush_many()

    def take(self, arrived: Arrived, now: Seconds, quiet_s: Seconds | None) -> None:
        """Take a file that is unknown or changed.

        Args:
            arrived: What was seen.
            now: Monotonic time.
            quiet_s: How long it must be quiet from now; None asks its ctime how long it
                has been quiet already, so that an old library need not wait.

        Raises:
            StoreBusy: See `flush`.
        """
        if not self.barred:
            self._taken[arrived.entry.relpath] = (arrived, now, quiet_s)
            self._flush_many()

    def _flush_many(self) -> None:
        if len(self._taken) + len(self._lines) >= BATCH_N:
            self.flush()

    def flush(self) -> None:
        """Write what has gathered.

        Raises:
            StoreBusy: It was dropped, and must be looked for again.
        """
        taken, self._taken = self._taken, {}
        moves = self._moves([arrived.entry for arrived, _, _ in taken.values()])
        for relpath, seen in taken.items():
            self._written.forget(relpath)
            if relpath in moves:
                self._settle.forget(relpath)
                self._put(Difference.MOVED, moves[relpath])
            else:
                self._settle_or_land(*seen)
        lines, self._lines = self._lines, []
        if lines:
            self._ledger.write(lines)

    def _settle_or_land(self, arrived: Arrived, now: Seconds, quiet_s: Seconds | None) -> None:
        remaining_s = self._remaining_s(arrived.entry) if quiet_s is None else quiet_s
        if remaining_s > 0:
            self._wait(arrived, now, remaining_s)
        else:
            self._land(arrived, now, now, by_ctime=True)

    def _wait(self, arrived: Arrived, now: Seconds, quiet_s: Seconds) -> None:
        self._settle.seen(arrived.entry.relpath, arrived, now, quiet_s)
        self._ledger.expected()

    def _remaining_s(self, entry: Entry) -> Seconds:
        quiet_s = self.settings.settle_seconds
        seen = entry.signature
        age_s = self._wall() - (seen.mtime_ns if seen.is_weak else seen.ctime_ns) / 1e9
        # a time in the future says nothing
        return Seconds(quiet_s if age_s < 0 else max(0.0, quiet_s - age_s))

    def _moves(self, found: Sequence[Entry]) -> dict[bytes, Moved]:
        """Return which of some files are known ones under a new name, by that name."""
        if not found or not self._may_be_moved:
            return {}
        moves: dict[int, Moved] = {}
        twins = self._ledger.tracks.twins(entry.signature for entry in found)
        for entry, known in zip(found, twins, strict=True):
            here = (self._root.root_id, entry.relpath)
            for twin in known:
                elsewhere = (twin.root_id, twin.relpath) != here
                if elsewhere and twin.file_id not in moves and self._has_left(twin):
                    moves[twin.file_id] = Moved(twin.file_id, *here, entry.signature)
                    break
        return {moved.relpath: moved for moved in moves.values()}

    def settle(self, now: Seconds) -> None:
        """Queue what has been quiet for long enough.

        Raises:
            StoreBusy: It must be looked for again.
        """
        for settled in self._settle.due(now, BATCH_N):
            self._land(settled.fact, settled.since, now)
        for written in self._written.due(now, BATCH_N):
            self._land(written.fact, written.since, now, waited_s=now - written.since)
        self.flush()

    def _land(
        self,
        arrived: Arrived,
        since: Seconds,
        now: Seconds,
        *,
        by_ctime: bool = False,
        waited_s: float = 0.0,
    ) -> None:
        """Queue a file that seems finished, unless one look into it says otherwise.

        Args:
            arrived: What was seen.
            since: Monotonic time at which it was first so.
            now: Monotonic time.
            by_ctime: Only its ctime says that it is quiet.
            waited_s: How long it has just waited for its writer.
        """
        try:
            look = self._looked(arrived.entry)
        except OSError as error:
            if error.errno not in GONE:
                path = printable(join(self._root.path, arrived.entry.relpath))
                log.warning("%s cannot be read: %s", path, error.strerror)
            return
        if look.written:
            self._await_writer(arrived, now, waited_s)
        elif look.head is None:
            self._look_again(arrived, now)
        elif by_ctime and look.written is None:  # the clock may be wrong: watch it ourselves
            self._wait(arrived, now, Seconds(self.settings.settle_seconds))
        else:
            self._queue(arrived, look.head, self._wall() - (now - since))

    def _looked(self, entry: Entry) -> Look:
        if not entry.regular:
            return UNOPENED
        try:
            return look_into(join(self._root.path, entry.relpath), entry.signature)
        except PermissionError:
            return UNOPENED

    def _await_writer(self, arrived: Arrived, now: Seconds, waited_s: float) -> None:
        if not waited_s:
            path = printable(join(self._root.path, arrived.entry.relpath))
            log.info("%s waits: somebody has it open for writing", path)
        again_s = Seconds(min(WRITER_LAST_S, max(WRITER_FIRST_S, 2 * waited_s)))
        self._settle.forget(arrived.entry.relpath)
        self._written.seen(arrived.entry.relpath, arrived, now, again_s)

    def _queue(self, arrived: Arrived, head: bytes, landed_at: float) -> None:
        entry = arrived.entry
        self._settle.forget(entry.relpath)
        appeared = Appeared(
            root_id=self._root.root_id,
            relpath=entry.relpath,
            signature=entry.signature,
            candidate=is_candidate(head, os.fsdecode(entry.relpath.rpartition(b"/")[2])),
            landed_at=landed_at,
        )
        self._put(Difference.CHANGED if arrived.known else Difference.NEW, appeared)

    def _look_again(self, arrived: Arrived, now: Seconds) -> None:
        relpath = arrived.entry.relpath
        weak = {relpath} if arrived.entry.signature.is_weak else frozenset[bytes]()
        for entry in Walk(self._root.path, weak=weak).at(relpath):
            self._wait(Arrived(entry, arrived.known), now, Seconds(self.settings.settle_seconds))

    def _put(self, kind: Difference, difference: Appeared | Moved | Returned) -> None:
        self._lines.append((kind, difference))

    def overflowed(self) -> bool:
        """Tell, once, whether more arrived than can be remembered: look again later."""
        overflowed = self._settle.overflowed or self._written.overflowed
        self._settle.overflowed = self._written.overflowed = False
        return overflowed

    def next_due(self) -> Seconds | None:
        """Return when a file will have settled, or is looked into again; None: none waits."""
        times = (self._settle.next_due(), self._written.next_due())
        return min((at for at in times if at is not None), default=None)

    def clear(self) -> None:
        """Forget everything: it must be looked for again."""
        self._settle = Settle()
        self._written = Settle()
        self._taken = {}
        self._lines = []
