"""Whatever happens in between, and in whatever order: who goes in comes out, once."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlista.inference.messages import PATCH_BYTES
from playlista.pipeline.room import WaitingRoom
from playlista.pool.outcome import Outcome
from playlista.records import Draft
from playlista.stages import Stage
from playlista.units import Seconds
from shelf import analysis

HEARD = analysis("heard")


def draft(number):
    one = Draft(analysis(f"sound {number}"), bytes(PATCH_BYTES), frozenset({Stage.EMBEDDING}))
    return Outcome(number, 1, Seconds(2.0), value=one)


@pytest.fixture
def room():
    return WaitingRoom()


def taken(room):
    return [(outcome.key, outcome.value.audio_id) for outcome in room.take()]


def test_who_came_first_is_called_first(room):
    room.enter(draft(1))
    room.enter(draft(2))

    assert room.call().outcome.key == 1


def test_one_is_called_at_a_time(room):
    room.enter(draft(1))
    room.enter(draft(2))
    room.call()

    assert room.call() is None
    assert room.waiting_bytes == 2 * PATCH_BYTES


def test_who_is_sent_back_waits_behind_the_others(room):
    room.enter(draft(1))
    room.enter(draft(2))

    room.back(room.call())

    assert room.call().outcome.key == 2


def test_who_leaves_has_taken_so_much_longer(room):
    room.enter(draft(1))

    room.leave(room.call(), HEARD, 0.5)

    (outcome,) = room.take()
    assert (outcome.key, outcome.value, outcome.seconds) == (1, HEARD, 2.5)
    assert room.waiting_bytes == 0


def test_what_is_said_of_one_that_was_let_go_has_no_effect(room):
    room.enter(draft(1))
    gone = room.call()

    assert room.clear()
    room.leave(gone, HEARD)
    room.back(gone)

    assert taken(room) == [(1, "sound 1")]
    assert room.waiting_bytes == 0


def test_an_empty_room_has_nobody_to_let_go(room):
    assert not room.clear()


def test_whoever_comes_after_the_end_is_done_as_it_is(room):
    room.close()

    room.enter(draft(1))

    assert taken(room) == [(1, "sound 1")]


DEEDS = {
    "call": lambda room, called: called.append(room.call()),
    "back": lambda room, called: [room.back(one) for one in called if one],
    "leave": lambda room, called: [room.leave(one, HEARD) for one in called if one],
    "clear": lambda room, _: room.clear(),
    "close": lambda room, _: room.close(),
}


@given(st.lists(st.sampled_from(["enter", *DEEDS])))
def test_who_goes_in_comes_out_once(deeds):
    room, called, entered = WaitingRoom(), [], 0
    for deed in deeds:
        if deed == "enter":
            room.enter(draft(entered))
            entered += 1
        else:
            DEEDS[deed](room, called)
    waiting = room.waiting_bytes // PATCH_BYTES
    done = room.take()

    room.close()

    assert len(done) + waiting == entered
    assert sorted(one.key for one in done + room.take()) == list(range(entered))


def test_nobody_is_lost_or_doubled_between_threads(room):
    def bring(start):
        for number in range(start, start + 500):
            room.enter(draft(number))

    threads = [threading.Thread(target=bring, args=(start,)) for start in range(0, 2000, 500)]
    threads.append(threading.Thread(target=lambda: [room.clear() for _ in range(500)]))
    for thread in threads:
        thread.start()
    found = []
    while any(thread.is_alive() for thread in threads):
        if called := room.call():
            room.leave(called, HEARD)
        found += room.take()
    room.close()
    found += room.take()

    assert sorted(outcome.key for outcome in found) == list(range(2000))
