"""What an arrival does: it joins the lists whose rules it meets, and moves nothing."""

import math
from collections.abc import Collection, Iterable, Iterator, Sequence

import numpy as np

from playlista.playlists import rules, sequence
from playlista.playlists.rules import Fit
from playlista.playlists.shelf import LONGEST, SHORTEST, Draft, may_join
from playlista.playlists.space import Space
from playlista.records import Member

ROLLING = 50
"""Lines of "Recently added" in a large library (a guess)."""

ARRIVED = "arrived among the latest"


def roll(drafts: Sequence[Draft], space: Space, arrived: Collection[int]) -> list[int]:
    """Put arrivals on top of "Recently added"; it never grows shorter by that.

    Returns:
        The tracks for which it has no room, old and new.
    """
    draft = recent(drafts)
    if draft is None:
        return []
    keep = max(rolling(len(space.tracks)), len(draft.members))
    ids = newest(space, arrived)
    over = [*ids, *(member.track_id for member in draft.members)][keep:]
    for track_id in reversed(ids[:keep]):
        draft.insert(0, Member(track_id, ARRIVED))
    for track_id in over:
        draft.drop(track_id)
    return over


def offer(drafts: Sequence[Draft], space: Space, track_ids: Collection[int]) -> None:
    """Let tracks into every list whose rule they meet and that has room for them."""
    for track_id in sorted(track_ids):
        for draft, fit in _matches(drafts, space, space.rows[track_id]):
            _join(draft, drafts, space, Member(track_id, fit.reason), fit)


def homeless(drafts: Sequence[Draft], track_ids: Iterable[int]) -> list[int]:
    """Return those tracks that stand in no list."""
    return [t for t in track_ids if not any(t in draft.tracks for draft in drafts)]


def shelter(drafts: Sequence[Draft], track_ids: Iterable[int]) -> None:
    """Put tracks that stand in no list at the end of "Recently added", up to its limit."""
    draft = recent(drafts)
    if draft is None:
        return
    for track_id in homeless(drafts, track_ids):
        if len(draft.members) < LONGEST:
            draft.insert(len(draft.members), Member(track_id, ARRIVED))


def recent(drafts: Sequence[Draft]) -> Draft | None:
    """Return "Recently added", once it is born."""
    return next((d for d in drafts if d.playlist.rule["type"] == "recent"), None)


def rolling(tracks: int) -> int:
    """Return how many lines "Recently added" has in a library of this size."""
    return min(max(tracks // 4, SHORTEST), ROLLING)


def newest(space: Space, track_ids: Collection[int]) -> list[int]:
    """Return track ids, the latest first."""
    return sorted(track_ids, key=lambda t: (space.tracks[space.rows[t]].added_at, t), reverse=True)


def reached(
    drafts: Sequence[Draft], space: Space, rows: Sequence[int]
) -> list[tuple[Draft, Fit] | None]:
    """Return for each row the sound list whose centre is nearest; None if that is too far."""
    sounds = [draft for draft in drafts if draft.playlist.kind == "sound"]
    if not sounds or not rows:
        return [None] * len(rows)
    distances = space.distances(rows, np.array([d.playlist.rule["centre"] for d in sounds]))
    best = distances.argmin(axis=1)
    return [_in_reach(sounds[n], float(distances[i, n])) for i, n in enumerate(best)]


def meeting(draft: Draft, drafts: Sequence[Draft], space: Space) -> dict[int, Fit]:
    """Return all rows that belong to a list by its rule, and why, best first."""
    if draft.playlist.kind == "rule":
        return rules.meeting(space, draft.playlist.rule)
    found = enumerate(reached(drafts, space, range(len(space.tracks))))
    return rules.best_first({row: hit[1] for row, hit in found if hit and hit[0] is draft})


def _in_reach(draft: Draft, distance: float) -> tuple[Draft, Fit] | None:
    return (draft, rules.near(distance)) if distance <= draft.playlist.rule["threshold"] else None


def _matches(drafts: Sequence[Draft], space: Space, row: int) -> Iterator[tuple[Draft, Fit]]:
    if found := reached(drafts, space, [row])[0]:
        yield found
    for draft in drafts:
        if fit := rules.fit(draft.playlist.rule, space, row):
            yield draft, fit


def _join(draft: Draft, drafts: Sequence[Draft], space: Space, member: Member, fit: Fit) -> None:
    """Insert a line where it costs least; a full list gives up its worst for a better one."""
    if member.track_id in draft.tracks or not may_join(draft, member.track_id, drafts):
        return
    if len(draft.members) >= LONGEST and not _make_room(draft, space, fit):
        return
    rows = [space.rows[line.track_id] for line in draft.members]
    draft.insert(sequence.position(space, rows, space.rows[member.track_id]), member)


def _make_room(draft: Draft, space: Space, fit: Fit) -> bool:
    fits = {track: _standing(draft, space, space.rows[track]) for track in draft.tracks}
    strains = {track: found.strain if found else math.inf for track, found in fits.items()}
    worst = max(strains, key=lambda track: (strains[track], track))
    if strains[worst] <= fit.strain:
        return False
    draft.drop(worst)
    return True


def _standing(draft: Draft, space: Space, row: int) -> Fit | None:
    """Return why a member belongs to its list; None where by now it does not."""
    rule = draft.playlist.rule
    if draft.playlist.kind == "sound":
        return rules.near(float(space.distances([row], np.array([rule["centre"]]))[0, 0]))
    return rules.fit(rule, space, row)
