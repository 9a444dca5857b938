"""Files whose bytes are partly chance: each ends in a result or a reason."""

import pytest

from daemons import Daemon, home_in, until
from faults.corpus import FUZZED, fuzz

EACH = 20
LIMIT_S = 5


@pytest.fixture(scope="module")
def daemon(compiled, tmp_path_factory):
    """A daemon that has seen two hundred of them."""
    music, folder = tmp_path_factory.mktemp("fuzzed"), tmp_path_factory.mktemp("daemon")
    fuzz(music, EACH)
    home = home_in(folder, compiled, music)
    home.configure(MEMORY_LIMIT="700MB", TRACK_TIMEOUT_SECONDS=LIMIT_S)
    daemon = Daemon(home, folder)
    try:
        until(lambda: daemon.at_rest(len(FUZZED) * EACH), 120)
        yield daemon
    finally:
        daemon.stop()


@pytest.mark.fault(28)
@pytest.mark.timeout(180)
def test_a_file_of_random_bytes_is_heard_or_has_a_reason(daemon):
    silent = daemon.home.rows(
        "SELECT relpath FROM file LEFT JOIN job ON job.file_id = file.id "
        "WHERE audio_id IS NULL AND (reason IS NULL OR error = '')"
    )

    assert silent == []


@pytest.mark.fault(28)
def test_no_file_of_random_bytes_takes_time_or_memory_without_limit(daemon):
    exits = daemon.ask("/metrics")[1]

    for reason in ("deadline", "memory"):
        assert f'worker_exits_total{{reason="{reason}"}} 0.0' in exits


@pytest.mark.fault(28)
def test_files_of_random_bytes_are_enough_to_be_refused_as_well_as_heard(daemon):
    """Otherwise the two above would prove nothing."""
    ((heard, refused),) = daemon.home.rows(
        "SELECT count(audio_id), count(*) - count(audio_id) FROM file"
    )

    assert heard > EACH
    assert refused > EACH
