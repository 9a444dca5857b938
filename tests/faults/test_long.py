"""Ten hours in one file."""

import pytest

import sounds
from daemons import until

HOURS = 10
RATE = 8_000
LIMIT = "700MB"


@pytest.mark.heavy
@pytest.mark.fault(21)
@pytest.mark.timeout(600)
def test_ten_hours_are_heard_in_bounded_memory_beyond_the_time_of_a_short_track(
    make_home, mine, start
):
    sounds.write(mine / "long.flac", sounds.drone(HOURS, RATE), rate=RATE)
    home = make_home(mine)
    home.configure(MEMORY_LIMIT=LIMIT, TRACK_TIMEOUT_SECONDS=1)

    daemon = start(home)

    until(lambda: daemon.at_rest(1), 500)
    assert home.facts("failures") == []
    assert home.rows("SELECT round(duration_s / 3600, 3) FROM audio") == [(HOURS,)]
    assert daemon.listening_s > 1
