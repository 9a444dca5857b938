"""One music folder, kept equal with the database: its life, step by step.

Nothing here holds a fact that disk and database together do not: when a write fails or
memory is short, the answer is always to look again.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from playlista import mounts
from playlista.config.settings import WatchSettings
from playlista.errors import TryAgain, printable
from playlista.intake.arrivals import Arrivals
from playlista.intake.ledger import Ledger
from playlista.intake.standing import RETRY_S, Standing
from playlista.intake.submounts import Submounts
from playlista.intake.survey import Survey
from playlista.records import Known, Root
from playlista.units import Seconds
from playlista.watch.absence import Absence
from playlista.watch.backoff import BackOff
from playlista.watch.dirty import Dirty, Noted
from playlista.watch.doubt import Doubt, Reason
from playlista.watch.lookout import Lookout
from playlista.watch.names import is_within
from playlista.watch.observer import Trouble
from playlista.watch.roots import Parts, own_folders, resolved
from playlista.watch.scanner import Walk
from playlista.watch.trust import adapted, is_weak

LOOK_S = 0.5  # events are gathered for at least so long (a guess)
SHARE = 10  # looking takes one part in so many of the time, however many events come (a guess)
BURST_S = 60.0  # but nothing waits longer than this to be looked at (a guess)
IDLE_S = 2.0  # the longest rest between two steps

log = logging.getLogger(__name__)


class Stopped(Exception):
    """The folder was told to stop in the middle of a scan."""


class Folder:
    """The intake of one root.

    Args:
        root: As the database remembers it.
        ledger: Where differences are written.
        arrivals: What becomes of new files.
        own: Folders of ours, never looked into.
        cookies: Folder for a file that must come back as an event.
        rival: Tells which other root, if any, has the same files.
        arriving: Tells whether something in any root may not be in the backlog yet.
        watching: False looks when asked, and never listens.

    Attributes:
        arrivals: What is new in it.
        real: Where the root leads; None until its own thread has found out.
        standing: Whether it can be believed.
        lookout: How it is observed.
        pulse: Monotonic time of the last sign of life.
        scanned: Whether one full scan has ended, or cannot even begin.
    """

    def __init__(  # noqa: PLR0913 - an assembly point, called once
        self,
        root: Root,
        ledger: Ledger,
        arrivals: Arrivals,
        *,
        own: Iterable[Path],
        cookies: Path,
        rival: Callable[[bytes], str | None],
        arriving: Callable[[], bool],
        watching: bool,
    ) -> None:
        self.root = root
        self.pulse = time.monotonic()
        self.scanned = False
        self.wake = threading.Event()
        self.stopping = False
        self._ledger = ledger
        self.arrivals = arrivals
        self._dirty = Dirty(self.wake.set)
        self.real: Parts | None = None
        self._own = tuple(own)
        self._rival = rival
        self._arriving = arriving
        # filled by the folder's own thread, before anything is looked at
        self._ours = set[bytes]()
        excluded = self._excluded = set[bytes]()
        self._submounts = Submounts(root, ledger.tracks)
        self.standing = Standing(root, ledger.tracks, self._ours, self._submounts)
        self.lookout = Lookout(root.path, self._dirty, excluded, cookies, self._count_rebuild)
        self._watching = watching
        self._absence = Absence()
        self._survey = Survey(
            root, ledger, arrivals, self._absence, self._walk, now=self._now, alive=self._alive
        )
        self._settings = arrivals.settings
        self._kind = b""
        self._busy = BackOff(1, 300)
        self._asked = True
        self._identity: tuple[int, int] | None = None
        self._scan_at = self._look_at = self._whole_at = self._pause_until = Seconds(0)
        self._peek_at = Seconds(0)
        self._step_at = self._step_began = Seconds(0)

    # --- asked by others, from any thread -----------------------------------------

    def request_scan(self) -> None:
        """Look at everything soon."""
        self._asked = True
        self._pause_until = Seconds(0)
        self.wake.set()

    def adopt(self, settings: WatchSettings) -> None:
        """Use other times from now on."""
        self._settings = settings
        self.arrivals.settings = adapted(settings, self._kind)
        self.request_scan()

    @property
    def is_idle(self) -> bool:
        """Whether nothing is settling, and nothing is known to be unseen."""
        settling = self.arrivals.settling_n or self._absence
        return self.standing.is_away or not (
            self._asked or self._pause_until or self._dirty or settling
        )

    @property
    def has_news(self) -> bool:
        """Whether something may be there that is not in the backlog yet."""
        news = self._asked or self._dirty or self.arrivals.settling_n
        return bool(news) and not self.standing.is_away

    @property
    def why(self) -> str | None:
        """What a person should know of this root; None when all is well."""
        if self.standing.why:
            return self.standing.why
        if (doubt := self.doubt) is not None:
            return doubt.why
        if self._absence.is_sought:
            return f"{len(self._absence):,} files are gone, or moved: new music will tell"
        written_n = self.arrivals.written_n
        return f"{written_n} open for writing: taken once closed" if written_n else None

    @property
    def doubt(self) -> Doubt | None:
        """Why a change in it may give no event; None when each does, or it is offline."""
        if self.standing.is_offline:
            return None
        doubt = self.lookout.doubt or self._submounts.doubt
        if doubt is not None:
            return doubt
        first = min(self._survey.unreadable, default=None)
        if first is None:
            return None
        return Doubt(Reason.UNREADABLE, f"cannot be read: {printable(first)} and perhaps others")

    # --- one step -----------------------------------------------------------------

    def step(self, now: Seconds) -> Seconds:
        """Do all that is due at this monotonic time.

        Returns:
            How long to rest, at most; `wake` ends the rest earlier.
        """
        self._step_at, self._step_began = now, Seconds(time.monotonic())
        self.pulse = self._step_began
        try:
            if now >= self._pause_until and self._is_there():
                self._pause_until = Seconds(0)
                self._work()
                self._busy.reset()
        except TryAgain as busy:
            log.warning("%s: %s", printable(self.root.path), busy)
            self._start_over(max(busy.wait_s, self._busy.next_s()))
        except Stopped:
            pass
        return self._rest()

    def _now(self) -> Seconds:
        """Return the time of this step plus what it has taken so far: scans can be long."""
        return Seconds(self._step_at + time.monotonic() - self._step_began)

    def _is_there(self) -> bool:
        if self._identity is None:
            self._resolve()
        there = self.standing.is_there(self._rival(self.root.path))
        if not there:
            self.lookout.stop()
            self._absence.clear()
            self._start_over(RETRY_S)
            self.scanned = True
        elif self.standing.identity != self._identity:
            self._asked = True
            self._look_at_mounts()
            self._learn_file_system(self.real or ())
        self._identity = self.standing.identity
        return there

    def _resolve(self) -> Parts:
        self.real = resolved(self.root.path)
        self._ours |= own_folders(self.real, self._own)
        return self.real

    def _learn_file_system(self, real: Parts) -> None:
        mount = mounts.of(b"/" + b"/".join(real), mounts.table())
        self._kind = b"" if mount is None else mount.kind
        self.arrivals.settings = adapted(self._settings, self._kind)
        self.lookout.lie_on(self._kind)

    def _look_at_mounts(self, *, accepted: bool = False) -> None:
        self._submounts.look(self._resolve(), accepted=accepted)
        never = self._ours | self._submounts.pseudo | self._submounts.lost
        # in place: the observer asks at any moment, and what is ours is always in it
        self._excluded &= never
        self._excluded |= never

    def _walk(self) -> Walk:
        kinds = {b"": self._kind, **self._submounts.kinds}
        weak = {place for place, kind in kinds.items() if is_weak(self._settings, kind)}
        lost = self._submounts.lost
        return Walk(self.root.path, self._excluded, lost, weak=weak, entered=self._entered)

    def _entered(self, folder: bytes) -> None:
        self.lookout.entered(folder, self._now())

    def _start_over(self, wait_s: float) -> None:
        self.arrivals.clear()
        self._asked = True
        self._pause_until = Seconds(self._now() + wait_s)

    def _work(self) -> None:
        self.arrivals.barred = not self.standing.is_itself
        if self._watching and self.lookout.tend(self._now()):
            self._asked = True
            self._submounts.believe_none()
        self._scan_at = min(self._scan_at, self._in_an_interval())
        if self._asked or self._now() >= self._scan_at:
            self._scan()
        elif self._dirty and self._now() >= self._next_look():
            self._look()
        elif self._survey.unreadable and self._now() >= self._peek_at:
            self._peek()
        self.arrivals.settle(self._now())
        if self.arrivals.overflowed():
            self._scan_at = Seconds(self._now() + self.arrivals.settings.settle_seconds)
        self._believe_absence()

    def _rest(self) -> Seconds:
        if self._pause_until:
            wanted = self._pause_until
        elif self._dirty:
            wanted = self._next_look()
        else:
            times = (self.arrivals.next_due(), self._absence.next_due(), self._scan_at)
            wanted = min(at for at in times if at is not None)
        return Seconds(min(IDLE_S, max(0.02, wanted - self._now())))

    # --- looking ------------------------------------------------------------------

    def _scan(self) -> None:
        began = self._now()
        self._asked = False
        self._count_events(self._dirty.take())
        tracks = self._ledger.tracks
        self._look_at_mounts(accepted=tracks.is_confirmed(self.root.root_id))
        self._survey.whole()
        self._scan_at = self._in_an_interval()
        self._ledger.metrics.scan_seconds.set(self._now() - began)
        self._ledger.metrics.last_scan.set_to_current_time()
        if not self._absence:
            self._believe()
        self.scanned = True

    def _in_an_interval(self) -> Seconds:
        settings = self.arrivals.settings
        interval_s = settings.scan_interval_seconds
        if self.doubt is not None or self._submounts.lost:
            interval_s = min(interval_s, settings.scan_interval_network_seconds)
        return Seconds(self._now() + interval_s)

    def _look(self) -> None:
        began = self._now()
        noted = self._dirty.take()
        self._count_events(noted)
        if noted.whole:
            self._scan()
            self._whole_at = self._later(began)
            self._look_at = Seconds(self._now() + LOOK_S)
        else:
            self._survey.places(noted)
            self._look_at = self._later(began)

    def _peek(self) -> None:
        self._survey.places(Noted(folders=dict.fromkeys(self._survey.seen_again())))
        self._peek_at = Seconds(self._now() + IDLE_S)

    def _next_look(self) -> Seconds:
        return self._whole_at if self._dirty.whole else self._look_at

    def _later(self, began: Seconds) -> Seconds:
        took_s = self._now() - began
        return Seconds(self._now() + min(BURST_S, max(LOOK_S, SHARE * took_s)))

    def _alive(self) -> Seconds:
        self.pulse = time.monotonic()
        if self.stopping:
            raise Stopped
        return Seconds(self.pulse)

    # --- deletions, last ----------------------------------------------------------

    def _believe_absence(self) -> None:
        due = self._absence.due(self._now())
        if not due:
            return
        gone = [known for known in due if self.standing.lacks(known)]
        # after the files: a mount that goes in between takes none of them with it
        self._look_at_mounts()
        gone = [known for known in gone if not is_within(known.relpath, self._submounts.lost)]
        if self.standing.is_itself:
            gone = self._ledger.lose(gone)
        if not gone and self.standing.is_held:
            self._asked = True  # all that was missed has moved: look whether it agrees now
            return
        if self._may_have_moved(gone) and self._absence.put_back(gone, self._now()):
            return
        self._ledger.vanish(gone, self.standing.may_vanish)
        doubt_s = self.standing.doubt_s()
        if doubt_s is None:
            self._believe()
        else:
            self._scan_at = Seconds(self._now() + doubt_s)

    def _believe(self) -> None:
        self._asked |= self.arrivals.barred  # so far nothing of it has been taken
        self.standing.is_whole()

    def _may_have_moved(self, gone: list[Known]) -> bool:
        tracks = self._ledger.tracks
        if tracks.is_confirmed(self.root.root_id):
            return False
        return tracks.any_heard(gone) and (self._arriving() or tracks.any_unheard())

    # --- counting -----------------------------------------------------------------

    def _count_events(self, noted: Noted) -> None:
        for event, count in noted.events.items():
            self._ledger.metrics.watch_events.labels(event).inc(count)

    def _count_rebuild(self, trouble: Trouble) -> None:
        self._ledger.metrics.watch_rebuilds.labels(trouble).inc()
