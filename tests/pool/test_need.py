"""What the next track will take."""

from hypothesis import given
from hypothesis import strategies as st

from playlista.pool.need import FIRST_GUESS, Needs, first_guess

MB = 1_000_000


def test_a_small_machine_is_not_taken_to_have_room_for_the_usual_guess():
    assert first_guess(512 * MB) == 128 * MB


def test_a_large_machine_does_not_raise_the_guess():
    assert first_guess(64_000 * MB) == FIRST_GUESS


def test_an_unknown_machine_gets_the_usual_guess():
    assert first_guess(None) == FIRST_GUESS


def test_the_first_of_a_kind_is_guessed():
    needs = Needs(500 * MB)
    needs.learn("full", 900 * MB)

    assert needs.predict("quick") == 500 * MB


def test_what_was_seen_replaces_the_guess():
    needs = Needs(500 * MB)
    needs.learn("quick", 100 * MB)

    assert 100 * MB < needs.predict("quick") < 120 * MB


def test_a_high_peak_is_believed_at_once_and_forgotten_slowly():
    needs = Needs(500 * MB)
    needs.learn("quick", 100 * MB)
    needs.learn("quick", 400 * MB)
    assert needs.predict("quick") > 400 * MB
    needs.learn("quick", 100 * MB)
    assert needs.predict("quick") > 400 * MB
    for _ in range(200):
        needs.learn("quick", 100 * MB)

    assert needs.predict("quick") < 120 * MB


@given(st.lists(st.integers(0, 1 << 40), min_size=1))
def test_the_prediction_is_never_below_the_last_peak_nor_far_above_the_highest(peaks):
    needs = Needs(MB)
    for peak in peaks:
        needs.learn("quick", peak)

        assert peak - 1 <= needs.predict("quick") <= 1.1 * max(peaks) + 1
