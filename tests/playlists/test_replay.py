import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlista.errors import StoreBroken
from playlista.playlists.delta import Cause, Entry, Reason, content, diff, record
from playlista.playlists.replay import replay
from playlista.records import Playlist

texts = st.binary(max_size=8).map(lambda text: text + b"\n")
states = st.lists(
    st.builds(Entry, st.integers(1, 9), texts), unique_by=lambda entry: entry.track_id, max_size=6
)
HEAD = b"#EXTM3U\n"


def log(slug, history):
    """Return the log of a list that went through these states."""
    playlist, old, made = Playlist(slug, slug, slug, "rule", {}), [], []
    for revision, new in enumerate(history):
        ops, text = diff(HEAD, HEAD, old, new), content(HEAD, new)
        cause = Cause(Reason.CHANGED, revision)
        made.append(json.dumps(record(playlist, cause, ops, rev_from=revision, text=text)).encode())
        old = new
    return made


@given(st.lists(states, min_size=1, max_size=5), st.lists(states, min_size=1, max_size=5))
def test_the_log_alone_gives_every_file_byte_for_byte(a, b):
    final = {"a.m3u8": content(HEAD, a[-1]), "b.m3u8": content(HEAD, b[-1])}

    assert replay([*log("a", a), *log("b", b)]) == {n: text for n, text in final.items() if text}


def test_a_closed_list_has_no_file():
    assert replay(log("a", [[Entry(1, b"1\n")], []])) == {}


def test_text_is_as_good_as_bytes():
    made = log("a", [[Entry(1, b"\xff\n")]])

    assert replay(line.decode() for line in made) == replay(made)


@pytest.mark.parametrize(
    "broken",
    [
        b'{"v": 1, "se',
        b'{"v": 1}',
        log("a", [[Entry(1, b"1\n")]])[0].replace(b'"1\\n"', b'"2\\n"'),
        log("a", [[Entry(1, b"1\n")]])[0].replace(b'"add"', b'"odd"'),
        log("a", [[Entry(1, b"1\n")], []])[1],
    ],
    ids=["torn", "incomplete", "altered", "unknown operation", "a revision is missing"],
)
def test_a_log_that_does_not_add_up_is_refused(broken):
    with pytest.raises(StoreBroken, match="delta log, line 1"):
        replay([broken])
