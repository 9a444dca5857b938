"""How many files the pool hears in an hour."""

import os
import time
from pathlib import Path
from typing import Any

import tracks
from contenders import THREADS

from playlista.pool.slot import Terms
from playlista.pool.supervisor import Pool
from playlista.records import AnalysisRequest, Tier

FOUR_MINUTES_S = 240
FILES = 8


def measured(folder: Path) -> list[dict[str, Any]]:
    """Return the files an hour of each tier with one worker and with two."""
    file = tracks.lasting(tracks.STEREO, folder / "four minutes.ogg", FOUR_MINUTES_S)
    return [
        {"tier": tier, "workers": workers, "files_per_hour": _per_hour(file, tier, workers)}
        for tier in (Tier.QUICK, Tier.FULL)
        for workers in (1, 2)
    ]


def _per_hour(file: Path, tier: Tier, workers: int) -> float:
    """Let the real pool hear a file many times; the clock starts when all workers are warm."""
    prepare = "playlista.analysis.recipe:prepare" if tier is Tier.FULL else None
    pool: Pool[int] = Pool(
        Terms(
            target="playlista.analysis.recipe:run",
            prepare=prepare,
            env=dict.fromkeys(THREADS, "1"),
        )
    )
    request = AnalysisRequest(os.fsencode(file), tier)
    try:
        pool.resize(workers)
        _heard(pool, request, workers)
        start = time.monotonic()
        _heard(pool, request, FILES)
        return FILES * 3600 / (time.monotonic() - start)
    finally:
        pool.close()


def _heard(pool: Any, request: AnalysisRequest, count: int) -> None:
    waiting, found = list(range(count)), 0
    while found < count:
        while waiting and pool.free:
            pool.submit(waiting.pop(), request, 600.0)
        outcomes = pool.collect(1.0)
        if any(outcome.value is None for outcome in outcomes):
            raise ChildProcessError(f"the pool did not hear the file: {outcomes}")
        found += len(outcomes)
