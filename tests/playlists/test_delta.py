import base64
import hashlib
import json

from hypothesis import given
from hypothesis import strategies as st

from playlista.playlists.delta import Cause, Entry, Reason, apply, content, diff, record
from playlista.records import Member, Playlist

texts = st.binary(max_size=12).map(lambda text: text + b"\n")
heads = st.binary(min_size=1, max_size=5)
states = st.lists(st.builds(Entry, st.integers(1, 20), texts), unique_by=lambda e: e.track_id)
HEAD = b"#EXTM3U\n"


def line(track_id):
    return Entry(track_id, b"%d\n" % track_id)


def lines(*track_ids):
    return [line(track_id) for track_id in track_ids]


def kinds(ops):
    return [op["op"] for op in ops]


@given(states, states, heads, heads)
def test_applying_the_difference_gives_the_file_byte_for_byte(old, new, old_head, new_head):
    ops = json.loads(json.dumps(diff(old_head, new_head, old, new)))
    head, entries = apply(old_head, old, ops)

    assert content(head, entries) == content(new_head, new)
    assert entries == new


@given(st.lists(st.integers(1, 99), unique=True, min_size=1), st.data())
def test_inserting_k_lines_takes_exactly_k_operations(old, data):
    new = [*old]
    arrivals = data.draw(st.lists(st.integers(100, 120), unique=True, max_size=8))
    for arrival in arrivals:
        new.insert(data.draw(st.integers(0, len(new))), arrival)

    assert kinds(diff(HEAD, HEAD, lines(*old), lines(*new))) == ["add"] * len(arrivals)


@given(st.permutations(range(7)))
def test_no_more_lines_move_than_must(order):
    def longest(start, rest):
        return max([0, *(1 + longest(x, rest[i + 1 :]) for i, x in enumerate(rest) if x > start)])

    ops = diff(HEAD, HEAD, lines(*range(7)), lines(*order))

    assert len(ops) == 7 - longest(-1, order)


@given(states)
def test_an_equal_state_needs_no_operation(state):
    assert diff(HEAD, HEAD, state, state) == []


def test_a_new_text_of_the_same_track_is_set_in_place():
    ops = diff(HEAD, HEAD, lines(1, 2), [line(1), Entry(2, b"two\n")])

    assert ops == [{"op": "set", "pos": 1, "track": 2, "lines": "two\n"}]


def test_bytes_that_are_not_utf_8_travel_as_base64():
    (op,) = diff(HEAD, HEAD, lines(1), [line(1), Entry(2, b"caf\xe9\n")])

    assert base64.b64decode(op["lines_base64"]) == b"caf\xe9\n"
    assert "lines" not in op


def test_a_list_without_lines_is_closed():
    assert kinds(diff(HEAD, HEAD, lines(1, 2), [])) == ["remove", "remove", "close"]


def test_a_closed_list_is_opened_by_its_head():
    assert kinds(diff(HEAD, HEAD, [], lines(1))) == ["head", "add"]


def test_a_closed_file_is_no_file():
    assert apply(HEAD, lines(1), diff(HEAD, HEAD, lines(1), [])) == (b"", [])


def test_a_record_says_what_changed_why_and_what_came_of_it():
    quiet = Playlist("quiet", "quiet", "Quiet", "sound", {}, (Member(1, "near"),))
    text = content(HEAD, lines(1))
    made = record(
        quiet,
        Cause(Reason.NEW_TRACKS, 5, (1,)),
        diff(b"", HEAD, [], lines(1)),
        rev_from=0,
        text=text,
    )

    assert made == {
        "v": 1,
        "ts": 5,
        "playlist_id": "quiet",
        "name": "Quiet",
        "file": "quiet.m3u8",
        "rev_from": 0,
        "rev_to": 1,
        "reason": "new_tracks",
        "trigger": [1],
        "ops": [
            {"op": "head", "lines": "#EXTM3U\n"},
            {"op": "add", "pos": 0, "track": 1, "lines": "1\n"},
        ],
        "sha256": hashlib.sha256(b"#EXTM3U\n1\n").hexdigest(),
        "metrics": {"lines": 1},
    }
