"""More at once than the kernel's queue of events holds."""

import signal
import time

import pytest

from daemons import until

FILES = 20_000
FEW, MANY = 200, 17_000
"""Folders; taking back so many watches as MANY fills the queue once more (ADR 0006)."""
PATIENT_S = 40.0


@pytest.fixture
def overwhelmed(make_home, mine, start):
    """Return a function that lets files land in so many folders while the daemon stands still."""

    def begin(folders):
        for n in range(folders):
            (mine / str(n)).mkdir()
        daemon = start(make_home(mine))
        until(lambda: daemon.ask("/readyz")[0] == 200)
        until(lambda: daemon.metric("watches") > folders)
        daemon.signal(signal.SIGSTOP)
        for n in range(FILES):
            (mine / str(n % folders) / f"{n}.txt").write_bytes(b"no music")
        daemon.signal(signal.SIGCONT)
        return daemon

    return begin


def known(daemon):
    return daemon.home.rows("SELECT count(*) FROM file")[0][0]


def overflows(daemon):
    return daemon.metric('watch_rebuilds_total{reason="overflow"}')


@pytest.mark.fault(2)
def test_every_file_that_landed_while_the_daemon_stood_still_is_found(overwhelmed):
    daemon = overwhelmed(FEW)

    until(lambda: known(daemon) == FILES, 40)
    until(lambda: overflows(daemon) == 1)


@pytest.mark.heavy
@pytest.mark.fault(3)
@pytest.mark.timeout(240)
def test_in_more_folders_than_the_queue_holds_an_overflow_costs_one_observer(overwhelmed, mine):
    daemon = overwhelmed(MANY)

    until(lambda: overflows(daemon) and known(daemon) == FILES, 90)
    time.sleep(PATIENT_S)
    assert overflows(daemon) == 1
    (mine / str(MANY - 1) / "late.txt").write_bytes(b"no music")
    until(lambda: known(daemon) == FILES + 1, 10)
