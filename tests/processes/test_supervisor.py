"""Real workers, and everything that can happen to them."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from playlista.errors import TryAgain, UnreadableAudio
from playlista.pool import starts
from playlista.pool.outcome import Crash, Exit
from playlista.pool.slot import State

LIMIT_S = 30.0


def run(pool, request, limit_s=LIMIT_S):
    pool.submit("track", request, limit_s)
    (outcome,) = pool.collect(20.0)
    return outcome


def wait_until(fact, within_s=5.0):
    until = time.monotonic() + within_s
    while not fact() and time.monotonic() < until:
        time.sleep(0.01)
    assert fact()


def is_alive(pid):
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


# --- results ------------------------------------------------------------------


def test_a_result_comes_back_under_its_key(make_pool):
    outcome = run(make_pool("echo"), ["sound", 1.5])

    assert (outcome.key, outcome.value) == ("track", ["sound", 1.5])
    assert outcome.error is outcome.crash is None


def test_a_result_of_many_megabytes_comes_back_whole(make_pool):
    assert run(make_pool("bytes_of"), 20_000_000).value == bytes(20_000_000)


def test_what_is_wrong_with_the_track_travels_as_it_is(make_pool):
    outcome = run(make_pool("decline"), b"/music/caf\xe9.mp3")

    assert isinstance(outcome.error, UnreadableAudio)
    assert outcome.error.path == b"/music/caf\xe9.mp3"
    assert not outcome.counted


def test_what_passes_with_time_travels_as_it_is(make_pool):
    outcome = run(make_pool("postpone"), "the disk")

    assert isinstance(outcome.error, TryAgain)
    assert outcome.error.wait_s == 5.0


def test_two_workers_work_at_the_same_time(make_pool, outcomes):
    pool = make_pool("nap", 2)
    began = time.monotonic()
    pool.submit("a", 1.0, LIMIT_S)
    pool.submit("b", 1.0, LIMIT_S)
    found = outcomes(pool, 2)

    assert found["a"].pid != found["b"].pid
    assert time.monotonic() - began < 1.9


def test_a_worker_is_used_again(make_pool):
    pool = make_pool("pid")

    assert run(pool, None).value == run(pool, None).value


def test_the_peak_of_a_task_is_its_own(make_pool):
    pool = make_pool("borrow")
    small, large, small_again = (run(pool, size).peak for size in (0, 80_000_000, 0))

    assert large - small > 70_000_000
    assert small_again < large - 70_000_000


# --- tasks that misbehave ------------------------------------------------------


def test_an_unexpected_exception_is_told_with_its_trace_and_counted(make_pool):
    outcome = run(make_pool("stumble"), "odd number of channels")

    assert outcome.crash is Crash.EXCEPTION
    assert outcome.detail == "ValueError: odd number of channels"
    assert "in stumble" in outcome.trace
    assert outcome.counted


def test_a_worker_survives_an_exception(make_pool):
    pool = make_pool("stumble")

    assert run(pool, "one").pid == run(pool, "two").pid


@pytest.mark.fault(33)
@pytest.mark.parametrize(
    ("deed", "request_", "crash"),
    [
        ("leave", 0, Crash.EXIT),
        ("leave", 3, Crash.EXIT),
        ("abort", None, Crash.SIGNAL),
        ("interrupt", None, Crash.EXCEPTION),
        ("unpicklable", None, Crash.EXCEPTION),
        ("bomb", None, Crash.EXCEPTION),
        ("hang_up", 60, Crash.EXIT),
    ],
)
def test_a_task_that_ends_badly_is_counted_and_the_pool_goes_on(make_pool, deed, request_, crash):
    pool = make_pool(deed)
    first, second = run(pool, request_), run(pool, request_)

    assert first.crash is second.crash is crash
    assert first.counted


def test_a_request_that_cannot_travel_is_reported(make_pool):
    pool = make_pool("echo")
    outcome = run(pool, lambda: None)

    assert outcome.crash is Crash.EXCEPTION
    assert "lambda" in outcome.detail
    assert run(pool, 1).value == 1


@pytest.mark.fault(35)
@pytest.mark.parametrize(
    "deed", ["nap", "hold_the_interpreter", "turn_deaf", "half_a_message", "signals_first"]
)
def test_a_task_that_hangs_is_gone_at_its_deadline(make_pool, deed):
    pool = make_pool(deed)
    outcome = run(pool, 60.0, limit_s=1.0)

    assert outcome.crash is Crash.DEADLINE
    assert outcome.counted
    assert outcome.seconds == pytest.approx(1.0, abs=0.5)
    wait_until(lambda: not is_alive(outcome.pid))


def test_half_a_message_does_not_hold_the_parent(make_pool):
    pool = make_pool("half_a_message")
    pool.submit("track", 60.0, LIMIT_S)
    wait_until(lambda: pool.collect(0.0) == [] and pool.running == 1)
    time.sleep(0.3)
    began = time.monotonic()

    assert pool.collect(0.1) == []
    assert time.monotonic() - began < 0.3


@pytest.mark.fault(35)
def test_polite_signals_do_not_end_a_worker(make_pool):
    assert run(make_pool("signals_first"), 0.1).value == "still here"


# --- time ----------------------------------------------------------------------


def test_a_deadline_begins_when_the_worker_is_ready(make_pool):
    outcome = run(make_pool("prepared", prepare="prepare_slowly"), None, limit_s=0.5)

    assert outcome.value == ["prepared"]
    assert outcome.seconds < 0.5


def test_work_finished_in_time_counts_however_late_it_is_collected(make_pool):
    pool = make_pool("nap")
    run(pool, 0.0)
    pool.submit("track", 0.1, 0.3)
    time.sleep(0.6)

    (outcome,) = pool.collect(5.0)
    assert outcome.value == 0.1


def test_collect_returns_at_its_timeout(make_pool):
    pool = make_pool("nap")
    pool.submit("track", 60.0, LIMIT_S)
    began = time.monotonic()

    assert pool.collect(0.3) == []
    assert time.monotonic() - began == pytest.approx(0.3, abs=0.2)


def test_collect_can_be_woken_from_another_thread(make_pool):
    pool = make_pool("nap")
    pool.submit("track", 60.0, LIMIT_S)
    alarm = threading.Timer(0.2, pool.wake)
    alarm.start()
    began = time.monotonic()

    assert pool.collect(20.0) == []
    assert time.monotonic() - began < 5.0
    alarm.join()


def test_waking_a_closed_pool_is_harmless(make_pool):
    pool = make_pool("echo")
    pool.close()

    pool.wake()


# --- deaths that are nobody's fault -----------------------------------------------


@pytest.mark.fault(34)
def test_a_killed_worker_gives_its_track_back_and_its_neighbour_works_on(make_pool, outcomes):
    pool = make_pool("nap", 2)
    pool.submit("a", 1.5, LIMIT_S)
    pool.submit("b", 1.5, LIMIT_S)
    wait_until(lambda: pool.collect(0.0) == [] and pool.running == 2)
    killed, _ = pool.rss()
    os.kill(killed, signal.SIGKILL)
    victim, neighbour = sorted(outcomes(pool, 2).values(), key=lambda o: o.pid != killed)

    assert victim.crash is Crash.FOREIGN_KILL
    assert not victim.counted
    assert neighbour.value == 1.5


def test_an_idle_worker_that_is_killed_is_replaced_without_ado(make_pool):
    pool = make_pool("pid")
    first = run(pool, None).value
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: pool.collect(0.0) == [] and not pool.rss())

    assert pool.exits == {Exit.FOREIGN_KILL: 1}
    assert pool.trouble is None
    assert run(pool, None).value != first


def test_a_request_outlives_any_number_of_workers_that_are_killed_as_they_start(
    make_pool, outcomes, monkeypatch, tmp_path
):
    monkeypatch.setattr(starts, "FIRST_WAIT_S", 0.01)
    told = tmp_path / "told"
    pool = make_pool("echo", prepare="prepare_when_told", env={"TOLD": str(told)})
    pool.submit("a", 1, LIMIT_S)
    for _ in range(2 * starts.TRIES):
        wait_until(lambda: pool.collect(0.0) == [] and pool.states[State.STARTING])
        (starting,) = pool.rss()
        os.kill(starting, signal.SIGKILL)
        wait_until(lambda gone=starting: pool.collect(0.0) == [] and gone not in pool.rss())
    told.touch()

    assert outcomes(pool, 1)["a"].value == 1
    assert pool.exits == {Exit.FOREIGN_KILL: 2 * starts.TRIES}


def test_whatever_is_killed_every_request_has_exactly_one_outcome(make_pool):
    pool = make_pool("nap", 3)
    rng = random.Random(5)
    seen, submitted, until = [], 0, time.monotonic() + 3.0
    while time.monotonic() < until:
        while pool.free:
            pool.submit(submitted, 0.05, LIMIT_S)
            submitted += 1
        seen += [outcome.key for outcome in pool.collect(0.2)]
        if len(seen) % 3 == 0 and pool.rss():
            os.kill(rng.choice([*pool.rss()]), signal.SIGKILL)
    seen += [outcome.key for outcome in pool.close(10.0)]

    assert sorted(seen) == list(range(submitted))
    assert pool.exits[Exit.FOREIGN_KILL] > 5


@pytest.mark.fault(34)
def test_a_worker_beyond_its_memory_limit_is_killed_uncounted(make_pool):
    pool = make_pool("hog", memory_limit=100_000_000)
    outcome = run(pool, 150_000_000)

    assert outcome.crash is Crash.MEMORY
    assert not outcome.counted
    assert outcome.seconds < 5.0


@pytest.mark.fault(34)
@pytest.mark.parametrize("deed", ["starve", "starve_speaking"])
def test_a_worker_that_gets_no_more_memory_is_replaced_and_its_track_not_charged(make_pool, deed):
    pool = make_pool(deed)
    first, second = run(pool, 150_000_000), run(pool, 150_000_000)

    assert first.crash is Crash.MEMORY
    assert "MemoryError" in first.detail
    assert not first.counted
    assert first.pid != second.pid


def test_the_largest_worker_can_be_killed(make_pool, outcomes):
    pool = make_pool("hog", 2)
    pool.submit("small", 1, LIMIT_S)
    pool.submit("large", 80_000_000, LIMIT_S)
    wait_until(lambda: pool.collect(0.0) == [] and max(pool.rss().values()) > 80_000_000)
    pool.kill_largest()

    assert outcomes(pool, 1)["large"].crash is Crash.MEMORY


def test_what_a_worker_started_dies_with_it(make_pool):
    pool = make_pool("have_a_child")
    grandchild = run(pool, None).value
    assert is_alive(grandchild)
    pool.close()

    wait_until(lambda: not is_alive(grandchild))


PARENT = """
import sys, time
from playlista.pool.slot import Terms
from playlista.pool.supervisor import Pool
pool = Pool(Terms(target="deeds:" + sys.argv[1], env={"PYTHONPATH": sys.argv[2]}))
pool.resize(1)
pool.submit("track", 60, 60)
while not pool.running:
    pool.collect(0.05)
print(*pool.rss(), flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("deed", ["nap", "hold_the_interpreter", "turn_deaf"])
def test_workers_die_with_a_killed_parent(deed):
    command = [sys.executable, "-c", PARENT, deed, str(Path(__file__).parent)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        worker = int(parent.stdout.readline())
        assert is_alive(worker)
        parent.kill()

    wait_until(lambda: not is_alive(worker), within_s=2.0)


# --- size ----------------------------------------------------------------------


def test_there_are_never_more_workers_than_the_target(make_pool, outcomes):
    pool = make_pool("pid", 2)
    for i in range(10):
        pool.submit(i, None, LIMIT_S)
    found = outcomes(pool, 10)

    assert len({outcome.value for outcome in found.values()}) <= 2


def test_a_pool_without_room_is_not_free(make_pool):
    pool = make_pool("nap", 2)
    assert pool.free == 2
    pool.submit("a", 60.0, LIMIT_S)
    assert pool.free == 1
    pool.submit("b", 60.0, LIMIT_S)
    assert pool.free == 0


def test_shedding_gives_the_newest_back_uncounted(make_pool, outcomes):
    pool = make_pool("nap", 2)
    pool.submit("old", 60.0, LIMIT_S)
    wait_until(lambda: pool.collect(0.0) == [] and pool.running == 1)
    pool.submit("new", 60.0, LIMIT_S)
    wait_until(lambda: pool.collect(0.0) == [] and pool.running == 2)
    pool.resize(1)
    pool.shed(1)
    found = outcomes(pool, 1)

    assert found["new"].crash is Crash.SHED
    assert not found["new"].counted
    assert pool.running == 1


def test_idle_workers_leave_first_when_the_pool_shrinks(make_pool):
    pool = make_pool("nap", 2)
    pool.submit("a", 0.0, LIMIT_S)
    pool.submit("b", 60.0, LIMIT_S)
    assert [o.key for o in pool.collect(20.0)] == ["a"]
    wait_until(lambda: pool.collect(0.0) == [] and pool.running == pool.idle == 1)
    pool.resize(1)

    assert (pool.running, pool.idle) == (1, 0)
    assert pool.exits == {Exit.RETIRED: 1}


def test_a_busy_worker_beyond_the_target_finishes_and_leaves(make_pool, outcomes):
    pool = make_pool("nap", 1)
    pool.submit("track", 0.5, LIMIT_S)
    wait_until(lambda: pool.collect(0.0) == [] and pool.running == 1)
    pool.resize(0)

    assert outcomes(pool, 1)["track"].value == 0.5
    wait_until(lambda: pool.collect(0.0) == [] and not pool.rss())


def test_what_has_no_worker_yet_comes_back_when_the_pool_shrinks_to_nothing(make_pool):
    pool = make_pool("nap", 1)
    pool.submit("track", 0.5, LIMIT_S)
    pool.resize(0)

    (outcome,) = pool.collect(0.0)
    assert (outcome.crash, outcome.pid) == (Crash.SHED, None)


def test_an_idle_worker_leaves_after_a_while(make_pool):
    pool = make_pool("echo", idle_limit_s=0.2)
    run(pool, 1)

    wait_until(lambda: pool.collect(0.0) == [] and not pool.rss())
    assert pool.exits == {Exit.RETIRED: 1}


def test_a_worker_is_recycled_after_its_share_of_tasks(make_pool):
    pool = make_pool("pid", tasks=2)
    first, second, third = (run(pool, None).value for _ in range(3))

    assert first == second != third
    assert pool.exits == {Exit.RECYCLED: 1}


def test_a_worker_that_has_grown_is_recycled(make_pool):
    pool = make_pool("hoard", growth=50_000_000)
    first, second = run(pool, 60_000_000).value, run(pool, 1).value

    assert first != second
    assert pool.exits == {Exit.RECYCLED: 1}


def test_what_is_still_to_come_is_reserved(make_pool):
    pool = make_pool("nap")
    pool.submit("track", 60.0, LIMIT_S, need=500_000_000)
    assert pool.reserved() == 500_000_000
    wait_until(lambda: pool.collect(0.0) == [] and pool.running == 1)

    assert 400_000_000 < pool.reserved() < 500_000_000


# --- starts that fail -------------------------------------------------------------


@pytest.mark.parametrize(
    ("deed", "prepare", "why"),
    [
        ("nowhere:run", None, "No module named 'nowhere'"),
        ("deeds:no_such_deed", None, "no attribute 'no_such_deed'"),
        ("echo", "prepare_badly", "No space left on device"),
    ],
)
def test_a_target_that_cannot_be_had_is_told_after_a_few_tries(make_pool, deed, prepare, why):
    pool = make_pool(deed, prepare=prepare)
    outcome = run(pool, None)

    assert outcome.crash is Crash.WORKER_START
    assert not outcome.counted
    assert why in outcome.detail
    assert why in pool.trouble


def test_failing_starts_back_off(make_pool):
    pool = make_pool("nowhere:run", 3)
    until = time.monotonic() + 4.0
    while time.monotonic() < until:
        if pool.free:
            pool.submit(time.monotonic(), None, LIMIT_S)
        pool.collect(0.1)

    assert 3 <= pool.exits[Exit.WORKER_START] <= 6


def test_a_worker_that_is_never_ready_is_given_up(make_pool):
    pool = make_pool("echo", prepare="prepare_for_ever", start_limit_s=0.3)
    outcome = run(pool, None)

    assert outcome.crash is Crash.WORKER_START
    assert "not READY after 0.3 s" in outcome.detail


def test_what_waits_for_a_worker_gets_one_that_works_when_no_more_can_be_started(
    make_pool, outcomes, tmp_path
):
    env = {"FIRST_WORKER": str(tmp_path / "first")}
    pool = make_pool("nap", 2, prepare="prepare_once", env=env)
    pool.submit("first", 2.5, LIMIT_S)
    wait_until(lambda: pool.collect(0.0) == [] and pool.running == 1)
    pool.submit("second", 0.0, LIMIT_S)
    found = outcomes(pool, 2)

    assert found["second"].pid == found["first"].pid
    assert pool.exits[Exit.WORKER_START] == 3
    assert "FileExistsError" in pool.trouble


# --- the end -------------------------------------------------------------------


def test_closing_waits_for_what_finishes_within_the_grace(make_pool):
    pool = make_pool("nap", 2)
    pool.submit("short", 0.5, LIMIT_S)
    pool.submit("long", 60.0, LIMIT_S)
    wait_until(lambda: pool.collect(0.0) == [] and pool.running == 2)
    pids = [*pool.rss()]
    began = time.monotonic()
    found = {outcome.key: outcome for outcome in pool.close(1.5)}

    assert time.monotonic() - began < 2.5
    assert found["short"].value == 0.5
    assert found["long"].crash is Crash.SHUTDOWN
    assert not found["long"].counted
    assert not any(is_alive(pid) for pid in pids)


def test_closing_gives_back_what_has_not_begun(make_pool):
    pool = make_pool("nap")
    pool.submit("track", 60.0, LIMIT_S)

    (outcome,) = pool.close()
    assert outcome.crash is Crash.SHUTDOWN


def test_closing_twice_is_closing_once(make_pool):
    pool = make_pool("echo")
    run(pool, 1)
    pool.close()

    assert pool.close() == []
    assert pool.states[State.IDLE] == 0
