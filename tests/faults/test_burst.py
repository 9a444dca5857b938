"""More at once than the kernel's queue of events holds."""

import re
import signal
import tempfile
import time
from pathlib import Path

import psutil
import pytest

from daemons import until

FILES = 20_000
FEW, MANY = 200, 17_000
"""Folders; taking back so many watches as MANY fills the queue once more (ADR 0006)."""
PATIENT_S = 40.0
FLOOD = 200_000
GROWTH_MB = 60
CALM_S, CALM_CPU_S = 5.0, 0.25
"""A daemon that takes less processor time than that in so long has come to rest."""


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


@pytest.fixture
def flooded():
    """A music folder for more files than a disk would take in a hurry."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        for n in range(FEW):
            (Path(folder) / str(n)).mkdir()
        yield Path(folder)


def resident_mb(daemon, what):
    status = Path(f"/proc/{daemon.pid}/status").read_text()
    return int(re.search(rf"{what}:\s+(\d+) kB", status)[1]) / 1024


def is_calm(daemon):
    process = psutil.Process(daemon.pid)
    before = sum(process.cpu_times()[:2])
    time.sleep(CALM_S)
    return sum(process.cpu_times()[:2]) - before < CALM_CPU_S


@pytest.mark.heavy
@pytest.mark.fault(1)
@pytest.mark.timeout(600)
def test_a_flood_of_files_that_nobody_hears_is_all_known_in_bounded_memory(
    make_home, flooded, start
):
    home = make_home(flooded)
    home.configure(MIN_AVAILABLE_MEMORY_GB=1e6)  # so much that no worker is ever started
    daemon = start(home)
    until(lambda: daemon.status()["watch"]["roots"][0]["state"] == "online")
    before_mb = resident_mb(daemon, "VmRSS")
    for n in range(FLOOD):
        (flooded / str(n % FEW) / f"{n}.flac").write_bytes(b"fLaC%d" % n)

    until(lambda: known(daemon) == FLOOD, 400)
    until(lambda: is_calm(daemon), 60)
    assert daemon.status()["backlog"]["ready"] == FLOOD
    assert resident_mb(daemon, "VmHWM") - before_mb <= GROWTH_MB
