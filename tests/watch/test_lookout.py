import errno
import os
import shutil

import pytest

from playlista.watch import lookout as module
from playlista.watch.doubt import Reason
from playlista.watch.lookout import CHECK_S, Lookout, Mode
from playlista.watch.observer import Trouble


@pytest.fixture
def reasons():
    return []


@pytest.fixture
def lookout(music, dirty, cookies, reasons):
    (music / "album").mkdir()
    made = Lookout(os.fsencode(music), dirty, frozenset(), cookies, reasons.append)
    yield made
    made.stop()


def test_starting_asks_for_a_look_at_everything(lookout):
    assert lookout.tend(0.0)
    assert (lookout.mode, lookout.doubt, lookout.watches_n) == (Mode.EVENTS, None, 2)


def test_while_all_is_well_nothing_is_asked_for(lookout):
    lookout.tend(0.0)

    assert not lookout.tend(CHECK_S)


def test_an_observer_in_trouble_is_replaced_and_everything_looked_at(lookout, music, reasons):
    lookout.tend(0.0)
    music.rename(music.parent / "old")
    music.mkdir()

    assert lookout.tend(CHECK_S)
    assert reasons == [Trouble.ROOT]
    assert not lookout.tend(CHECK_S + 0.5)
    assert lookout.tend(CHECK_S + 1.0)
    assert lookout.mode == Mode.EVENTS


def test_a_root_that_cannot_be_observed_is_scanned_and_says_why(lookout, music):
    shutil.rmtree(music)

    assert not lookout.tend(0.0)
    assert lookout.mode == Mode.SCAN
    assert (lookout.doubt.reason, lookout.doubt.why) == (
        Reason.REFUSED,
        "No such file or directory",
    )


@pytest.mark.fault(4)
def test_a_limit_of_the_machine_names_its_remedy(lookout, monkeypatch):
    def refused(*_):
        raise OSError(errno.ENOSPC, "inotify watch limit reached")

    monkeypatch.setattr(module, "RootObserver", refused)
    lookout.tend(0.0)

    assert "max_user_watches" in lookout.doubt.why


def test_a_network_mount_is_scanned_until_it_is_gone(lookout):
    lookout.lie_on(b"nfs4")

    assert not lookout.tend(0.0)
    assert (lookout.mode, lookout.doubt.reason) == (Mode.SCAN, Reason.NETWORK)
    lookout.lie_on(b"ext4")
    assert lookout.tend(0.5)
    assert (lookout.mode, lookout.doubt) == (Mode.EVENTS, None)


def test_on_an_overlay_events_are_taken_and_not_relied_on(lookout):
    lookout.lie_on(b"overlay")

    assert lookout.tend(0.0)
    assert (lookout.mode, lookout.doubt.reason) == (Mode.EVENTS, Reason.LAYERS)
    lookout.tend(CHECK_S)
    assert lookout.doubt.reason == Reason.LAYERS


def test_a_root_that_is_no_longer_observed_is_in_no_doubt(lookout):
    lookout.lie_on(b"nfs4")
    lookout.tend(0.0)

    lookout.stop()

    assert lookout.doubt is None


def test_attempts_back_off(lookout, music):
    shutil.rmtree(music)
    lookout.tend(0.0)
    lookout.tend(1.0)
    music.mkdir()

    assert not lookout.tend(2.9)
    assert lookout.tend(3.0)
