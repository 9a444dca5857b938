"""Mounts below a root: what they hold is not gone because they are.

Those seen are remembered with the root. One that is absent, or has another in its place on
which nothing is left of what is remembered, says nothing of its files: they are kept as they
are, and nothing there is looked at, until it returns or a person confirms (ADR 0006).
"""

import logging
import os
from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from playlista import mounts
from playlista.errors import printable
from playlista.mounts import PSEUDO, Mount
from playlista.records import Root
from playlista.store.tracks import Tracks
from playlista.watch.doubt import Doubt, of_places
from playlista.watch.names import is_within, join, parent
from playlista.watch.roots import Parts

log = logging.getLogger(__name__)


class Submounts:
    """The mounts below one root; all paths are relative to it.

    Args:
        root: As the database remembers it.
        tracks: Where they are remembered.

    Attributes:
        lost: Those that say nothing of the files remembered there.
        kept_n: How many files that is.
        pseudo: Those of the kernel's own file systems.
        kinds: The types of all others that are there and believed.
        doubt: What keeps events from them from being complete; None when nothing does.
        why: What a person should know; None when nothing is lost.
    """

    def __init__(self, root: Root, tracks: Tracks) -> None:
        self.lost: AbstractSet[bytes] = frozenset()
        self.kept_n = 0
        self.pseudo: AbstractSet[bytes] = frozenset()
        self.kinds: Mapping[bytes, bytes] = {}
        self.doubt: Doubt | None = None
        self.why = root.why if root.state == "online" else None
        self._root = root
        self._tracks = tracks
        self._remembered = root.mounts
        # this very mount is the one on which the files were last seen
        self._proven: Mapping[bytes, Mount] = {}

    def look(self, real: Parts, *, accepted: bool = False) -> None:
        """Look which are there; it may be long in answering, as its disks are.

        Args:
            real: Where the root leads.
            accepted: A person says that what is lost does not come back.

        Raises:
            StoreBusy: They could not be remembered.
        """
        below = mounts.below(b"/" + b"/".join(real), mounts.table())
        there = {place: mount for place, mount in below.items() if mount.kind not in PSEUDO}
        self._skip(below.keys() - there.keys())
        doubtful = {place for place in there if self._proven.get(place) != there[place]}
        lost = {place for place in self._remembered - there.keys() if self._present_n(place)}
        lost |= {place for place in doubtful if self._is_bare(place)}
        if accepted and lost <= self.lost:
            lost = set()
        elif accepted:  # for less than is lost by now
            self._tracks.end_confirmation(self._root.root_id)
        for place in there.keys() & self.lost - lost:
            self._tracks.retry_unavailable(self._root.root_id, place)
        self.lost = lost
        self._proven = {place: there[place] for place in there.keys() - self.lost}
        self._learn_kinds()
        self._say(there)
        self._remember(self.lost | there.keys())

    def believe_none(self) -> None:
        """Believe of none any more that it is the one it was: the table may look the same."""
        self._proven = {}

    def _is_bare(self, place: bytes) -> bool:
        """Tell whether files are remembered at a place, and not one of them is there."""
        known = self._tracks.known(self._root.root_id, place)
        paths = (join(self._root.path, file.relpath) for file in known if not file.missing)
        answers = map(os.path.lexists, paths)
        return not (next(answers, True) or any(answers))

    def _present_n(self, place: bytes) -> int:
        return self._tracks.present_n(self._root.root_id, place)

    def _skip(self, pseudo: AbstractSet[bytes]) -> None:
        if pseudo - self.pseudo:
            names = ", ".join(map(printable, sorted(pseudo)))
            log.info("%s: not looked into, for they are the kernel's own: %s", self._name, names)
        self.pseudo = pseudo

    def _learn_kinds(self) -> None:
        self.kinds = {place: mount.kind for place, mount in self._proven.items()}
        doubt = of_places(self.kinds)
        if doubt and doubt != self.doubt:
            log.warning("%s is not fully watched: %s", self._name, doubt.why)
        self.doubt = doubt

    def _say(self, there: Mapping[bytes, Mount]) -> None:
        outer = sorted(place for place in self.lost if not is_within(parent(place), self.lost))
        self.kept_n = sum(map(self._present_n, outer))
        why = None
        if outer:
            others = " (and others)" * (len(outer) > 1)
            fault = "is empty, or another disk" if outer[0] in there else "is not mounted"
            why = f"{printable(outer[0])}{others} {fault}: {self.kept_n:,} files are kept; "
            why += f"mount it or, {advice(self._root.path)}"
        if why != self.why:
            log.warning("%s: %s", self._name, why or "every mount below it is back")
        self.why = why

    def _remember(self, places: AbstractSet[bytes]) -> None:
        if places != self._remembered:
            self._tracks.mark_mounts(self._root.root_id, places)
            self._remembered = frozenset(places)

    @property
    def _name(self) -> str:
        return printable(self._root.path)


def advice(root: bytes) -> str:
    """Return what to do about files that are missing and stay so."""
    return f"if that was meant: playlista roots confirm {printable(root)}"
