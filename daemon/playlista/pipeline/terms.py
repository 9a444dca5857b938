"""The configuration in the words of the parts below: workers, limits, decoding."""

import os
import sys
from typing import Final, Literal

from playlista.config.settings import AudioConfig, Config, PoolSettings
from playlista.inference.catalogue import Runtime
from playlista.inference.messages import Question
from playlista.pool import processor
from playlista.pool.limits import Limits
from playlista.pool.slot import Terms
from playlista.records import AudioSettings, Tier
from playlista.stages import Wanted
from playlista.units import GIGABYTE, MEGABYTE, Bytes, Ratio

ANALYSIS: Final = "playlista.analysis.recipe:run"
WARM_UP: Final = "playlista.analysis.recipe:prepare"
MODEL: Final = "playlista.inference.host:run"
COMPOSITION: Final = "playlista.pipeline.compose:run"
COPY: Final = "playlista.store.backup:run"
"""Dotted names, because the parent must not import what the children need."""

HALF_BITS: Final = 16
NICE: Final = 10  # a guess: everything else on the machine goes first
LOW_MEMORY_IDLE_S: Final = 5.0  # a guess: between two batches
WORKERS_PER_THREAD: Final = 4  # measured: 24 patches take 0.12 s, a worker's track 0.8 s
COMPOSER_IDLE_S: Final = 30.0  # a guess: an album's tracks come closer together


def wanted(config: Config, model: str | None) -> Wanted:
    """Return when a track counts as done, while this model listens."""
    if config.audio.fast_mode:
        return Wanted(Tier.QUICK)
    return Wanted(Tier.DEEP if config.audio.deep_analysis else Tier.FULL, model)


def workers(config: Config) -> Terms:
    """Return how analysis workers are made."""
    limit = config.pool.memory_limit
    return Terms(
        target=ANALYSIS,
        prepare=None if config.audio.fast_mode or config.pool.low_memory else WARM_UP,
        env=_environment(config),
        nice=NICE,
        memory_limit=None if limit is None else Bytes(int(limit)),
    )


def host(config: Config) -> Terms:
    """Return how the process that holds the model is made: to be rid of it is to unload it."""
    idle_s = config.model.model_idle_unload_seconds
    return Terms(
        target=MODEL,
        env=_environment(config),
        nice=NICE,
        idle_limit_s=min(idle_s, LOW_MEMORY_IDLE_S) if config.pool.low_memory else idle_s,
        tasks=sys.maxsize,
    )


def question(config: Config, model: str, patches: bytes) -> Question:
    """Return what the model's process is asked."""
    wanted = config.model.model_runtime
    return Question(
        folder=config.store.models,
        model=model,
        runtime=None if wanted == "auto" else Runtime[wanted.upper()],
        threads=max(1, processor.read().whole_cores // WORKERS_PER_THREAD),
        patches=patches,
    )


def composer(config: Config) -> Terms:
    """Return how the process that composes playlists is made."""
    return Terms(
        target=COMPOSITION, env=_environment(config), nice=NICE, idle_limit_s=COMPOSER_IDLE_S
    )


def copyist() -> Terms:
    """Return how the process that copies the database is made."""
    return Terms(target=COPY, nice=NICE, tasks=1)


def limits(pool: PoolSettings) -> Limits:
    """Return what the governor may take of the machine."""
    return Limits(
        workers=1 if pool.low_memory else _or_none(pool.workers),
        max_workers=_or_none(pool.max_workers),
        fallback_workers=pool.fallback_workers,
        failsafe=Ratio(pool.memory_failsafe_percent / 100),
        min_available=_gigabytes(pool.min_available_memory_gb),
        reserved=_gigabytes(pool.memory_reserved_gb),
    )


def decoding(audio: AudioConfig, memory_bytes: int | None) -> AudioSettings:
    """Return how tracks are decoded on a machine with so much memory."""
    on = audio.memory_optimization_enabled
    cap = audio.memory_optimized_max_mb_per_track * MEGABYTE
    if memory_bytes is not None:
        cap = min(cap, memory_bytes * audio.memory_optimized_memory_limit_percent / 100)
    resample = on and audio.memory_reduce_sample_rate
    return AudioSettings(
        sample_rate=audio.memory_optimized_sample_rate if resample else None,
        block_s=audio.memory_optimized_chunk_duration_seconds,
        streaming=on and audio.memory_streaming_enabled,
        float16=on and audio.memory_use_float16 and audio.memory_optimized_bit_depth == HALF_BITS,
        cap_bytes=int(cap),
        memory_map=on and audio.memory_mapping_enabled,
        cleanup=audio.memory_force_cleanup,
    )


def _environment(config: Config) -> dict[str, str]:
    """Return what a child needs in its environment before its first import."""
    cache = os.environ.get("NUMBA_CACHE_DIR") or str(config.store.state_path / "numba")
    return config.libraries.environment() | {"NUMBA_CACHE_DIR": cache}


def _or_none(value: int | Literal["auto"]) -> int | None:
    return None if value == "auto" else value


def _gigabytes(value: float | Literal["auto"]) -> Bytes | None:
    return None if value == "auto" else Bytes(int(value * GIGABYTE))
