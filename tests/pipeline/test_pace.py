import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlista.pipeline.pace import BATCH, FOUNDING_WAIT_S, LONGEST_WAIT_S, Pace


def asked(batch="auto", kept=1, at=0.0):
    pace = Pace(batch)
    pace.ask(at, kept)
    return pace


@given(st.booleans(), st.booleans())
def test_nothing_asked_is_never_due(calm, founded):
    assert not Pace("auto").due(1e9, calm=calm, founded=founded)


@pytest.mark.parametrize("founded", [True, False])
def test_when_all_is_calm_it_is_due_at_once(founded):
    assert asked().due(0.0, calm=True, founded=founded)


def test_while_more_is_coming_it_waits():
    assert not asked().due(1.0, calm=False, founded=True)


def test_an_arrival_does_not_wait_for_the_end_of_the_backlog():
    assert asked(at=5.0).due(5.0 + LONGEST_WAIT_S, calm=False, founded=True)


def test_later_arrivals_do_not_make_the_first_wait_longer():
    pace = asked(at=0.0)
    pace.ask(LONGEST_WAIT_S - 1, 1)

    assert pace.due(LONGEST_WAIT_S, calm=False, founded=True)


def test_a_full_batch_is_due_while_more_is_coming():
    pace = asked(batch=3, kept=2)
    assert not pace.due(0.0, calm=False, founded=True)

    pace.ask(0.0, 1)

    assert pace.due(0.0, calm=False, founded=True)


def test_auto_is_a_batch_of_its_own():
    assert not asked(kept=BATCH - 1).due(0.0, calm=False, founded=True)
    assert asked(kept=BATCH).due(0.0, calm=False, founded=True)


def test_a_batch_size_set_anew_counts_from_then_on():
    pace = asked(batch=100, kept=4)

    pace.batch_size = 4

    assert pace.due(0.0, calm=False, founded=True)


def test_the_first_lists_wait_for_most_of_the_library():
    pace = asked(kept=10_000)

    assert not pace.due(FOUNDING_WAIT_S - 1, calm=False, founded=False)
    assert pace.due(FOUNDING_WAIT_S, calm=False, founded=False)


def test_what_is_asked_while_refreshing_is_for_the_next_time():
    pace = asked()
    pace.begin()
    assert not pace.asked

    pace.ask(1.0, 1)

    assert pace.asked
    assert pace.due(1.0, calm=True, founded=True)


def test_what_was_refreshed_does_not_count_for_the_next_batch():
    pace = asked(batch=3, kept=3)
    pace.begin()

    pace.ask(0.0, 2)

    assert not pace.due(0.0, calm=False, founded=True)
