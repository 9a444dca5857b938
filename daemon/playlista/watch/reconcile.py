"""Disk against library: what differs.

Pure: one look at the disk and what is remembered of the same place go in, differences
come out. Events play no part here; moves and deletions fall out of the comparison.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from playlista.records import Known, Signature
from playlista.watch.names import is_within
from playlista.watch.scanner import Entry


class Difference(StrEnum):
    """Kinds of differences between disk and database, as they are counted."""

    NEW = "new"
    CHANGED = "changed"
    MOVED = "moved"
    RETURNED = "returned"
    VANISHED = "vanished"


@dataclass(frozen=True, slots=True)
class Arrived:
    """A file that is unknown, or not the one remembered: to be settled first."""

    entry: Entry
    known: bool


@dataclass(frozen=True, slots=True)
class Back:
    """A file that is the remembered one, though its row says otherwise."""

    known: Known
    signature: Signature


@dataclass(frozen=True, slots=True)
class Gone:
    """A remembered file that is not where it was."""

    known: Known


def compare(
    entries: Iterable[Entry], known: Iterable[Known], unreadable: set[bytes]
) -> Iterator[Arrived | Back | Gone]:
    """Yield every difference, in order: a merge join, which holds one file of either side.

    Args:
        entries: What is on disk, in the byte order of its paths.
        known: What is remembered of the same place, in the same order.
        unreadable: Filled by the walk behind ``entries``: says nothing about what is below.
            A walk that has come past a path has seen, or missed, all that is above it.
    """
    rows = iter(known)
    row = next(rows, None)
    for entry in entries:
        while row is not None and row.relpath < entry.relpath:
            yield from _gone(row, unreadable)
            row = next(rows, None)
        if row is None or row.relpath != entry.relpath:
            yield Arrived(entry, known=False)
            continue
        if row.missing or row.signature != entry.signature:
            yield _differing(entry, row)
        row = next(rows, None)
    while row is not None:
        yield from _gone(row, unreadable)
        row = next(rows, None)


def _gone(remembered: Known, unreadable: set[bytes]) -> Iterator[Gone]:
    if not remembered.missing and not is_within(remembered.relpath, unreadable):
        yield Gone(remembered)


def _differing(entry: Entry, remembered: Known) -> Arrived | Back:
    if _is_same_file(entry.signature, remembered):
        return Back(remembered, entry.signature)
    return Arrived(entry, known=not remembered.missing)


def _is_same_file(signature: Signature, remembered: Known) -> bool:
    """Tell whether nothing but the circumstances changed.

    The kernel numbers devices in the order in which they appear: after a reboot the same
    disk, untouched, may have another st_dev. A tombstone's file may also have been moved
    away and back, which changes its ctime.
    """
    if signature.agrees(remembered.signature):
        return True
    old = remembered.signature._replace(dev=signature.dev)
    return old == signature or (remembered.missing and signature.moved_from(old))
