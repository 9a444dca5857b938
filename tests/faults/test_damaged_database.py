"""From a daemon that finds its database damaged to one that has caught up with the disk."""

import signal

import pytest

from daemons import PIECES, until
from faults.odd import song
from playlista.store import backup


@pytest.fixture
def worn(home, start):
    """A home whose copy is of before a track came, and whose daemon was then killed."""
    backup.make(home.state / "playlista.db")
    song(home.state.with_name("mine") / "new.flac")
    daemon = start(home)
    until(lambda: daemon.at_rest(PIECES + 1))
    daemon.signal(signal.SIGKILL)
    daemon.ended()
    return home


def overwrite(path, start, end=None):
    whole = path.read_bytes()
    end = len(whole) if end is None else end
    path.write_bytes(whole[:start] + b"\xa5" * (end - start) + whole[end:])


@pytest.mark.fault(44)
@pytest.mark.parametrize("part", [(0, 100), (0, 4096), (4096, 40_960), (40_960, None)])
def test_bytes_overwritten_anywhere_are_refused_with_the_command_that_helps(worn, part):
    (worn.state / "playlista.db-wal").unlink()
    overwrite(worn.state / "playlista.db", *part)

    done = worn.call("run")

    assert done.returncode == 65
    assert "`playlista doctor --restore`" in done.stderr.splitlines()[-1]


@pytest.mark.fault(44)
def test_after_that_command_everything_is_as_the_disk_says(worn, start):
    overwrite(worn.state / "playlista.db", 4096)
    assert worn.call("run").returncode == 65

    told = worn.facts("doctor", "--restore")
    daemon = start(worn)

    until(lambda: daemon.at_rest(PIECES + 1))
    until(worn.replays)
    assert told["tracks"] == PIECES
    assert daemon.metric("analyses_total") == 1
    (present,) = worn.rows("SELECT count(*) FROM file WHERE missing_since IS NULL")
    assert present == (PIECES + 1,)
