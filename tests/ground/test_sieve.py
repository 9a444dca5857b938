import pickle

from hypothesis import given
from hypothesis import strategies as st

from playlista.sieve import DIGITS, Sieve

hashes = st.lists(st.text("0123456789abcdef", min_size=32, max_size=32))


@given(hashes, hashes)
def test_it_holds_what_it_was_given_and_what_was_added(first, later):
    sieve = Sieve(sorted(one[-DIGITS:] for one in first))
    sieve.add(later)

    assert all(one in sieve for one in first + later)


@given(hashes, hashes)
def test_what_ends_otherwise_is_not_in_it(given, others):
    sieve = Sieve()
    sieve.add(given)

    ends = {one[-DIGITS:] for one in given}
    assert [one in sieve for one in others] == [one[-DIGITS:] in ends for one in others]


@given(hashes)
def test_it_is_true_once_it_holds_something_and_stays_itself_when_sent(given):
    sieve = Sieve()
    sieve.add(given)
    sent = pickle.loads(pickle.dumps(sieve))

    assert bool(sent) == bool(given)
    assert all(one in sent for one in given)


def test_a_hundred_thousand_hashes_travel_in_less_than_half_a_megabyte():
    sieve = Sieve(f"{number:0{DIGITS}x}" for number in range(100_000))

    assert len(pickle.dumps(sieve)) < 500_000
