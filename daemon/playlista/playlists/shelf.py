"""Lists while they are edited: who may join without two lists becoming one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from playlista.records import Member, Playlist

SHORTEST = 6
LONGEST = 75
"""Lines of a list (ADR 0010)."""


@dataclass(slots=True)
class Draft:
    """One list being edited; ``tracks`` follows ``members``."""

    playlist: Playlist
    members: list[Member]
    tracks: set[int] = field(init=False)

    def __post_init__(self) -> None:
        self.tracks = {member.track_id for member in self.members}

    def insert(self, position: int, member: Member) -> None:
        """Put one line in."""
        self.members.insert(position, member)
        self.tracks.add(member.track_id)

    def drop(self, track_id: int) -> None:
        """Take one line out; all others stay as they are."""
        self.members = [member for member in self.members if member.track_id != track_id]
        self.tracks.discard(track_id)

    def final(self) -> Playlist:
        """Return the list as a fact; the very same one if nothing changed."""
        members = tuple(self.members)
        unchanged = members == self.playlist.members
        return self.playlist if unchanged else replace(self.playlist, members=members)


def may_join(draft: Draft, track_id: int, drafts: Iterable[Draft]) -> bool:
    """Tell whether no other list would share more than half its lines with this one."""
    return all(
        2 * (len(draft.tracks & other.tracks) + 1) <= min(len(draft.tracks) + 1, len(other.tracks))
        for other in drafts
        if other is not draft and track_id in other.tracks
    )


def choose(ranked: Sequence[int], drafts: Sequence[Draft], size: int) -> list[int]:
    """Return the tracks of a list to be born, sharing at most half with every other.

    Args:
        ranked: Track ids, best first.
        drafts: The lists there are.
        size: As many as wanted.

    Returns:
        As many as possible up to ``size``, best first; empty when fewer than `SHORTEST`.
    """
    homes = {
        track: [n for n, draft in enumerate(drafts) if track in draft.tracks] for track in ranked
    }
    fresh = sorted(ranked, key=lambda track: len(homes[track]))  # stable: best first among equals
    for wanted in range(min(size, len(ranked)), SHORTEST - 1, -1):
        for candidates in (ranked, fresh):
            chosen = _fill(candidates, homes, [len(d.tracks) for d in drafts], wanted)
            if len(chosen) == wanted:
                return chosen
    return []


def part(rolling: Draft, drafts: Iterable[Draft]) -> None:
    """Make a rolling list share at most half its lines with every list that shrank.

    It drops lines anyway. Lasting lists keep theirs, even where deletions have left two of
    them more alike than they were allowed to be at birth.
    """
    lasting = [draft for draft in drafts if draft is not rolling]
    # by yielding it gets shorter, and may then share too much with another
    while any(_yield(rolling, other) for other in lasting):
        pass


def _yield(rolling: Draft, other: Draft) -> bool:
    """Drop shared lines, the last first, until two lists differ enough; tell if any was."""
    shared = [m.track_id for m in rolling.members if m.track_id in other.tracks]
    before = len(shared)
    while 2 * len(shared) > min(len(rolling.tracks), len(other.tracks)):
        rolling.drop(shared.pop())
    return len(shared) < before


def _fill(
    candidates: Iterable[int], homes: Mapping[int, Sequence[int]], sizes: Sequence[int], wanted: int
) -> list[int]:
    room = [min(wanted, size) // 2 for size in sizes]
    chosen: list[int] = []
    for track in candidates:
        if len(chosen) == wanted:
            break
        if all(room[home] for home in homes[track]):
            chosen.append(track)
            for home in homes[track]:
                room[home] -= 1
    return chosen
