import logging

import pytest

from playlista.errors import OperatorError, StoreBroken, StoreBusy
from playlista.service import patience
from playlista.service.notify import Notifier
from playlista.service.patience import patiently
from playlista.service.signals import Signals
from playlista.units import Seconds


@pytest.fixture
def waiting(monkeypatch):
    """Return a function that begins patiently what refuses as told, and then works."""
    monkeypatch.setattr(patience, "PAUSE_S", Seconds(0.01))
    with Signals() as signals:

        def begin(*refusals):
            answers = iter(refusals)

            def attempt():
                for refusal in answers:
                    raise refusal
                return "begun"

            return patiently(attempt, signals, Notifier({}))

        yield begin


def busy(why="locked"):
    return StoreBusy(why, 5.0)


def test_what_works_is_begun_at_once(waiting):
    assert waiting() == "begun"


def test_what_is_busy_is_tried_until_it_works(waiting):
    assert waiting(busy(), busy(), busy()) == "begun"


def test_each_reason_is_told_once(waiting, caplog):
    with caplog.at_level(logging.WARNING, "playlista"):
        waiting(busy(), busy(), busy("full"), busy("full"))

    assert [record.getMessage() for record in caplog.records] == [
        "waiting: locked",
        "waiting: full",
    ]


def test_in_the_end_systemd_is_asked_to_start_it_again(waiting, monkeypatch):
    monkeypatch.setattr(patience, "PATIENCE_S", 0.0)

    with pytest.raises(OperatorError, match=r"locked: waited .* in vain") as given_up:
        waiting(*[busy()] * 100)

    assert given_up.value.exit_status == 1


def test_what_a_person_must_mend_is_not_waited_for(waiting):
    with pytest.raises(StoreBroken):
        waiting(StoreBroken("damaged"))


def test_who_is_told_to_stop_begins_nothing(monkeypatch):
    monkeypatch.setattr(patience, "PAUSE_S", Seconds(0.01))
    with Signals() as signals:

        def refuse():
            signals.stop = True
            raise busy()

        assert patiently(refuse, signals, Notifier({})) is None
