from hypothesis import assume, given
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
    chosen = choose(ranked, drafts, size)

    assert not chosen or 6 <= len(chosen) <= size
    assert not chosen or all(apart([other, draft(*chosen)]) for other in drafts)


def test_the_best_are_chosen_where_nothing_forbids_them():
    assert choose(range(1, 30), [], 8) == list(range(1, 9))


def test_tracks_of_other_lists_give_way_to_the_next_best():
    assert choose(range(1, 12), [draft(1, 2, 3, 4, 5, 6)], 6) == [1, 2, 3, 7, 8, 9]


@given(tracks, tracks, st.integers(1, 30))
def test_joining_never_makes_two_lists_one(a, b, track_id):
    drafts = [draft(*a), draft(*b)]
    assume(apart(drafts))
    if track_id not in drafts[0].tracks and may_join(drafts[0], track_id, drafts):
        drafts[0].insert(0, Member(track_id, ""))

    assert apart(drafts)


@given(st.lists(tracks, min_size=1, max_size=5), tracks)
def test_a_rolling_list_shares_at_most_half_with_any_other_again(lists, rolling):
    others, recent = [draft(*each) for each in lists], draft(*rolling)
    part(recent, [*others, recent])

    assert all(apart([other, recent]) for other in others)


@given(tracks, tracks)
def test_only_the_rolling_list_yields_and_only_shared_lines(a, b):
    other, recent = draft(*a), draft(*b)
    part(recent, [other, recent])

    assert [m.track_id for m in other.members] == a
    assert {*b} - recent.tracks <= {*a}
