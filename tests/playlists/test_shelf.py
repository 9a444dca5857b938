from hypothesis import given
from hypothesis import strategies as st

from playlista.playlists.shelf import Draft, choose, may_join, part
from playlista.records import Member, Playlist

tracks = st.lists(st.integers(1, 30), unique=True, max_size=20)


def draft(*track_ids):
    return Draft(Playlist("", "", "", "rule", {}), [Member(i, "") for i in track_ids])


def apart(drafts):
    return all(
        2 * len(a.tracks & b.tracks) <= min(len(a.tracks), len(b.tracks))
        for a in drafts
        for b in drafts
        if a is not b
    )


@given(st.lists(tracks, max_size=4), tracks, st.integers(6, 20))
def test_a_list_that_is_chosen_shares_at_most_half_with_any_other(others, ranked, size):
    drafts = [draft(*other) for other in others]
    part(drafts, None)
    chosen = choose(ranked, drafts, size)

    assert not chosen or 6 <= len(chosen) <= size
    assert not chosen or apart([*drafts, draft(*chosen)])


def test_the_best_are_chosen_where_nothing_forbids_them():
    assert choose(range(1, 30), [], 8) == list(range(1, 9))


def test_tracks_of_other_lists_give_way_to_the_next_best():
    assert choose(range(1, 12), [draft(1, 2, 3, 4, 5, 6)], 6) == [1, 2, 3, 7, 8, 9]


@given(tracks, tracks, st.integers(1, 30))
def test_joining_never_makes_two_lists_one(a, b, track_id):
    drafts = [draft(*a), draft(*b)]
    part(drafts, None)
    if track_id not in drafts[0].tracks and may_join(drafts[0], track_id, drafts):
        drafts[0].insert(0, Member(track_id, ""))

    assert apart(drafts)


@given(st.lists(tracks, min_size=2, max_size=5))
def test_lists_that_shrank_are_parted_again(lists):
    drafts = [draft(*each) for each in lists]
    part(drafts, drafts[0])

    assert apart(drafts)


@given(tracks, tracks)
def test_parting_drops_shared_lines_only(a, b):
    drafts = [draft(*a), draft(*b)]
    part(drafts, None)
    lost = {*a, *b} - drafts[0].tracks - drafts[1].tracks

    assert not lost
    assert [m.track_id for m in drafts[0].members] == [i for i in a if i in drafts[0].tracks]


def test_the_preferred_list_yields_first():
    recent, other = draft(1, 2, 3, 4), draft(1, 2, 3, 5, 6, 7)
    part([other, recent], recent)

    assert len(other.tracks) == 6
