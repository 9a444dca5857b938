"""New lists: all of them for a new library, later one now and then."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from playlista.playlists import admit, cluster, naming, rules, sequence
from playlista.playlists.rules import Fit, Seed
from playlista.playlists.shelf import SHORTEST, Draft, choose
from playlista.playlists.space import Space
from playlista.records import Member, Playlist

ENOUGH = 8
"""Lists below which every measure is tried, and above which lists are born one at a time."""

TARGET = 60
"""Lines of a list at birth in a large library (ADR 0010)."""

RESERVE_SHARE = 0.45
"""Part of the library that a reserve list chooses from: wide, so that one is found."""

NOVEL = 24
"""Tracks outside every sound list from which on another one is looked for: a guess."""


def lists(drafts: list[Draft], space: Space, *, framed: bool, now: int) -> None:
    """Add the lists that the library makes possible and that are not there yet.

    Args:
        drafts: The lists there are; none of their lines changes.
        space: The library.
        framed: Whether the space will never move, as lists around a centre demand.
        now: Unix seconds, kept as the day of birth.
    """
    _recently_added(drafts, space, now)
    few = len(drafts) < ENOUGH
    for seed in _usual(drafts, space, framed=framed):
        born = _give_birth(drafts, space, seed, now)
        if born and not few:
            return
    for seed in _reserve(space):
        if len(drafts) >= ENOUGH:
            return
        _give_birth(drafts, space, seed, now)


def _recently_added(drafts: list[Draft], space: Space, now: int) -> None:
    size = admit.rolling(len(space.tracks))
    if admit.recent(drafts) or len(space.tracks) < SHORTEST:
        return
    ids = admit.newest(space, space.rows.keys())[:size]
    members = [Member(track_id, admit.ARRIVED) for track_id in ids]
    drafts.append(_draft("Recently added", {"type": "recent"}, members, now))


def _usual(drafts: Sequence[Draft], space: Space, *, framed: bool) -> Iterator[Seed]:
    share = _share(space)
    if framed:
        yield from _sounds(drafts, space)
        yield from rules.bands(space, "energy", share)
    yield from rules.bands(space, "tempo", share)
    yield from rules.decades(space)
    yield from rules.genres(space)


def _reserve(space: Space) -> Iterator[Seed]:
    for measure in ("brightness", "dynamics", "danceability", "length"):
        yield from rules.bands(space, measure, RESERVE_SHARE)


def _sounds(drafts: Sequence[Draft], space: Space) -> Iterator[Seed]:
    """Look for groups among the tracks that are in reach of no sound list."""
    every = range(len(space.tracks))
    found = admit.reached(drafts, space, every)
    outside = [row for row in every if found[row] is None]
    living = sum(draft.playlist.kind == "sound" for draft in drafts)
    wanted = min(cluster.wanted(len(every)) - living, len(outside) // 8)
    if wanted <= 0 or len(outside) < NOVEL:
        return
    for group in cluster.groups(space, outside, wanted):
        name = naming.describe(group.centre, {draft.playlist.slug for draft in drafts})
        if name:
            yield Seed(name, group.rule, partial(_around, group))


def _give_birth(drafts: list[Draft], space: Space, seed: Seed, now: int) -> bool:
    if naming.slug(seed.name) in {draft.playlist.slug for draft in drafts}:
        return False
    members = _members(drafts, space, seed.fits())
    if members:
        drafts.append(_draft(seed.name, seed.rule, members, now))
    return bool(members)


def _members(drafts: Sequence[Draft], space: Space, fits: Mapping[int, Fit]) -> list[Member]:
    """Return the lines of a new list in playing order; none where no list can be made."""
    reasons = {space.tracks[row].track_id: fit.reason for row, fit in fits.items()}
    chosen = choose(list(reasons), drafts, _target(space))
    if not chosen:
        return []
    rows = sequence.order(space, [space.rows[track_id] for track_id in chosen])
    ordered = [space.tracks[row].track_id for row in rows]
    return [Member(track_id, reasons[track_id]) for track_id in ordered]


def revive(drafts: Sequence[Draft], space: Space) -> None:
    """Fill lists that lost every line like new ones: their names and rules are still good."""
    for draft in drafts:
        if not draft.members and draft is not admit.recent(drafts):
            fits = admit.meeting(draft, drafts, space)
            for position, member in enumerate(_members(drafts, space, fits)):
                draft.insert(position, member)


def _around(group: cluster.Group) -> dict[int, Fit]:
    return {row: rules.near(distance) for row, distance in group.distances.items()}


def _draft(name: str, rule: Mapping[str, Any], members: list[Member], now: int) -> Draft:
    slug = naming.slug(name)
    kind = "sound" if rule["type"] == "sound" else "rule"
    return Draft(Playlist(slug, slug, name, kind, {**rule, "born": now}), members)


def _target(space: Space) -> int:
    """Return how many lines a list has at birth: a quarter of a small library."""
    return min(max(len(space.tracks) // 4, SHORTEST), TARGET)


def _share(space: Space) -> float:
    """Return which part of the library a band takes: some more than its lines."""
    return min(max(4 / 3 * _target(space) / len(space.tracks), 0.08), 1 / 3)
