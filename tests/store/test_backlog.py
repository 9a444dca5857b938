import pytest

from playlista.records import Analysis, Returned, Tier, Vanished
from playlista.stages import Stage, Wanted, stages
from playlista.store.backlog import BACK_OFF_S, failures, oldest, retry_failed
from playlista.store.explain import explain
from shelf import Shelf, analysis, signature


def stored(shelf: Shelf, audio_id: str) -> tuple[str, int, str]:
    with shelf.database.reading() as read:
        row = read.execute(
            "SELECT tier, features_version, features FROM audio WHERE hash = ?", (audio_id,)
        ).fetchone()
        return tuple(row)


def test_a_new_file_is_ready(shelf: Shelf) -> None:
    known = shelf.land(b"a.flac", 1)

    (job,) = shelf.backlog.ready(10)

    assert (job.file_id, job.path, job.signature, job.tier) == (
        known.file_id,
        b"/music/a.flac",
        signature(1),
        Tier.FULL,
    )


def test_offering_a_track_does_not_lease_it(shelf: Shelf) -> None:
    shelf.land()

    shelf.backlog.ready(10)

    assert shelf.states() == {"ready": 1}


def test_a_leased_track_is_not_offered(shelf: Shelf) -> None:
    shelf.land()

    shelf.leased()

    assert shelf.backlog.ready(10) == []


def test_a_track_is_leased_once(shelf: Shelf) -> None:
    shelf.land()
    job = shelf.leased()

    assert not shelf.backlog.lease(job)


def test_a_track_that_changed_since_it_was_offered_is_not_leased(shelf: Shelf) -> None:
    shelf.land(b"a.flac", 1)
    (job,) = shelf.backlog.ready(1)
    shelf.land(b"a.flac", 2)

    assert not shelf.backlog.lease(job)


def test_a_result_ends_the_job(shelf: Shelf) -> None:
    shelf.land()

    kept = len(shelf.backlog.save([(shelf.leased(), analysis())]))

    assert kept == 1
    assert shelf.states() == {}


def test_results_are_committed_together(shelf: Shelf) -> None:
    shelf.land(b"a.flac", 1)
    shelf.land(b"b.flac", 2)
    jobs = [shelf.leased(), shelf.leased()]
    impossible = analysis("b", duration_s=None)

    with pytest.raises(Exception, match="NOT NULL"):
        shelf.backlog.save([(jobs[0], analysis("a")), (jobs[1], impossible)])

    assert shelf.states() == {"leased": 2}
    assert shelf.tracks.library() == []


def test_a_result_of_older_content_is_discarded_and_the_file_stays_queued(shelf: Shelf) -> None:
    shelf.land(b"a.flac", 1)
    job = shelf.leased()
    shelf.land(b"a.flac", 2)

    kept = len(shelf.backlog.save([(job, analysis())]))

    assert kept == 0
    assert shelf.states() == {"ready": 1}
    assert shelf.tracks.library() == []


def test_a_late_result_of_older_content_leaves_the_newer_lease_alone(shelf: Shelf) -> None:
    shelf.land(b"a.flac", 1)
    old = shelf.leased()
    shelf.land(b"a.flac", 2)
    shelf.leased()

    shelf.backlog.save([(old, analysis())])

    assert shelf.states() == {"leased": 1}


def test_the_result_of_a_vanished_file_is_dropped(shelf: Shelf) -> None:
    known = shelf.land()
    job = shelf.leased()
    shelf.tracks.apply([Vanished(known.file_id)])

    assert shelf.backlog.save([(job, analysis())]) == []
    assert shelf.states() == {}


def test_a_lesser_result_is_kept_and_the_track_queued_for_more(shelf: Shelf) -> None:
    shelf.land()

    kept = len(shelf.backlog.save([(shelf.leased(), analysis(tier=Tier.QUICK))]))

    (job,) = shelf.backlog.ready(1)
    assert kept == 1
    assert job.upgrade
    assert len(shelf.tracks.library()) == 1


def test_upgrades_come_after_what_was_never_heard(shelf: Shelf) -> None:
    shelf.land(b"a.flac", 1)
    shelf.backlog.save([(shelf.leased(), analysis(tier=Tier.QUICK))])
    shelf.land(b"b.flac", 2)

    assert [job.path for job in shelf.backlog.ready(9)] == [b"/music/b.flac", b"/music/a.flac"]


def test_a_quick_result_never_overwrites_a_full_one(shelf: Shelf) -> None:
    shelf.landed_and_heard(b"a.flac", 1, analysis("same", Tier.FULL, bpm=100.0))

    shelf.landed_and_heard(b"b.flac", 2, analysis("same", Tier.QUICK, bpm=200.0))

    assert stored(shelf, "same")[0] == "full"
    assert "100.0" in stored(shelf, "same")[2]


def test_a_full_result_never_overwrites_a_deep_one(shelf: Shelf) -> None:
    shelf.landed_and_heard(b"a.flac", 1, analysis("same", Tier.DEEP))

    shelf.landed_and_heard(b"b.flac", 2, analysis("same", Tier.FULL))

    assert stored(shelf, "same")[0] == "deep"


def test_a_full_result_overwrites_a_quick_one(shelf: Shelf) -> None:
    shelf.landed_and_heard(b"a.flac", 1, analysis("same", Tier.QUICK))

    shelf.landed_and_heard(b"b.flac", 2, analysis("same", Tier.FULL))

    assert stored(shelf, "same")[0] == "full"


def test_a_newer_stage_overwrites_an_older_one(shelf: Shelf) -> None:
    shelf.landed_and_heard(b"a.flac", 1, analysis("same", bpm=100.0))

    newer = analysis("same", Tier.QUICK, bpm=200.0, done={"rhythm": 99})
    shelf.landed_and_heard(b"b.flac", 2, newer)

    assert "200.0" in stored(shelf, "same")[2]


def test_a_stage_leaves_the_fields_of_others_alone(shelf: Shelf) -> None:
    shelf.landed_and_heard(b"a.flac", 1, analysis("same", bpm=100.0))

    newer = analysis("same", Tier.QUICK, bpm=200.0, done={"timbre": 99})
    shelf.landed_and_heard(b"b.flac", 2, newer)

    assert "100.0" in stored(shelf, "same")[2]


def embedded(audio_id: str = "sound", model: str = "msd", *, every: bool = False) -> Analysis:
    """What a model would have added to what is known."""
    done = {Stage.EMBEDDING: 1} | ({Stage.EVERY_PATCH: 1} if every else {})
    heard = (1.0 if every else 0.5,) * 200
    return analysis(
        audio_id, done=done, model=model, embedding=heard, tags={"rock": 0.5}, engine="onnx"
    )


def embedding(shelf: Shelf, relpath: bytes = b"a.flac") -> tuple[str | None, float | None]:
    """Return whose embedding a track has, and its first number."""
    with shelf.database.reading() as read:
        facts = explain(read, b"/music/" + relpath)
    return facts["model"], facts["embedding"] and facts["embedding"][0]


def test_what_a_model_says_is_added_to_what_is_known(shelf: Shelf) -> None:
    shelf.landed_and_heard(b"a.flac", 1, analysis(bpm=100.0))
    shelf.backlog.want(Wanted(Tier.FULL, "msd"))

    shelf.hear(shelf.backlog.ready(1)[0], embedded())

    with shelf.database.reading() as read:
        facts = explain(read, b"/music/a.flac")
    assert (facts["bpm"], facts["tags"], facts["engine"]) == (100.0, {"rock": 0.5}, "test+onnx")
    assert shelf.states() == {}


def test_a_model_that_appears_is_let_hear_what_was_heard_without(shelf: Shelf) -> None:
    shelf.landed_and_heard(b"a.flac", 1, analysis())

    shelf.backlog.want(Wanted(Tier.FULL, "msd"))

    (job,) = shelf.backlog.ready(9)
    assert stages(Tier.FULL, model=True) - job.have == {Stage.EMBEDDING}


def test_a_model_that_goes_leaves_what_it_said(shelf: Shelf) -> None:
    shelf.landed_and_heard(b"a.flac", 1, analysis())
    shelf.backlog.want(Wanted(Tier.FULL, "msd"))
    shelf.hear(shelf.backlog.ready(1)[0], embedded())

    shelf.backlog.want(Wanted(Tier.FULL))

    assert shelf.states() == {}
    assert embedding(shelf) == ("msd", 0.5)


def test_another_model_is_heard_anew(shelf: Shelf) -> None:
    shelf.landed_and_heard(b"a.flac", 1, analysis())
    shelf.backlog.want(Wanted(Tier.FULL, "msd"))
    shelf.hear(shelf.backlog.ready(1)[0], embedded(every=True))

    shelf.backlog.want(Wanted(Tier.FULL, "mtt"))
    shelf.hear(shelf.backlog.ready(1)[0], embedded(model="mtt"))

    assert embedding(shelf) == ("mtt", 0.5)
    assert shelf.states() == {}


def test_the_embedding_of_every_patch_is_not_overwritten_by_one_of_few(shelf: Shelf) -> None:
    shelf.landed_and_heard(b"a.flac", 1, analysis())
    shelf.backlog.want(Wanted(Tier.DEEP, "msd"))
    shelf.hear(shelf.backlog.ready(1)[0], embedded(every=True))

    shelf.landed_and_heard(b"b.flac", 2, embedded())

    assert embedding(shelf) == ("msd", 1.0)
    assert stored(shelf, "sound")[0] == "deep"


def test_the_deep_tier_waits_until_nothing_else_does(shelf: Shelf) -> None:
    shelf.landed_and_heard(b"a.flac", 1, analysis("a"))
    shelf.backlog.want(Wanted(Tier.DEEP, "msd"))
    shelf.hear(shelf.backlog.ready(1)[0], embedded("a"))
    shelf.landed_and_heard(b"b.flac", 2, analysis("b", Tier.QUICK))
    shelf.land(b"c.flac", 3)

    assert [job.path[-6:] for job in shelf.backlog.ready(9)] == [b"c.flac", b"b.flac", b"a.flac"]


def test_a_quick_look_at_a_copy_of_a_known_recording_is_enough(shelf: Shelf) -> None:
    shelf.landed_and_heard(b"a.flac", 1, analysis("same", Tier.FULL))

    shelf.landed_and_heard(b"b.flac", 2, analysis("same", Tier.QUICK))

    assert shelf.states() == {}


def test_a_lease_given_back_is_ready_with_nothing_against_it(shelf: Shelf) -> None:
    shelf.land()

    shelf.backlog.give_back(shelf.leased())

    (job,) = shelf.backlog.ready(1)
    assert (job.strikes, job.alone) == (0, False)


def test_a_lease_given_back_to_run_alone_comes_last(shelf: Shelf) -> None:
    shelf.land(b"a.flac", 1)
    shelf.land(b"b.flac", 2)

    shelf.backlog.give_back(shelf.leased(), alone=True)

    assert [(job.path, job.alone) for job in shelf.backlog.ready(9)] == [
        (b"/music/b.flac", False),
        (b"/music/a.flac", True),
    ]


def test_the_third_strike_is_one_too_many(shelf: Shelf) -> None:
    shelf.land()

    verdicts = [shelf.backlog.strike(shelf.leased(), "crashed") for _ in range(3)]

    assert verdicts == [False, False, True]
    assert shelf.states() == {"failed": 1}


def test_a_struck_track_runs_last_and_alone(shelf: Shelf) -> None:
    shelf.land(b"a.flac", 1)
    shelf.land(b"b.flac", 2)

    shelf.backlog.strike(shelf.leased(), "crashed")

    assert [(job.strikes, job.alone) for job in shelf.backlog.ready(9)] == [(0, False), (1, True)]


def test_strikes_are_counted_over_restarts(shelf: Shelf) -> None:
    shelf.land()
    shelf.backlog.strike(shelf.leased(), "crashed")
    shelf.backlog.strike(shelf.leased(), "crashed")

    shelf.restart()

    assert shelf.backlog.strike(shelf.leased(), "crashed")


def test_a_strike_reported_twice_counts_once(shelf: Shelf) -> None:
    shelf.land()
    job = shelf.leased()

    shelf.backlog.strike(job, "crashed")
    shelf.backlog.strike(job, "crashed")

    assert [job.strikes for job in shelf.backlog.ready(1)] == [1]


def test_a_strike_for_older_content_is_not_held_against_the_new(shelf: Shelf) -> None:
    shelf.land(b"a.flac", 1)
    old = shelf.leased()
    shelf.land(b"a.flac", 2)
    new = shelf.leased()

    shelf.backlog.strike(old, "crashed")
    shelf.backlog.give_back(new)

    assert [job.strikes for job in shelf.backlog.ready(1)] == [0]


def test_new_content_forgets_everything_held_against_the_old(shelf: Shelf) -> None:
    shelf.land(b"a.flac", 1)
    for _ in range(3):
        shelf.backlog.strike(shelf.leased(), "crashed")

    shelf.land(b"a.flac", 2)

    (job,) = shelf.backlog.ready(1)
    assert (job.strikes, job.alone, job.upgrade) == (0, False, False)
    with shelf.database.reading() as read:
        assert list(failures(read)) == []


def test_killed_twice_a_track_is_ready_last_and_alone(shelf: Shelf) -> None:
    shelf.land()

    shelf.backlog.killed(shelf.leased(), "SIGKILL")
    shelf.backlog.killed(shelf.leased(), "SIGKILL")

    (job,) = shelf.backlog.ready(1)
    assert (job.alone, job.strikes) == (True, 0)


def test_killed_three_times_a_track_waits(shelf: Shelf) -> None:
    shelf.land()

    for _ in range(3):
        shelf.backlog.killed(shelf.leased(), "SIGKILL")

    assert shelf.states() == {"waiting": 1}


def test_being_killed_never_fails_a_track(shelf: Shelf) -> None:
    shelf.land()

    for _ in range(12):
        shelf.clock.sleep(BACK_OFF_S[-1])
        shelf.backlog.killed(shelf.leased(), "SIGKILL")

    assert shelf.states() == {"waiting": 1}


def test_each_further_kill_lengthens_the_wait(shelf: Shelf) -> None:
    shelf.land()
    for _ in range(3):
        shelf.backlog.killed(shelf.leased(), "SIGKILL")
    shelf.clock.sleep(BACK_OFF_S[0])
    shelf.backlog.killed(shelf.leased(), "SIGKILL")

    shelf.clock.sleep(BACK_OFF_S[0])
    assert shelf.backlog.ready(1) == []
    shelf.clock.sleep(BACK_OFF_S[1])
    assert len(shelf.backlog.ready(1)) == 1


@pytest.mark.parametrize("ending", ["strike", "postpone"])
def test_another_ending_breaks_a_row_of_kills(shelf: Shelf, ending: str) -> None:
    shelf.land()
    shelf.backlog.killed(shelf.leased(), "SIGKILL")
    shelf.backlog.killed(shelf.leased(), "SIGKILL")
    if ending == "strike":
        shelf.backlog.strike(shelf.leased(), "crashed")
    else:
        shelf.backlog.postpone(shelf.leased(), "waiting", "unavailable", "I/O error")
        shelf.clock.sleep(BACK_OFF_S[0])

    shelf.backlog.killed(shelf.leased(), "SIGKILL")

    assert shelf.states() == {"ready": 1}


@pytest.mark.parametrize("state", ["waiting", "incomplete"])
def test_a_postponed_track_is_back_when_its_wait_is_over(shelf: Shelf, state: str) -> None:
    shelf.land()
    shelf.backlog.postpone(shelf.leased(), state, "unavailable", "I/O error")

    shelf.clock.sleep(BACK_OFF_S[0] - 1)
    assert shelf.backlog.ready(1) == []
    shelf.clock.sleep(1)
    assert len(shelf.backlog.ready(1)) == 1


def test_each_postponement_is_longer_up_to_a_day(shelf: Shelf) -> None:
    shelf.land()

    for wait_s in [*BACK_OFF_S, BACK_OFF_S[-1]]:
        shelf.backlog.postpone(shelf.leased(), "incomplete", "incomplete", "cut off")

        shelf.clock.sleep(wait_s - 1)
        assert shelf.backlog.ready(1) == []
        shelf.clock.sleep(1)


def test_leases_given_back_do_not_lengthen_the_wait(shelf: Shelf) -> None:
    shelf.land()
    for _ in range(9):
        shelf.backlog.give_back(shelf.leased())

    shelf.backlog.postpone(shelf.leased(), "waiting", "unavailable", "I/O error")

    shelf.clock.sleep(BACK_OFF_S[0])
    assert len(shelf.backlog.ready(1)) == 1


def test_a_changed_file_does_not_wait_for_the_old_one(shelf: Shelf) -> None:
    shelf.land(b"a.flac", 1)
    shelf.backlog.postpone(shelf.leased(), "incomplete", "incomplete", "cut off")

    shelf.land(b"a.flac", 2)

    assert len(shelf.backlog.ready(1)) == 1


def test_an_old_timer_does_not_wake_a_failed_track(shelf: Shelf) -> None:
    shelf.land(b"a.flac", 1)
    shelf.backlog.postpone(shelf.leased(), "incomplete", "incomplete", "cut off")
    shelf.land(b"a.flac", 2)
    shelf.backlog.fail(shelf.leased(), "unreadable", "noise")

    shelf.clock.sleep(BACK_OFF_S[0])

    assert shelf.backlog.ready(1) == []


def test_a_track_may_fail_without_having_been_leased(shelf: Shelf) -> None:
    shelf.land()
    (job,) = shelf.backlog.ready(1)

    shelf.backlog.fail(job, "too_large", "9 GB")

    assert shelf.states() == {"failed": 1}


def test_what_was_heard_of_the_old_bytes_does_not_outlive_the_failure_of_the_new(
    shelf: Shelf,
) -> None:
    shelf.landed_and_heard(b"a.flac", 1, analysis())
    shelf.land(b"a.flac", 2)

    shelf.backlog.fail(shelf.leased(), "unreadable", "noise")

    assert shelf.tracks.library() == []


def test_a_failed_upgrade_keeps_the_lesser_result(shelf: Shelf) -> None:
    shelf.landed_and_heard(b"a.flac", 1, analysis(tier=Tier.QUICK))

    shelf.backlog.fail(shelf.leased(), "unreadable", "noise")

    assert len(shelf.tracks.library()) == 1


def test_a_reason_may_hold_the_name_of_a_file_that_is_not_utf8(shelf: Shelf) -> None:
    shelf.land()

    shelf.backlog.fail(shelf.leased(), "unreadable", "cannot read caf\udce9.mp3")

    with shelf.database.reading() as read:
        assert [failure.error for failure in failures(read)] == ["cannot read caf\\udce9.mp3"]


def test_every_track_set_aside_is_told_with_its_reason(shelf: Shelf) -> None:
    shelf.land(b"a\xff.flac", 1)
    shelf.land(b"b.flac", 2)
    shelf.land(b"c.flac", 3)
    shelf.backlog.fail(shelf.leased(), "unreadable", "noise")
    shelf.backlog.postpone(shelf.leased(), "waiting", "unavailable", "I/O error")

    with shelf.database.reading() as read:
        told = [(f.path, f.state, f.reason, f.error) for f in failures(read)]

    assert told == [
        (b"/music/a\xff.flac", "failed", "unreadable", "noise"),
        (b"/music/b.flac", "waiting", "unavailable", "I/O error"),
    ]


def test_retrying_gives_all_that_was_set_aside_a_clean_record(shelf: Shelf) -> None:
    shelf.land(b"a.flac", 1)
    shelf.land(b"b.flac", 2)
    shelf.land(b"c.flac", 3)
    shelf.backlog.postpone(shelf.leased(), "waiting", "unavailable", "I/O error")
    shelf.backlog.postpone(shelf.leased(), "incomplete", "incomplete", "cut off")
    for _ in range(3):
        shelf.backlog.strike(shelf.leased(), "crashed")

    with shelf.database.transaction() as write:
        again = retry_failed(write)

    assert again == 3
    assert [(job.strikes, job.alone) for job in shelf.backlog.ready(9)] == [(0, False)] * 3


def test_the_oldest_is_when_the_first_was_queued(shelf: Shelf) -> None:
    with shelf.database.reading() as read:
        assert oldest(read) is None
    shelf.land()

    with shelf.database.reading() as read:
        assert isinstance(oldest(read), int)


def test_the_tracks_of_an_offline_root_are_not_offered(shelf: Shelf) -> None:
    shelf.land()

    shelf.tracks.mark_root(shelf.root.root_id, "offline", None, "unplugged")

    assert shelf.backlog.ready(1) == []
    assert shelf.states() == {"ready": 1}


def test_what_is_there_of_a_root_that_lost_too_much_is_offered(shelf: Shelf) -> None:
    lost, there = shelf.land(b"a.flac", 1), shelf.land(b"b.flac", 2)

    shelf.tracks.lose([lost])
    shelf.tracks.mark_root(shelf.root.root_id, "offline", None, "half is gone", held=True)

    assert [job.file_id for job in shelf.backlog.ready(9)] == [there.file_id]
    assert (shelf.backlog.ready_count(), shelf.backlog.open_count()) == (1, 1)
    shelf.tracks.find_all(shelf.root.root_id)
    assert shelf.backlog.ready_count() == 2


# --- restarts ---------------------------------------------------------------------


def test_the_lease_of_a_dead_boot_comes_back(shelf: Shelf) -> None:
    shelf.land()
    shelf.leased()

    shelf.restart()

    assert len(shelf.backlog.ready(1)) == 1


def test_the_lease_of_a_dead_boot_can_settle_nothing(shelf: Shelf) -> None:
    shelf.land()
    job = shelf.leased()
    dead = shelf.backlog
    shelf.restart()
    dead._database = shelf.database
    shelf.leased()

    dead.strike(job, "crashed")
    dead.give_back(job)

    assert shelf.states() == {"leased": 1}


@pytest.mark.fault(31)
def test_the_end_of_the_daemon_charges_no_track_that_ran_in_company(shelf: Shelf) -> None:
    for number in range(4):
        shelf.land(b"%d.flac" % number, number)
    for job in shelf.backlog.ready(4):
        assert shelf.backlog.lease(job)

    shelf.restart()

    assert [job.alone for job in shelf.backlog.ready(4)] == [True] * 4
    with shelf.database.reading() as read:
        assert read.execute("SELECT sum(kills) FROM job").fetchone()[0] == 0


@pytest.mark.fault(36)
def test_a_track_that_kills_the_daemon_three_times_alone_waits(shelf: Shelf) -> None:
    shelf.land()
    for _ in range(1 + 3):
        shelf.leased()
        shelf.restart()

    assert shelf.states() == {"waiting": 1}
    shelf.clock.sleep(BACK_OFF_S[0])
    assert [job.strikes for job in shelf.backlog.ready(1)] == [0]


def test_a_track_that_keeps_killing_the_daemon_waits_over_its_restart(shelf: Shelf) -> None:
    shelf.land()
    for _ in range(1 + 3):
        shelf.leased()
        shelf.restart()

    shelf.restart()

    assert shelf.backlog.ready(1) == []


@pytest.mark.parametrize("state", ["waiting", "incomplete"])
def test_a_restart_ends_the_wait_of_a_postponed_track(shelf: Shelf, state: str) -> None:
    shelf.land()
    shelf.backlog.postpone(shelf.leased(), state, "unavailable", "I/O error")

    shelf.restart()

    assert len(shelf.backlog.ready(1)) == 1


def test_a_restart_does_not_retry_what_failed(shelf: Shelf) -> None:
    shelf.land()
    shelf.backlog.fail(shelf.leased(), "unreadable", "noise")

    shelf.restart()

    assert shelf.states() == {"failed": 1}


def test_wanting_more_queues_what_was_heard_at_a_lower_tier(shelf: Shelf) -> None:
    shelf.landed_and_heard(b"a.flac", 1, analysis(tier=Tier.FULL))

    shelf.restart(Wanted(Tier.DEEP, "msd"))

    assert [job.upgrade for job in shelf.backlog.ready(1)] == [True]


def test_wanting_less_forgets_the_upgrades(shelf: Shelf) -> None:
    shelf.landed_and_heard(b"a.flac", 1, analysis(tier=Tier.QUICK))

    shelf.restart(Wanted(Tier.QUICK))

    assert shelf.states() == {}


@pytest.mark.fault(50)
def test_results_of_older_descriptors_are_redone(shelf: Shelf) -> None:
    shelf.landed_and_heard(b"a.flac", 1, analysis())
    with shelf.database.transaction() as write:
        write.execute("UPDATE audio SET done = json_set(done, '$.key', 0)")

    shelf.restart()

    (job,) = shelf.backlog.ready(1)
    assert stages(Tier.FULL, model=False) - job.have == {Stage.KEY}


def test_a_file_that_returns_is_queued_for_what_it_was_owed_while_away(shelf: Shelf) -> None:
    known = shelf.landed_and_heard(b"a.flac", 1, analysis(tier=Tier.FULL))
    shelf.tracks.apply([Vanished(known.file_id)])
    shelf.restart(Wanted(Tier.DEEP, "msd"))
    assert shelf.states() == {}

    shelf.tracks.apply([Returned(known.file_id, signature(1))])

    assert [job.upgrade for job in shelf.backlog.ready(1)] == [True]
