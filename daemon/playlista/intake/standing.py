"""Can a root be believed? An unplugged disk is not a deletion.

Offline is a root that is absent, unreadable, empty where files are remembered, or from
which so much disappeared at once that a person should say whether it was meant. Nothing of
it vanishes; it comes back by itself (ADR 0006).
"""

import logging
import os
from collections.abc import Set as AbstractSet

from playlista.errors import printable
from playlista.intake.submounts import Submounts, advice
from playlista.records import Known, Root
from playlista.store.tracks import Tracks
from playlista.units import Seconds
from playlista.watch.absence import is_mass
from playlista.watch.backoff import BackOff
from playlista.watch.names import join
from playlista.watch.presence import look
from playlista.watch.scanner import GONE

RETRY_S = 5.0  # how often a root is looked for, at first (a guess)

log = logging.getLogger(__name__)


class Standing:
    """The state of one root.

    Args:
        root: As the database remembers it.
        tracks: Where the state is remembered.
        excluded: Folders below it that are ours, relative to it.
        submounts: What is mounted below it.

    Attributes:
        state: ``"new"``, ``"online"`` or ``"offline"``.
        why: Why it is offline, or what is kept though it is not there.
    """

    def __init__(
        self, root: Root, tracks: Tracks, excluded: AbstractSet[bytes], submounts: Submounts
    ) -> None:
        self.state, self.why = root.state, root.why
        self._root = root
        self._tracks = tracks
        self._excluded = excluded
        self._submounts = submounts
        self._trusted = root.identity
        self._seen: tuple[int, int] | None = None
        self._at_stake_n = 0
        self._empty = self._held = False
        self._doubt = BackOff(RETRY_S, 300)

    @property
    def is_offline(self) -> bool:
        """Whether nothing that is missing counts as deleted."""
        return self.state == "offline"

    @property
    def is_away(self) -> bool:
        """Whether there is nothing to look at."""
        return self.state == "offline" and not self._held

    @property
    def is_held(self) -> bool:
        """Whether it is offline though it is there: too much of it is gone."""
        return self._held

    @property
    def is_itself(self) -> bool:
        """Whether it is the folder that it was when it was last online."""
        return self._seen == self._trusted

    def is_there(self, refused: str | None = None) -> bool:
        """Look whether the root can be read at all, and remember the answer.

        Args:
            refused: Why it must not be believed whatever is there.

        Raises:
            StoreBusy: The answer could not be remembered.
        """
        presence = look(self._root.path, self._excluded)
        # the same folder, and empty, was emptied; but a mount point is another one without its disk
        unplugged = presence.empty and presence.identity != self._trusted
        why = presence.why or refused or (self._loss() if unplugged else None)
        self._empty = presence.empty
        if why is not None:
            self._seen, self._held = None, False
            self._go_offline(why)
            return False
        if presence.identity != self._seen:
            # before the first file of what may be another disk is among them
            self._at_stake_n = self._tracks.present_n(self._root.root_id)
        self._seen = presence.identity
        if not self._held and self._trusted in {None, self._seen}:
            self._go_online()
        return True

    @property
    def identity(self) -> tuple[int, int] | None:
        """What the root was when last looked at; None while it is not there."""
        return self._seen

    def lacks(self, known: Known) -> bool:
        """Tell whether a known file is certainly not at its path any more."""
        believed = self._seen or self._trusted  # before its first look the root is as it was
        if believed is None:
            return False
        try:
            found = os.lstat(join(self._root.path, known.relpath))
        except OSError as error:
            return error.errno in GONE and look(self._root.path).identity == believed
        there = known.signature
        return not there.is_weak and (found.st_dev, found.st_ino) != (there.dev, there.ino)

    def _loss(self) -> str | None:
        present_n = self._tracks.present_n(self._root.root_id)
        if not present_n or self._tracks.is_confirmed(self._root.root_id):
            return None
        return f"it is empty, where {present_n:,} files are remembered; {advice(self._root.path)}"

    def may_vanish(self, gone_n: int) -> bool:
        """Tell whether so many files may count as deleted; if not, the root is offline."""
        kept_n = self._submounts.kept_n
        remembered_n = self._tracks.present_n(self._root.root_id) - kept_n
        another_disk = not self.is_itself and gone_n >= self._at_stake_n - kept_n
        doubtful = another_disk or self._empty or is_mass(gone_n, remembered_n)
        self._held = doubtful and not self._tracks.is_confirmed(self._root.root_id)
        if self._held:
            advised = advice(self._root.path)
            self._go_offline(f"{gone_n:,} of {remembered_n:,} files are gone; {advised}")
        return not self._held

    def doubt_s(self) -> Seconds | None:
        """Return how long to wait before looking again; None when nothing is in doubt."""
        return self._doubt.next_s() if self._held else None

    def is_whole(self) -> None:
        """Note that disk and database agree on what is there.

        Raises:
            StoreBusy: It could not be remembered.
        """
        self._held = False
        self._doubt.reset()
        self._go_online()
        self._tracks.find_all(self._root.root_id)
        if not self._submounts.lost:
            self._tracks.end_confirmation(self._root.root_id)

    def _go_offline(self, why: str) -> None:
        if (self.state, self.why) != ("offline", why):
            self._tracks.mark_root(self._root.root_id, "offline", None, why, held=self._held)
            log.warning("%s is offline: %s", printable(self._root.path), why)
        self.state, self.why = "offline", why

    def _go_online(self) -> None:
        back, why = self.state != "online", self._submounts.why
        if back or self.why != why or self._trusted != self._seen:
            self._tracks.mark_root(self._root.root_id, "online", self._seen, why)
        if back:
            log.info("%s is online", printable(self._root.path))
        self._trusted = self._seen
        self.state, self.why = "online", why
