"""The lists of a library: born once, then edited as little as an arrival demands.

Nothing that is frozen at a list's birth (its name, its centre, its limits) and no line in it
ever moves because of an arrival; see `admit` for what an arrival does and `birth` for new lists.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from playlista.playlists import admit, birth, space
from playlista.playlists.shelf import Draft, part
from playlista.records import Composition, LibraryTrack

FRAMED = 24
"""Tracks from which on mean and scale say something: a guess."""


def compose(library: Sequence[LibraryTrack], previous: Composition, *, now: int) -> Composition:
    """Bring all lists up to date with the library.

    Args:
        library: Every analysed track that is present, in any order.
        previous: What this function returned last, from JSON or not; empty at first.
        now: Unix seconds, remembered as the birth of new lists.

    Returns:
        The lists, each line with its reason. Tracks that left the library have left their
        lists; each arrival stands in at least one, unless more than 75 arrive at once; all
        other lines are where they were. Equal to ``previous`` when the library is the same.
        A list that lost all its lines stays, empty, so that it keeps its name.
    """
    tracks = sorted(library, key=lambda track: track.track_id)
    present = {track.track_id for track in tracks}
    seen = _expanded(previous.frame.get("seen", ()))
    drafts = [Draft(playlist, list(playlist.members)) for playlist in previous.playlists]
    _take_out(drafts, present)
    frame = dict(previous.frame)
    if present - seen:
        frame = _frame(tracks, frame)
        _take_in(drafts, tracks, frame, present - seen, now)
    if present != seen:
        frame["seen"] = _ranges(sorted(present))
    return Composition(frame=frame, playlists=tuple(draft.final() for draft in drafts))


def _take_out(drafts: Sequence[Draft], present: set[int]) -> None:
    gone = set().union(*(draft.tracks for draft in drafts)) - present
    for draft in drafts:
        for track_id in draft.tracks & gone:
            draft.drop(track_id)
    rolling = admit.recent(drafts)
    if gone and rolling is not None:
        part(rolling, drafts)


def _take_in(
    drafts: list[Draft],
    tracks: Sequence[LibraryTrack],
    frame: Mapping[str, Any],
    arrived: set[int],
    now: int,
) -> None:
    framed = "mean" in frame
    place = space.place(tracks, frame if framed else space.fit(tracks))
    leaving = admit.roll(drafts, place, arrived)
    birth.revive(drafts, place)
    # what a track shared with "Recently added" no longer counts: it gets a second chance
    admit.offer(drafts, place, {*arrived, *admit.homeless(drafts, leaving)})
    known = admit.recent(drafts) is not None
    birth.lists(drafts, place, framed=framed, now=now)
    if known:
        admit.shelter(drafts, admit.newest(place, arrived))


def _frame(tracks: Sequence[LibraryTrack], frame: dict[str, Any]) -> dict[str, Any]:
    """Freeze the frame as soon as there are enough tracks to fit it, and keep it then."""
    if "mean" in frame or len(tracks) < FRAMED:
        return frame
    fitted = space.fit(tracks)
    return frame | fitted if fitted["mean"] else frame


def _ranges(ids: Iterable[int]) -> list[list[int]]:
    """Return ascending ids as [first, last] pairs, which stays short in JSON."""
    ranges: list[list[int]] = []
    for track_id in ids:
        if ranges and ranges[-1][1] == track_id - 1:
            ranges[-1][1] = track_id
        else:
            ranges.append([track_id, track_id])
    return ranges


def _expanded(ranges: Iterable[Sequence[int]]) -> set[int]:
    return {track_id for first, last in ranges for track_id in range(first, last + 1)}
