import pytest

from playlista.records import Known, Signature
from playlista.watch.absence import AGAIN_S, PATIENCE_S, QUIET_S, SEARCH_S, Absence, is_mass


def known(file_id):
    return Known(file_id, 1, b"%d" % file_id, Signature(1, file_id, 0, 0, 0), missing=False)


def test_a_missing_file_is_believed_after_a_short_quiet():
    absence = Absence()
    absence.seen(known(1), 100.0)

    assert not absence.due(100.0 + QUIET_S - 0.1)
    assert absence.due(100.0 + QUIET_S) == [known(1)]
    assert not absence


def test_files_that_disappear_together_are_judged_together():
    absence = Absence()
    absence.seen(known(1), 0.0)
    absence.seen(known(2), QUIET_S - 0.1)

    assert not absence.due(QUIET_S)
    assert len(absence.due(2 * QUIET_S)) == 2


def test_an_endless_deletion_is_believed_at_last():
    absence = Absence()
    for step in range(int(PATIENCE_S) + 1):
        absence.seen(known(step), float(step))

    assert absence.due(PATIENCE_S)


def test_missing_twice_is_missing_since_the_first_time():
    absence = Absence()
    absence.seen(known(1), 0.0)
    absence.seen(known(1), QUIET_S)

    assert absence.next_due() == QUIET_S


def test_what_could_be_found_elsewhere_is_asked_about_again_but_not_for_ever():
    absence = Absence()
    absence.seen(known(1), 0.0)
    asked = 0
    while gone := absence.due(absence.next_due()):
        now = QUIET_S + asked * AGAIN_S
        if not absence.put_back(gone, now):
            break
        asked += 1
        assert absence.is_sought

    assert asked == SEARCH_S / AGAIN_S
    assert not absence.is_sought


def test_what_is_found_elsewhere_prolongs_the_search_for_the_rest():
    absence = Absence()
    for number in (1, 2):
        absence.seen(known(number), 0.0)
    assert absence.put_back(absence.due(QUIET_S), QUIET_S)

    assert absence.put_back([known(2)], SEARCH_S + QUIET_S)
    assert not absence.put_back([known(2)], 2 * SEARCH_S + QUIET_S)


def test_what_disappears_is_sought_for_its_own_time():
    absence = Absence()
    for begin in (0.0, 10 * SEARCH_S):
        absence.seen(known(1), begin)
        assert absence.put_back(absence.due(begin + QUIET_S), begin + QUIET_S)
        assert not absence.put_back(absence.due(begin + SEARCH_S), begin + QUIET_S + SEARCH_S)


@pytest.mark.parametrize(
    ("gone", "remembered", "mass"), [(50, 50, False), (51, 100, True), (51, 1000, False)]
)
def test_many_files_and_a_large_share_are_a_mass(gone, remembered, mass):
    assert is_mass(gone, remembered) == mass
