"""What changed in a list since last time: the fewest edits, and the log line that records them.

Operations apply in order, each to the lines as the one before left them; ``replay.py``
is the whole of a reader. Positions count lines from 0.

======  =================  ==========================================================
op      fields             does
======  =================  ==========================================================
remove  pos, track         takes the line out; the gap closes
move    from, to, track    takes the line out, then puts it in at ``to``
add     pos, track, lines  puts a line in at ``pos``
set     pos, track, lines  the same track with another text: its tags or path changed
head    lines              replaces what stands before the first line; opens the file
close   -                  no lines are left: the file is removed
======  =================  ==========================================================

``lines`` is the exact text; where it is not UTF-8 the field is ``lines_base64`` instead.
"""

import base64
import hashlib
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from playlista.records import Playlist

VERSION = 1
"""Of the log's format."""

Op = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """One track in a file: the exact text, with the newline at its end."""

    track_id: int
    lines: bytes


class Reason(StrEnum):
    """Why a list was edited."""

    NEW_TRACKS = "new_tracks"
    CHANGED = "changed"
    DELETED = "deleted"
    DRIFT = "drift"
    EPOCH = "epoch"
    USER = "user"


@dataclass(frozen=True, slots=True)
class Cause:
    """Why, when (Unix seconds) and because of which tracks."""

    reason: Reason
    ts: int
    trigger: tuple[int, ...] = ()


def content(head: bytes, entries: Iterable[Entry]) -> bytes:
    """Return the file, byte for byte; empty when there are no entries and so no file."""
    lines = b"".join(entry.lines for entry in entries)
    return head + lines if lines else b""


def diff(old_head: bytes, new_head: bytes, old: Sequence[Entry], new: Sequence[Entry]) -> list[Op]:
    """Return the fewest operations that make one state of a file of the other.

    Args:
        old_head: What stands before the first line; of no meaning where ``old`` is empty.
        new_head: The same afterwards.
        old: The lines as they are, each track at most once; empty when there is no file.
        new: The lines as they shall be, each track at most once; empty when there shall be no file.

    Returns:
        Operations for `apply`; empty when nothing changed. Lines that keep their order
        (a longest increasing subsequence) are never moved.
    """
    wanted = {entry.track_id: entry.lines for entry in new}
    order = [entry.track_id for entry in old]
    ops = list(_removals(order, wanted))
    ops += _placements(order, new)
    ops += _rewrites({entry.track_id: entry.lines for entry in old}, new)
    if new and (not old or old_head != new_head):
        ops.insert(0, {"op": "head"} | encoded(new_head))
    if old and not new:
        ops.append({"op": "close"})
    return ops


def apply(
    head: bytes, entries: Sequence[Entry], ops: Iterable[Mapping[str, Any]]
) -> tuple[bytes, list[Entry]]:
    """Return head and entries after the operations; a closed file has neither."""
    lines = list(entries)
    for op in ops:
        match op["op"]:
            case "head":
                head = decoded(op)
            case "remove":
                del lines[op["pos"]]
            case "move":
                lines.insert(op["to"], lines.pop(op["from"]))
            case "add":
                lines.insert(op["pos"], Entry(op["track"], decoded(op)))
            case "set":
                lines[op["pos"]] = Entry(op["track"], decoded(op))
            case "close":
                head, lines = b"", []
    return head, lines


def record(
    playlist: Playlist, cause: Cause, ops: Sequence[Op], *, rev_from: int, text: bytes
) -> dict[str, Any]:
    """Return one line of the delta log, to which the store adds ``seq``.

    Args:
        playlist: The list as it is after the edit.
        cause: Why it was edited.
        ops: What `diff` found.
        rev_from: Revision before the edit; 0 when the list is new.
        text: The resulting file, as `content` gives it.
    """
    return {
        "v": VERSION,
        "ts": cause.ts,
        "playlist_id": playlist.id,
        "name": playlist.name,
        "file": file_name(playlist),
        "rev_from": rev_from,
        "rev_to": rev_from + 1,
        "reason": cause.reason.value,
        "trigger": list(cause.trigger),
        "ops": list(ops),
        "sha256": hashlib.sha256(text).hexdigest(),
        "metrics": {"lines": len(playlist.members)},
    }


def file_name(playlist: Playlist) -> str:
    """Return the name under which a list is published; it never changes."""
    return f"{playlist.slug}.m3u8"


def encoded(text: bytes) -> dict[str, str]:
    """Return the field that carries these exact bytes through JSON."""
    try:
        return {"lines": text.decode()}
    except UnicodeDecodeError:
        return {"lines_base64": base64.b64encode(text).decode("ascii")}


def decoded(op: Mapping[str, Any]) -> bytes:
    """Return the exact bytes that `encoded` was given."""
    if "lines_base64" in op:
        return base64.b64decode(op["lines_base64"])
    return str(op["lines"]).encode()


def _removals(order: list[int], wanted: Mapping[int, bytes]) -> Iterator[Op]:
    """Take what is not wanted out of ``order``, from the end so that positions hold."""
    for pos in range(len(order) - 1, -1, -1):
        if order[pos] not in wanted:
            yield {"op": "remove", "pos": pos, "track": order.pop(pos)}


def _placements(order: list[int], new: Sequence[Entry]) -> Iterator[Op]:
    """Put each line that is new, or out of order, right behind the one it follows."""
    present, stays = set(order), _longest_in_order(order, [entry.track_id for entry in new])
    before: int | None = None
    for entry in new:
        track = entry.track_id
        if track not in present:
            pos = _behind(order, before)
            order.insert(pos, track)
            yield {"op": "add", "pos": pos, "track": track} | encoded(entry.lines)
        elif track not in stays:
            source = order.index(track)
            del order[source]
            pos = _behind(order, before)
            order.insert(pos, track)
            yield {"op": "move", "from": source, "to": pos, "track": track}
        before = track


def _behind(order: Sequence[int], before: int | None) -> int:
    return 0 if before is None else order.index(before) + 1


def _rewrites(old: Mapping[int, bytes], new: Sequence[Entry]) -> Iterator[Op]:
    for pos, entry in enumerate(new):
        if old.get(entry.track_id, entry.lines) != entry.lines:
            yield {"op": "set", "pos": pos, "track": entry.track_id} | encoded(entry.lines)


def _longest_in_order(old: Sequence[int], new: Sequence[int]) -> set[int]:
    """Return a largest set of tracks that stand in the same order in both.

    Source:
        Longest increasing subsequence by patience sorting (Fredman, 1975).
    """
    rank = {track: position for position, track in enumerate(new)}
    tops: list[int] = []  # the smallest rank that ends a run of each length
    below: dict[int, int | None] = {}
    for track in old:
        pile = bisect_left(tops, rank[track])
        below[rank[track]] = tops[pile - 1] if pile else None
        tops[pile : pile + 1] = [rank[track]]
    kept: set[int] = set()
    link = tops[-1] if tops else None
    while link is not None:
        kept.add(new[link])
        link = below[link]
    return kept
