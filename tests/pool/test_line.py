"""Messages over a line."""

import pickle
import socket
import threading
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlista.pool.line import LENGTH, Line
from playlista.pool.messages import Garbled


@pytest.fixture
def ends():
    """Two ends of a line, and the raw socket of the first."""
    raw, other = socket.socketpair()
    with raw, other:
        yield Line(raw), Line(other), raw


def test_messages_arrive_in_order(ends):
    ours, theirs, _ = ends
    ours.send("one")
    ours.send("two")

    assert theirs.receive() == ["one", "two"]


def test_half_a_message_is_no_message(ends):
    _, theirs, raw = ends
    whole = pickle.dumps("whole")
    raw.sendall(LENGTH.pack(len(whole)) + whole[:3])

    assert theirs.receive() == []


def test_a_message_is_complete_with_its_last_byte(ends):
    _, theirs, raw = ends
    whole = pickle.dumps("whole")
    received = []
    for byte in LENGTH.pack(len(whole)) + whole:
        assert received == []
        raw.sendall(bytes([byte]))
        received += theirs.receive()

    assert received == ["whole"]


def test_what_cannot_be_read_stands_as_garbled_between_the_others(ends):
    ours, theirs, raw = ends
    ours.send("before")
    raw.sendall(LENGTH.pack(3) + b"???")
    ours.send("after")
    before, garbled, after = theirs.receive()

    assert (before, after) == ("before", "after")
    assert isinstance(garbled, Garbled)
    assert garbled.trouble.kind == "UnpicklingError"


def test_what_cannot_travel_is_refused_and_nothing_sent(ends):
    ours, theirs, _ = ends
    with pytest.raises(pickle.PicklingError):
        ours.send(threading.Lock())
    ours.send("next")

    assert theirs.receive() == ["next"]


def test_the_other_side_leaving_is_the_end_of_file(ends):
    ours, theirs, _ = ends
    ours.close()

    with pytest.raises(EOFError):
        theirs.receive()


def test_the_other_side_leaving_without_reading_is_the_end_of_file(ends):
    ours, theirs, _ = ends
    theirs.send("unread")
    ours.close()

    with pytest.raises(EOFError):
        theirs.receive()


def test_a_long_message_is_held_no_more_than_twice_while_it_is_read(ends):
    _, theirs, raw = ends
    body = pickle.dumps(bytes(10_000_000))
    sending = threading.Thread(target=raw.sendall, args=[LENGTH.pack(len(body)) + body])

    tracemalloc.start()
    sending.start()
    while not theirs.receive():
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    sending.join()

    assert peak < 2.5 * len(body)  # as it came, and as what it says


def test_a_side_that_does_not_read_is_given_up():
    ours, theirs = socket.socketpair()
    with ours, theirs, pytest.raises(OSError, match="timed out"):
        Line(ours, 0.1).send(bytes(10_000_000))


@given(st.lists(st.binary(max_size=100), max_size=8), st.data())
def test_messages_survive_being_cut_anywhere(messages, data):
    raw, other = socket.socketpair()
    with raw, other:
        theirs = Line(other)
        stream = b"".join(
            LENGTH.pack(len(body)) + body for body in (pickle.dumps(m) for m in messages)
        )
        received = []
        while stream:
            size = data.draw(st.integers(1, len(stream)))
            raw.sendall(stream[:size])
            received += theirs.receive()
            stream = stream[size:]

    assert received == messages
