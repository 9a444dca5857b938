import sqlite3

import pytest

from playlista import errors
from playlista.errors import (
    ChangedMeanwhile,
    FileUnavailable,
    IncompleteTrack,
    NotAudio,
    StoreBusy,
    UnreadableAudio,
)
from playlista.pipeline.save import TRACK_REASONS, Save
from playlista.pool.outcome import Crash, Outcome
from playlista.records import Tier
from playlista.store.backlog import failures
from shelf import analysis


@pytest.fixture
def save(shelf, metrics):
    return Save(shelf.backlog, metrics)


@pytest.fixture
def leased(shelf):
    """Return a function that lets a file land and leases it."""
    numbers = iter(range(1, 100))

    def one():
        number = next(numbers)
        shelf.land(b"%d.flac" % number, number)
        return shelf.leased()

    return one


def result(job, **changes):
    return Outcome(job, 1, 2.5, value=analysis(f"sound {job.file_id}", **changes))


def refused(job, error=UnreadableAudio):
    return Outcome(job, 1, 2.5, error=error(job.path, "no decoder makes sound of it"))


def crashed(job, crash, detail="in words"):
    return Outcome(job, 1, 2.5, crash=crash, detail=detail)


def told(shelf):
    with shelf.database.reading() as read:
        return [(f.state, f.reason, f.error) for f in failures(read)]


def another_writer(shelf):
    """Hold the write lock, as `playlista failures --retry` does for a moment."""
    other = sqlite3.connect(shelf.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    return other


# --- what becomes of the track ------------------------------------------------


def test_results_are_kept_and_leave_the_backlog(save, shelf, leased):
    outcomes = [result(leased()), result(leased())]

    assert len(save(outcomes)) == 2
    assert shelf.states() == {}
    assert len(shelf.tracks.library()) == 2
    assert outcomes == []


def test_a_quick_result_is_kept_and_the_track_queued_for_more(save, shelf, leased):
    kept = save([result(leased(), tier=Tier.QUICK)])

    (job,) = shelf.backlog.ready(10)
    assert (len(kept), job.upgrade) == (1, True)


def test_a_result_of_a_file_that_changed_is_not_kept(save, shelf, leased):
    job = leased()
    shelf.land(job.path.removeprefix(b"/music/"), 50)

    assert save([result(job)]) == []
    assert shelf.states() == {"ready": 1}


@pytest.mark.parametrize(
    ("error", "state", "reason"),
    [
        (UnreadableAudio, "failed", "unreadable"),
        (NotAudio, "failed", "not_audio"),
        (IncompleteTrack, "incomplete", "incomplete"),
        (ChangedMeanwhile, "waiting", "changed"),
    ],
)
def test_a_verdict_on_the_file_sets_it_aside_with_the_reason(
    save, shelf, leased, error, state, reason
):
    assert save([refused(leased(), error)]) == []
    assert told(shelf) == [(state, reason, "no decoder makes sound of it")]


def test_a_disk_that_does_not_answer_lets_the_track_wait(save, shelf, leased):
    save([Outcome(leased(), 1, 2.5, error=FileUnavailable("stale mount", 60.0))])

    assert told(shelf) == [("waiting", "unavailable", "stale mount (again in 60 s)")]


@pytest.mark.parametrize("crash", [Crash.DEADLINE, Crash.SIGNAL, Crash.EXIT, Crash.EXCEPTION])
def test_what_may_be_its_own_fault_is_a_strike_and_the_third_is_the_last(
    save, shelf, leased, crash
):
    save([crashed(leased(), crash)])
    (job,) = shelf.backlog.ready(10)
    assert (job.strikes, job.alone) == (1, True)

    for _ in range(2):
        save([crashed(shelf.leased(), crash)])

    assert told(shelf) == [("failed", "poison", f"{crash}: in words")]


@pytest.mark.parametrize("crash", [Crash.FOREIGN_KILL, Crash.MEMORY])
def test_a_kill_from_outside_is_no_strike_but_the_track_runs_alone(save, shelf, leased, crash):
    save([crashed(leased(), crash)])

    (job,) = shelf.backlog.ready(10)
    assert (job.strikes, job.alone) == (0, True)


@pytest.mark.parametrize("crash", [Crash.SHED, Crash.SHUTDOWN, Crash.WORKER_START])
def test_a_track_given_back_is_as_if_it_had_never_been_leased(save, shelf, leased, crash, counted):
    save([crashed(leased(), crash)])

    (job,) = shelf.backlog.ready(10)
    assert (job.strikes, job.alone) == (0, False)
    assert counted("analyses_total", tier="full", outcome="retried") == 0


# --- what is counted ----------------------------------------------------------


def test_a_result_is_counted_with_its_stages(save, leased, counted):
    save([result(leased(), tier=Tier.QUICK, seconds={"decode": 0.5, "key": 0.25})])

    assert counted("analyses_total", tier="quick", outcome="ok") == 1
    assert counted("analysis_seconds_sum", tier="quick") == 2.5
    assert counted("stage_seconds_sum", stage="decode") == 0.5
    assert counted("stage_seconds_count", stage="rhythm") == 0


@pytest.mark.parametrize(
    ("error", "outcome", "reason"),
    [
        (UnreadableAudio, "failed", "unreadable"),
        (IncompleteTrack, "retried", "incomplete"),
        (ChangedMeanwhile, "discarded", "changed"),
    ],
)
def test_a_verdict_is_counted_by_outcome_and_reason(save, leased, counted, error, outcome, reason):
    save([refused(leased(), error)])

    assert counted("analyses_total", tier="full", outcome=outcome) == 1
    assert counted("track_failures_total", reason=reason) == 1


def test_only_the_last_strike_is_a_failure(save, shelf, leased, counted):
    save([crashed(leased(), Crash.SIGNAL)])
    save([crashed(shelf.leased(), Crash.SIGNAL)])
    assert counted("analyses_total", tier="full", outcome="failed") == 0

    save([crashed(shelf.leased(), Crash.SIGNAL)])

    assert counted("analyses_total", tier="full", outcome="failed") == 1
    assert counted("analyses_total", tier="full", outcome="retried") == 2
    assert counted("track_failures_total", reason="poison") == 3


def test_every_reason_that_a_file_can_have_is_in_the_closed_set():
    kinds = [k for k in vars(errors).values() if isinstance(k, type)]
    reasons = {k.reason for k in kinds if issubclass(k, errors.TrackError)} - {"track"}

    assert reasons <= set(TRACK_REASONS)


# --- when the database refuses ------------------------------------------------


def test_a_busy_database_leaves_everything_for_later(save, shelf, leased, counted):
    outcomes = [refused(leased()), result(leased())]
    shelf.database._connection.execute("PRAGMA busy_timeout = 0")
    other = another_writer(shelf)

    with pytest.raises(StoreBusy):
        save(outcomes)
    other.close()

    assert len(outcomes) == 2
    assert counted("track_failures_total", reason="unreadable") == 0
    assert len(save(outcomes)) == 1
    assert shelf.states() == {"failed": 1}
    assert counted("track_failures_total", reason="unreadable") == 1


def test_a_refusal_in_the_middle_does_not_lose_which_were_kept(
    save, shelf, leased, monkeypatch, counted
):
    outcomes = [result(leased()), refused(leased()), refused(leased(), IncompleteTrack)]
    shelf.database._connection.execute("PRAGMA busy_timeout = 0")
    fail = shelf.backlog.fail
    monkeypatch.setattr(
        shelf.backlog, "fail", lambda *a: (fail(*a), others.append(another_writer(shelf)))
    )
    others: list[sqlite3.Connection] = []

    with pytest.raises(StoreBusy):
        save(outcomes)
    others[0].close()
    assert len(outcomes) == 2

    assert len(save(outcomes)) == 1
    assert shelf.states() == {"failed": 1, "incomplete": 1}
    assert counted("track_failures_total", reason="unreadable") == 1
    assert counted("analyses_total", tier="full", outcome="ok") == 1
