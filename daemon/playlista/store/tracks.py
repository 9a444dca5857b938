"""Files as they are remembered, and where they live."""

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator

from playlista.records import (
    Difference,
    Known,
    LibraryTrack,
    Root,
    Signature,
)
from playlista.store import changes, jobs, library, roots
from playlista.store.database import Database
from playlista.store.signatures import columns, signed, unsigned

_KNOWN = """
    SELECT id, root_id, relpath, dev, ino, size, mtime_ns, ctime_ns, missing_since
    FROM file WHERE """

_PRESENT_N = "SELECT count(*) FROM file WHERE root_id = :root_id AND missing_since IS NULL"

_RETRY_UNAVAILABLE = """
    UPDATE job SET state = 'ready' WHERE state = 'waiting' AND reason = 'unavailable'
    AND file_id IN (SELECT id FROM file WHERE root_id = :root_id AND relpath >= :place"""

PAGE_N = 5000  # 2 MB of rows; opening the database for each 1000 was 7 % of a scan (measured)


class Tracks:
    """Files as they are remembered; every change is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def root(self, path: bytes) -> Root:
        """Return the root at an absolute path, remembered from now on."""
        with self._database.transaction() as write:
            write.execute("INSERT INTO root (path) VALUES (?) ON CONFLICT DO NOTHING", (path,))
            return roots.root_from(
                write.execute("SELECT * FROM root WHERE path = ?", (path,)).fetchone()
            )

    def roots(self) -> list[Root]:
        """Return every root ever watched."""
        with self._database.reading() as read:
            return roots.roots(read)

    def watch_only(self, paths: Iterable[bytes]) -> None:
        """Mark every root but these as not watched any more."""
        with self._database.transaction() as write:
            roots.unwatch(write, paths)

    def mark_scan(self, root_id: int, cursor: bytes) -> None:
        """Remember how far a scan came; empty is to its end."""
        with self._database.transaction() as write:
            write.execute("UPDATE root SET cursor = ? WHERE id = ?", (cursor, root_id))

    def mark_mounts(self, root_id: int, places: Iterable[bytes]) -> None:
        """Remember where other file systems are mounted below a root, relative to it."""
        names = json.dumps(sorted(map(os.fsdecode, places)))
        with self._database.transaction() as write:
            write.execute("UPDATE root SET mounts = ? WHERE id = ?", (names, root_id))

    def mark_root(
        self,
        root_id: int,
        state: str,
        identity: tuple[int, int] | None,
        why: str | None,
        *,
        held: bool = False,
    ) -> None:
        """Remember whether a root is online, and what it was when it last was.

        Args:
            root_id: The root.
            state: ``"online"`` or ``"offline"``.
            identity: (st_dev, st_ino); None leaves it as it is.
            why: Why it is offline.
            held: What there is of it can be heard though it is offline.
        """
        dev, ino = (None, None) if identity is None else map(signed, identity)
        with self._database.transaction() as write:
            write.execute(
                "UPDATE root SET state = ?, why = ?, held = ?, dev = coalesce(?, dev), "
                "ino = coalesce(?, ino) WHERE id = ?",
                (state, why, held, dev, ino, root_id),
            )

    def is_confirmed(self, root_id: int) -> bool:
        """Tell whether a person accepted what is missing from a root."""
        with self._database.reading() as read:
            row = read.execute("SELECT confirmed FROM root WHERE id = ?", (root_id,)).fetchone()
            return bool(row["confirmed"])

    def end_confirmation(self, root_id: int) -> None:
        """Ask again the next time: what was accepted has been carried out."""
        if self.is_confirmed(root_id):
            with self._database.transaction() as write:
                write.execute("UPDATE root SET confirmed = 0 WHERE id = ?", (root_id,))

    def known(self, root_id: int, place: bytes = b"", after: bytes = b"") -> Iterator[Known]:
        """Yield what is remembered at a place and below it, tombstones included.

        In the byte order of paths and page by page: nothing is held open in between, and what
        is written meanwhile may be among it.

        Args:
            root_id: The root.
            place: A file or folder, relative to the root; empty is all of it.
            after: Of all of it, only what comes after this path.
        """
        first = place or after + b"\0"
        while page := self._page(root_id, place, first):
            yield from page
            first = page[-1].relpath + b"\0"  # the next path there can be: none holds a NUL

    def _page(self, root_id: int, place: bytes, first: bytes) -> list[Known]:
        where = f"root_id = :root_id AND relpath >= :first{_within(place)}"
        with self._database.reading() as read:
            rows = read.execute(
                f"{_KNOWN}{where} ORDER BY relpath LIMIT {PAGE_N}",
                {"root_id": root_id, "first": first} | _bounds(place),
            )
            return list(map(_known, rows))

    def unchanged(self, known: Iterable[Known]) -> list[Known]:
        """Return those of some files whose rows are what they were."""
        with self._database.reading() as read:
            rows = ((one, read.execute(_KNOWN + "id = ?", (one.file_id,))) for one in known)
            return [one for one, found in rows if [one] == list(map(_known, found))]

    def present_n(self, root_id: int, place: bytes = b"") -> int:
        """Return how many files of a root are not missing, audio or not.

        Args:
            root_id: The root.
            place: A file or folder, relative to the root; empty is all of it.
        """
        # a condition that says nothing would keep SQLite from the index of what is present
        where = f" AND relpath >= :place{_within(place)}" if place else ""
        with self._database.reading() as read:
            (present_n,) = read.execute(
                f"{_PRESENT_N}{where}", {"root_id": root_id} | _bounds(place)
            ).fetchone()
            return int(present_n)

    @property
    def is_empty(self) -> bool:
        """Whether no file has ever been remembered."""
        with self._database.reading() as read:
            return read.execute("SELECT 1 FROM file LIMIT 1").fetchone() is None

    def twins(self, found: Iterable[Signature]) -> list[list[Known]]:
        """Return, for each, files that a rename could have made into it, tombstones included.

        Of a weak signature none: too many files have the same size and time.
        """
        query = (
            _KNOWN
            + "ino = :ino AND ino != 0 AND dev = :dev AND size = :size AND mtime_ns = :mtime_ns"
        )
        with self._database.reading() as read:
            return [list(map(_known, read.execute(query, columns(one)))) for one in found]

    def apply(self, differences: Iterable[Difference]) -> None:
        """Make the database agree with the disk, and queue what must be analysed.

        Moves may swap names or push each other along: their order is free.
        """
        with self._database.transaction() as write:
            changes.apply(write, list(differences))

    def retry_unavailable(self, root_id: int, place: bytes) -> None:
        """Queue what could not be read at a place, now that it can; nothing waits for its time."""
        with self._database.transaction() as write:
            write.execute(
                f"{_RETRY_UNAVAILABLE}{_within(place)})", {"root_id": root_id} | _bounds(place)
            )

    def lose(self, gone: Iterable[Known]) -> list[Known]:
        """Mark files that are not where they were; what is held elsewhere moves there.

        Returns:
            Those that did not.
        """
        gone = list(gone)
        with self._database.transaction() as write:
            lost = set(changes.lose(write, [known.file_id for known in gone]))
        return [known for known in gone if known.file_id in lost]

    def find_all(self, root_id: int) -> None:
        """Note that no file of a root is lost any more."""
        with self._database.reading() as read:
            query = "SELECT 1 FROM file WHERE root_id = ? AND lost LIMIT 1"
            lost = read.execute(query, (root_id,)).fetchone()
        if lost is not None:
            with self._database.transaction() as write:
                write.execute("UPDATE file SET lost = 0 WHERE root_id = ? AND lost", (root_id,))

    def any_heard(self, files: Iterable[Known]) -> bool:
        """Tell whether somebody has listened to any of these files."""
        query = "SELECT 1 FROM file WHERE id = ? AND audio_id NOT NULL"
        with self._database.reading() as read:
            return any(read.execute(query, (known.file_id,)).fetchone() for known in files)

    def any_unheard(self) -> bool:
        """Tell whether nobody has listened yet to a file that could be listened to now."""
        with self._database.reading() as read:
            return jobs.any_unheard(read)

    def library(self) -> list[LibraryTrack]:
        """Return every present, analysed track once: of equal recordings the oldest file."""
        with self._database.reading() as read:
            return list(library.library(read))

    def counts(self) -> dict[str, int]:
        """Return how many tracks there are: total, by tier, failed and missing."""
        with self._database.reading() as read:
            return library.counts(read)


def _within(place: bytes) -> str:
    """Return the condition that a path is a place or below it; `_bounds` has its values."""
    # every path below "a/b" sorts between "a/b/" and "a/b0": "0" follows "/" in ASCII
    return " AND relpath < :beyond AND (relpath = :place OR relpath > :below)" if place else ""


def _bounds(place: bytes) -> dict[str, bytes]:
    return {"place": place, "below": place + b"/", "beyond": place + b"0"}


def _known(row: sqlite3.Row) -> Known:
    file_id, root_id, relpath, dev, ino, size, mtime_ns, ctime_ns, missing_since = row
    return Known(
        file_id,
        root_id,
        relpath,
        Signature(unsigned(dev), unsigned(ino), size, mtime_ns, ctime_ns),
        missing_since is not None,
    )
