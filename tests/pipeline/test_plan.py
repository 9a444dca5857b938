from dataclasses import replace

import pytest

from playlista.config.settings import PoolSettings
from playlista.pipeline import plan
from playlista.pipeline.plan import LONG_BACKLOG_S, Situation
from playlista.pool.need import Needs
from playlista.records import AudioSettings, Job, Signature, Tier
from playlista.stages import Wanted, stages
from playlista.units import GIGABYTE, MEGABYTE

POOL = PoolSettings(min_memory_for_full_analysis_gb=1.5)
AMPLE = Situation(available_bytes=8 * GIGABYTE, backlog_s=None)
SHORT = replace(AMPLE, available_bytes=GIGABYTE)
HURRIED = replace(AMPLE, backlog_s=LONG_BACKLOG_S + 1)


def job(size_mb=5.0, **changes):
    signature = Signature(1, 2, int(size_mb * MEGABYTE), 3, 4)
    return replace(Job(1, b"/music/a.flac", signature, 1, Tier.FULL), **changes)


FULL = Wanted(Tier.FULL)
DEEP = Wanted(Tier.DEEP, "msd")
NEW = job()
UPGRADE = job(upgrade=True)


@pytest.mark.parametrize("situation", [AMPLE, SHORT, HURRIED], ids=["ample", "short", "hurried"])
@pytest.mark.parametrize("track", [NEW, UPGRADE], ids=["new", "upgrade"])
def test_fast_mode_is_the_quick_tier_always(track, situation):
    assert plan.tier_now(track, Wanted(Tier.QUICK), POOL, situation) is Tier.QUICK


@pytest.mark.parametrize(
    ("track", "pool", "situation", "tier"),
    [
        pytest.param(NEW, POOL, AMPLE, Tier.FULL, id="new, all is well"),
        pytest.param(UPGRADE, POOL, AMPLE, Tier.FULL, id="upgrade, all is well"),
        pytest.param(NEW, POOL, SHORT, Tier.QUICK, id="new, little memory"),
        pytest.param(UPGRADE, POOL, SHORT, None, id="upgrade, little memory"),
        pytest.param(NEW, POOL, HURRIED, Tier.QUICK, id="new, much to do"),
        pytest.param(UPGRADE, POOL, HURRIED, Tier.FULL, id="upgrade, much to do"),
    ],
)
def test_the_tier_that_runs_now(track, pool, situation, tier):
    assert plan.tier_now(track, FULL, pool, situation) is tier


def test_low_memory_mode_takes_the_quick_tier_first_and_the_full_one_later():
    low = PoolSettings(low_memory=True)

    assert plan.tier_now(NEW, FULL, low, AMPLE) is Tier.QUICK
    assert plan.tier_now(UPGRADE, FULL, low, AMPLE) is Tier.FULL


def test_the_deep_tier_comes_after_the_full_one():
    heard = job(upgrade=True, have=stages(Tier.FULL, model=True))

    assert plan.tier_now(NEW, DEEP, POOL, AMPLE) is Tier.FULL
    assert plan.tier_now(UPGRADE, DEEP, POOL, AMPLE) is Tier.FULL
    assert plan.tier_now(heard, DEEP, POOL, AMPLE) is Tier.DEEP


def test_memory_that_cannot_be_read_does_not_hold_the_full_tier_back():
    unknown = replace(AMPLE, available_bytes=None)

    assert plan.tier_now(UPGRADE, FULL, POOL, unknown) is Tier.FULL


def test_the_memory_floor_itself_is_enough():
    just = replace(AMPLE, available_bytes=int(1.5 * GIGABYTE))

    assert plan.tier_now(NEW, FULL, POOL, just) is Tier.FULL


def test_a_backlog_that_ends_in_time_is_no_hurry():
    soon = replace(AMPLE, backlog_s=LONG_BACKLOG_S)

    assert plan.tier_now(NEW, FULL, POOL, soon) is Tier.FULL


def test_a_short_track_has_the_configured_time():
    assert plan.limit_s(job(1), PoolSettings(track_timeout_seconds=30)) == 30


def test_a_long_track_has_a_quarter_of_what_it_may_last_at_128_kbit():
    hours = 16_000 * 3600 * 10  # bytes of ten hours

    allowed = plan.limit_s(job(hours / MEGABYTE, path=b"/music/a.ogg"), PoolSettings())

    assert allowed == 36_000 / 4


def test_a_lossless_track_is_shorter_for_its_size():
    minutes = 60_000 * 600  # bytes of ten minutes, tightly packed

    assert plan.limit_s(job(minutes / MEGABYTE, path=b"/music/A.FLAC"), PoolSettings()) == 150


def test_the_need_is_what_was_learnt_of_the_tier():
    needs = Needs(GIGABYTE)
    needs.learn(Tier.QUICK, 100 * MEGABYTE)

    assert plan.need(NEW, Tier.QUICK, AudioSettings(), needs) == 110 * MEGABYTE
    assert plan.need(NEW, Tier.FULL, AudioSettings(), needs) == GIGABYTE


def test_decoding_whole_files_needs_room_for_them():
    whole = AudioSettings(streaming=False)

    need = plan.need(job(10), Tier.FULL, whole, Needs(GIGABYTE))

    assert need == GIGABYTE + 10 * MEGABYTE * plan.DECODED_GROWTH


@pytest.mark.parametrize(
    ("track", "alone"),
    [
        (job(200), False),
        (job(200.1), True),
        (job(1, alone=True), True),
    ],
    ids=["as large as allowed", "larger", "killed before"],
)
def test_who_runs_alone(track, alone):
    assert plan.runs_alone(track, PoolSettings(parallel_max_file_size_mb=200)) is alone


def test_a_file_as_large_as_allowed_is_not_refused():
    assert plan.refusal(job(5000), PoolSettings()) is None


def test_a_refusal_names_the_size_and_the_key():
    why = plan.refusal(job(6000), PoolSettings())

    assert why == "6,000 MB is more than SEQUENTIAL_MAX_FILE_SIZE_MB=5000 allows"
