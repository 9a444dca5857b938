"""Every key of the pool, of decoding and of the libraries changes what the parts receive."""

import time

import pytest

from playlista.config.load import load
from playlista.config.settings import table
from playlista.pipeline import plan, terms
from playlista.pipeline.leave import Leave
from playlista.pipeline.pace import Pace
from playlista.pipeline.plan import Situation
from playlista.pool.need import Needs
from playlista.records import AudioSettings, Job, Signature, Tier
from playlista.units import GIGABYTE, MEGABYTE

MACHINE = 4 * GIGABYTE


def config(**keys):
    return load(environ={f"PLAYLISTA_{key}": str(value) for key, value in keys.items()}).config


def job(size_mb):
    return Job(1, b"/music/a.flac", Signature(1, 2, int(size_mb * MEGABYTE), 3, 4), 1, Tier.FULL)


def limits(name, **keys):
    return getattr(terms.limits(config(**keys).pool), name)


def decoding(name, **keys):
    return getattr(terms.decoding(config(**keys).audio, MACHINE), name)


def environment(name, **keys):
    return terms.workers(config(**keys)).env[name]


def tier(available_gb, **keys):
    situation = Situation(int(available_gb * GIGABYTE), None)
    settings = config(**keys)
    return plan.tier_now(job(5), terms.wanted(settings, None), settings.pool, situation)


def is_due(kept, **keys):
    pace = Pace(config(**keys).pool.batch_size)
    pace.ask(0.0, kept)
    return pace.due(0.0, calm=False, founded=True)


def needed(**keys):
    settings = terms.decoding(config(**keys).audio, MACHINE)
    return plan.need(job(10), Tier.FULL, settings, Needs(GIGABYTE))


def allowed_at_noon(**keys):
    leave = Leave(lambda: time.strptime("12:00", "%H:%M"))
    leave.observe(config(**keys).pool)
    bound = leave.bound()
    return bound and bound.workers


# key, another value than the default, what shows it, what it shows by default and then
EFFECTS = {
    "WORKERS": (3, lambda **k: limits("workers", **k), None, 3),
    "MAX_WORKERS": (3, lambda **k: limits("max_workers", **k), None, 3),
    "FALLBACK_WORKERS": (2, lambda **k: limits("fallback_workers", **k), 4, 2),
    "MEMORY_FAILSAFE_PERCENT": (70, lambda **k: limits("failsafe", **k), 0.85, 0.7),
    "MIN_AVAILABLE_MEMORY_GB": (2, lambda **k: limits("min_available", **k), None, 2 * GIGABYTE),
    "MEMORY_RESERVED_GB": (1.5, lambda **k: limits("reserved", **k), None, 1.5 * GIGABYTE),
    "MEMORY_LIMIT": (
        "2GB",
        lambda **k: terms.workers(config(**k)).memory_limit,
        None,
        2 * GIGABYTE,
    ),
    "LOW_MEMORY": (
        "yes",
        lambda **k: (limits("workers", **k), tier(8, **k)),
        (None, "full"),
        (1, "quick"),
    ),
    "BATCH_SIZE": (4, lambda **k: is_due(4, **k), False, True),
    "QUIET_HOURS": ("08:00-23:00", allowed_at_noon, None, 1),
    "QUIET_WORKERS": (0, lambda **k: allowed_at_noon(QUIET_HOURS="11:00-13:00", **k), 1, 0),
    "TRACK_TIMEOUT_SECONDS": (
        90,
        lambda **k: plan.limit_s(job(1), config(**k).pool),
        30,
        90,
    ),
    "PARALLEL_MAX_FILE_SIZE_MB": (
        50,
        lambda **k: plan.runs_alone(job(60), config(**k).pool),
        False,
        True,
    ),
    "SEQUENTIAL_MAX_FILE_SIZE_MB": (
        50,
        lambda **k: plan.refusal(job(60), config(**k).pool) is None,
        True,
        False,
    ),
    "MIN_MEMORY_FOR_FULL_ANALYSIS_GB": (3, lambda **k: tier(2, **k), "full", "quick"),
    "FAST_MODE": ("true", lambda **k: tier(8, **k), "full", "quick"),
    "DEEP_ANALYSIS": (
        "yes",
        lambda **k: terms.wanted(config(**k), "msd-musicnn").tier,
        "full",
        "deep",
    ),
    "MODEL_RUNTIME": (
        "essentia",
        lambda **k: terms.question(config(**k), "msd-musicnn", b"").runtime,
        None,
        "essentia",
    ),
    "MODEL_IDLE_UNLOAD_SECONDS": (
        30,
        lambda **k: terms.host(config(**k)).idle_limit_s,
        300,
        30,
    ),
    "MEMORY_OPTIMIZATION_ENABLED": (
        "no",
        lambda **k: terms.decoding(config(**k).audio, MACHINE),
        AudioSettings(cap_bytes=100 * MEGABYTE),
        AudioSettings(None, 3.0, streaming=False, float16=False, memory_map=False),
    ),
    "MEMORY_OPTIMIZED_SAMPLE_RATE": (16000, lambda **k: decoding("sample_rate", **k), 22050, 16000),
    "MEMORY_OPTIMIZED_BIT_DEPTH": (32, lambda **k: decoding("float16", **k), True, False),
    "MEMORY_USE_FLOAT16": ("no", lambda **k: decoding("float16", **k), True, False),
    "MEMORY_OPTIMIZED_CHUNK_DURATION_SECONDS": (5, lambda **k: decoding("block_s", **k), 3, 5),
    "MEMORY_OPTIMIZED_MAX_MB_PER_TRACK": (
        40,
        lambda **k: decoding("cap_bytes", **k),
        100 * MEGABYTE,
        40 * MEGABYTE,
    ),
    "MEMORY_OPTIMIZED_MEMORY_LIMIT_PERCENT": (
        1,
        lambda **k: decoding("cap_bytes", **k),
        100 * MEGABYTE,
        MACHINE // 100,
    ),
    "MEMORY_REDUCE_SAMPLE_RATE": ("no", lambda **k: decoding("sample_rate", **k), 22050, None),
    "MEMORY_STREAMING_ENABLED": (
        "no",
        lambda **k: (decoding("streaming", **k), needed(**k)),
        (True, GIGABYTE),
        (False, GIGABYTE + 10 * MEGABYTE * plan.DECODED_GROWTH),
    ),
    "MEMORY_MAPPING_ENABLED": ("no", lambda **k: decoding("memory_map", **k), True, False),
    "MEMORY_FORCE_CLEANUP": ("no", lambda **k: decoding("cleanup", **k), True, False),
    "TF_GPU_THREAD_MODE": (
        "global",
        lambda **k: environment("TF_GPU_THREAD_MODE", **k),
        "gpu_private",
        "global",
    ),
    "TF_ENABLE_ONEDNN_OPTS": (1, lambda **k: environment("TF_ENABLE_ONEDNN_OPTS", **k), "0", "1"),
    "TF_CPP_MIN_LOG_LEVEL": (0, lambda **k: environment("TF_CPP_MIN_LOG_LEVEL", **k), "2", "0"),
    "CUDA_VISIBLE_DEVICES": (0, lambda **k: environment("CUDA_VISIBLE_DEVICES", **k), "-1", "0"),
    "OMP_NUM_THREADS": (
        3,
        lambda **k: (environment("OMP_NUM_THREADS", **k), environment("OPENBLAS_NUM_THREADS", **k)),
        ("1", "1"),
        ("3", "3"),
    ),
    "MKL_NUM_THREADS": (3, lambda **k: environment("MKL_NUM_THREADS", **k), "1", "3"),
    "NUMBA_NUM_THREADS": (3, lambda **k: environment("NUMBA_NUM_THREADS", **k), "1", "3"),
}
SHOWN_BY_DISPATCH = {"MEMORY_PER_WORKER_GB", "QUEUE_MAX_SIZE", "MEMORY_MONITORING_ENABLED"}
SHOWN_BY_THE_EAR = {"MODEL"}
"""These reach no other part: test_dispatch.py and test_ear.py show what they do."""


def test_no_key_is_forgotten_here():
    of_these_parts = {
        k for k, (part, _) in table().items() if part in {"pool", "audio", "model", "libraries"}
    }

    assert of_these_parts == set(EFFECTS) | SHOWN_BY_DISPATCH | SHOWN_BY_THE_EAR


@pytest.mark.parametrize("key", EFFECTS)
def test_the_key_changes_what_the_parts_receive(key):
    value, shown, before, after = EFFECTS[key]

    assert shown() == before
    assert shown(**{key: value}) == after


def test_memory_that_cannot_be_read_leaves_the_cap_per_track():
    assert terms.decoding(config().audio, None).cap_bytes == 100 * MEGABYTE


def test_composing_obeys_no_memory_limit_of_workers_and_leaves_soon():
    composer = terms.composer(config(MEMORY_LIMIT="1GB"))

    assert composer.memory_limit is None
    assert composer.idle_limit_s == terms.COMPOSER_IDLE_S


@pytest.mark.parametrize(("idle_s", "then_s"), [(300, terms.LOW_MEMORY_IDLE_S), (2, 2)])
def test_short_of_memory_the_model_leaves_it_soon(idle_s, then_s):
    short = config(LOW_MEMORY="yes", MODEL_IDLE_UNLOAD_SECONDS=idle_s)

    assert terms.host(short).idle_limit_s == then_s


def test_the_process_that_holds_the_model_is_not_replaced_after_so_many_tracks():
    assert terms.host(config()).tasks > 1_000_000


def test_compiled_code_is_kept_beside_the_database(monkeypatch):
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)

    assert environment("NUMBA_CACHE_DIR", STATE_PATH="/s") == "/s/numba"


def test_a_cache_that_systemd_provides_is_taken(monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", "/var/cache/playlista/numba")

    assert environment("NUMBA_CACHE_DIR") == "/var/cache/playlista/numba"


@pytest.mark.parametrize("target", [terms.ANALYSIS, terms.MODEL, terms.COMPOSITION])
def test_what_children_run_exists(target):
    import importlib

    module, name = target.split(":")

    assert callable(getattr(importlib.import_module(module), name))
