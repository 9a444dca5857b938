"""Disk against library: what differs.

Pure: one look at the disk and what is remembered of the same place go in, differences
come out. Events play no part here; moves and deletions fall out of the comparison.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
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
    entries: Iterable[Entry], known: dict[bytes, Known], unreadable: set[bytes]
) -> Iterator[Arrived | Back | Gone]:
    """Yield every difference; what is gone comes last.

    Args:
        entries: What is on disk; consumed step by step.
        known: What is remembered of the same place, by relpath; used up.
        unreadable: Filled by the walk behind ``entries``: says nothing about what is below.
    """
    for entry in entries:
        remembered = known.pop(entry.relpath, None)
        if remembered is None:
            yield Arrived(entry, known=False)
        elif remembered.missing or remembered.signature != entry.signature:
            yield _differing(entry, remembered)
    for remembered in known.values():
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
    old = replace(remembered.signature, dev=signature.dev)
    return old == signature or (remembered.missing and signature.moved_from(old))
