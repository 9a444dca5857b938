"""What a listener may rely on when music arrives and goes."""

import json
import random
from itertools import combinations

import pytest

from playlista.playlists.compose import compose
from playlista.records import Composition, Features, FileTags, LibraryTrack

NOW = 1_800_000_000


def first(tracks):
    return compose(tracks, Composition(), now=NOW)


def ids(playlist):
    return [member.track_id for member in playlist.members]


def named(composition, name):
    return next(p for p in composition.playlists if p.name == name)


def most_shared(composition):
    """Return the largest share of its lines that any list has in common with another."""
    lists = [set(ids(p)) for p in composition.playlists if p.members]
    return max(len(a & b) / min(len(a), len(b)) for a, b in combinations(lists, 2))


def through_json(composition):
    lists = [
        type(p)(p.id, p.slug, p.name, p.kind, json.loads(json.dumps(dict(p.rule))), p.members)
        for p in composition.playlists
    ]
    return Composition(json.loads(json.dumps(dict(composition.frame))), tuple(lists))


@pytest.mark.parametrize("n", [24, 36, 60])
@pytest.mark.parametrize("styles", [1, 3, 6])
@pytest.mark.parametrize("unknown", [0.0, 0.3])
def test_a_few_dozen_tracks_give_at_least_eight_lists(library, n, styles, unknown):
    born = first(library(n, styles=styles, unknown=unknown))

    assert len(born.playlists) >= 8


@pytest.mark.parametrize("n", [6, 12, 24, 48, 400])
def test_no_list_is_shorter_than_six_lines_or_longer_than_75(library, n):
    born = first(library(n))

    assert all(6 <= len(p.members) <= 75 for p in born.playlists)


@pytest.mark.parametrize("n", [24, 48, 400])
def test_no_two_lists_share_more_than_half_their_lines_at_birth(library, n):
    assert most_shared(first(library(n))) <= 0.5


def test_no_arrival_makes_two_lists_share_more_than_half_their_lines(library):
    tracks, shared, rng = library(36), [], random.Random(1)
    lists = first(tracks)
    for batch in range(30):
        tracks = [*tracks, *library(rng.randint(1, 15), first=1000 + 20 * batch, seed=batch)]
        lists = compose(tracks, lists, now=NOW)
        shared.append(most_shared(lists))

    assert max(shared) <= 0.5


def test_deletions_take_out_their_own_lines_and_no_other_of_a_lasting_list(library):
    tracks, rng = library(60), random.Random(1)
    lists = first(tracks)
    for _ in range(20):
        tracks = [track for track in tracks if rng.random() > 0.1]
        left = {track.track_id for track in tracks}
        before, lists = lists, compose(tracks, lists, now=NOW)

        for old, new in zip(before.playlists, lists.playlists, strict=True):
            if old.name != "Recently added":
                assert ids(new) == [track for track in ids(old) if track in left]


def test_lists_around_a_sound_hold_one_style_each(library):
    tracks = library(120, styles=4)
    style = {track.track_id: track.file_tags.genre for track in tracks}
    sounds = [p for p in first(tracks).playlists if p.kind == "sound"]

    assert sounds
    assert all(len({style[i] for i in ids(p)}) == 1 for p in sounds)


def test_an_unchanged_library_changes_nothing(library):
    tracks = library(60)
    lists = first(tracks)

    assert compose(tracks, lists, now=NOW + 1) == lists


def test_the_order_of_the_library_does_not_matter(library):
    tracks = library(60)

    assert first(tracks[::-1]) == first(tracks)


def test_lists_survive_json(library):
    lists = first(library(60))

    assert through_json(lists) == lists


def test_lists_from_json_are_continued_like_those_from_memory(library):
    lists, later = first(library(60)), library(63)

    assert compose(later, through_json(lists), now=NOW) == compose(later, lists, now=NOW)


def test_an_arrival_moves_no_line_and_renames_no_list(library):
    tracks = library(60)
    before = first(tracks)
    after = compose([*tracks, *library(1, first=61, seed=9)], before, now=NOW)

    for old in before.playlists:
        new = next(p for p in after.playlists if p.id == old.id)
        kept = [i for i in ids(new) if i != 61]
        assert (new.slug, new.name, new.rule) == (old.slug, old.name, old.rule)
        assert kept == ids(old)[: len(kept)] if old.slug == "recently-added" else ids(old)


def test_each_of_forty_arrivals_lands_and_edits_few_lines(library):
    tracks = library(36)
    lists, edits = first(tracks), []
    for arrival in library(40, first=37, seed=3):
        tracks = [*tracks, arrival]
        after = compose(tracks, lists, now=NOW)
        old = {p.id: set(ids(p)) for p in lists.playlists}
        changed = [old[p.id] ^ set(ids(p)) for p in after.playlists if p.id in old]
        edits.append(sum(map(len, changed)))
        assert any(arrival.track_id in ids(p) for p in after.playlists)
        lists = after

    assert sum(edits) / len(edits) <= 4.5  # two of them are the two ends of "Recently added"


def test_an_album_of_forty_lands_whole(library):
    tracks = library(36)
    album = library(40, styles=1, first=37, seed=3)
    after = compose([*tracks, *album], first(tracks), now=NOW)
    listed = {i for p in after.playlists for i in ids(p)}

    assert {track.track_id for track in album} <= listed


def test_an_arrival_of_a_known_style_joins_the_list_of_that_sound(library):
    tracks = library(120)
    style = {track.track_id: track.file_tags.genre for track in library(130)}
    lists = first(tracks)
    after = compose(library(121), lists, now=NOW)
    joined = [p for p in after.playlists if p.kind == "sound" and 121 in ids(p)]

    assert [{style[i] for i in ids(p)} for p in joined] == [{style[121]}]


def test_a_deleted_track_leaves_and_nothing_else_stirs(library):
    tracks = library(400)
    before = first(tracks)
    gone = named(before, "High energy").members[3].track_id
    after = compose([t for t in tracks if t.track_id != gone], before, now=NOW)

    assert [ids(p) for p in after.playlists] == [
        [i for i in ids(p) if i != gone] for p in before.playlists
    ]


def test_a_track_that_returns_is_an_arrival(library):
    tracks = library(60)
    without = compose(tracks[:-1], first(tracks), now=NOW)
    again = compose(tracks, without, now=NOW)

    assert ids(named(again, "Recently added"))[0] == 60


def test_a_list_that_lost_every_line_keeps_its_name(library):
    before = first(library(60))
    after = compose([], before, now=NOW)

    assert [(p.id, p.name, p.rule) for p in after.playlists] == [
        (p.id, p.name, p.rule) for p in before.playlists
    ]
    assert not any(p.members for p in after.playlists)


def test_a_library_that_comes_back_under_new_ids_fills_its_lists_again(library):
    before = first(library(60))
    empty = compose([], before, now=NOW)
    after = compose(library(60, first=500), empty, now=NOW)

    assert sum(len(p.members) >= 6 for p in after.playlists) >= 8


def test_recently_added_is_newest_first_and_drops_the_oldest(library):
    tracks = library(400)
    before = ids(named(first(tracks), "Recently added"))
    after = ids(named(compose(library(402), first(tracks), now=NOW), "Recently added"))

    assert before == list(range(400, 350, -1))
    assert after == list(range(402, 352, -1))


def test_lists_are_born_as_the_library_grows_and_old_ones_stay(library):
    before = first(library(10))
    after = compose(library(40), before, now=NOW)
    old = [p for p in after.playlists if p.id in {q.id for q in before.playlists}]

    assert len(after.playlists) >= 8 > len(before.playlists)
    assert [p.name for p in old] == [p.name for p in before.playlists]
    assert any(p.kind == "sound" for p in after.playlists)


def test_an_established_library_gains_at_most_one_list_at_a_time(library):
    before = first(library(36, styles=2))
    after = compose(library(600, styles=8), before, now=NOW)

    assert len(after.playlists) <= len(before.playlists) + 1


def test_limits_in_a_rule_hold_for_every_line(library):
    tracks = library(400)
    bpm = {track.track_id: track.features.bpm for track in tracks}
    fast = named(first(tracks), "Fast tempo")

    assert min(bpm[i] for i in ids(fast)) >= fast.rule["low"]


def test_every_line_says_why_with_a_number_or_in_words(library):
    lists = first(library(60))
    tempo = named(lists, "Medium tempo").members[0].reason
    sound = next(p for p in lists.playlists if p.kind == "sound").members[0].reason

    assert all(m.reason for p in lists.playlists for m in p.members)
    assert "BPM lies within" in tempo
    assert sound.startswith("nearest to the centre of this list, distance 0.")


def test_names_and_slugs_are_unique_and_carry_no_running_number(library):
    lists = first(library(2000, styles=30)).playlists

    assert len({p.name for p in lists}) == len({p.slug for p in lists}) == len(lists)
    assert not any(p.name[-1].isdigit() for p in lists)


def test_tracks_of_which_nothing_is_known_still_have_a_list():
    tracks = [LibraryTrack(i, i, 200.0, Features(), FileTags()) for i in range(1, 41)]

    assert next(p.name for p in first(tracks).playlists) == "Recently added"


def test_an_unknown_tempo_is_not_a_slow_one(library):
    known, unknown = library(100), library(20, first=101, unknown=1.0)
    slow = named(first([*known, *unknown]), "Slow tempo")

    assert max(ids(slow)) <= 100


def test_five_tracks_make_no_list(library):
    assert first(library(5)).playlists == ()


def test_a_full_list_gives_up_its_worst_line_for_a_better_one(library):
    def batch(first, bpm, n):
        known = [LibraryTrack(first + i, first, 200.0, Features(bpm=bpm)) for i in range(n)]
        other = [LibraryTrack(first + 50 + i, first, 200.0, Features()) for i in range(40)]
        return [*known, *other]  # the others push "Recently added" on

    tracks = library(400)
    lists = first(tracks)
    for number, (bpm, n) in enumerate([(200.0, 10), (210.0, 10), (400.0, 1)]):
        full = lists
        tracks = [*tracks, *batch(1000 + 100 * number, bpm, n)]
        lists = compose(tracks, lists, now=NOW)
    before, after = ids(named(full, "Fast tempo")), ids(named(lists, "Fast tempo"))

    assert len(before) == len(after) == 75
    assert 1200 in after
    assert [i for i in after if i != 1200] == [i for i in before if i in after]
