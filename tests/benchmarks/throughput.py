"""How many files the pool hears in an hour."""

import os
import time
from pathlib import Path
from typing import Any

import tracks
from contenders import MODEL, THREADS

from playlista.inference.messages import Question
from playlista.pool.slot import Terms
from playlista.pool.supervisor import Pool
from playlista.records import AnalysisRequest, Tier

FOUR_MINUTES_S = 240
FILES = 16
POLL_S = 0.01
HOST = "playlista.inference.host:run"


def measured(folder: Path, models: Path) -> list[dict[str, Any]]:
    """Return the files an hour of each tier with one worker and with two, the model beside."""
    file = tracks.lasting(tracks.STEREO, folder / "four minutes.ogg", FOUR_MINUTES_S)
    return [
        {"tier": tier, "workers": workers, "files_per_hour": _per_hour(file, models, tier, workers)}
        for tier in (Tier.QUICK, Tier.FULL)
        for workers in (1, 2)
    ]


def _per_hour(file: Path, models: Path, tier: Tier, workers: int) -> float:
    """Let the real pools hear a file many times; the clock starts when all workers are warm."""
    model = (models / f"{MODEL}.onnx").exists()
    request = AnalysisRequest(os.fsencode(file), tier, model=model)
    prepare = "playlista.analysis.recipe:prepare" if tier is Tier.FULL else None
    pool, host = _pool("playlista.analysis.recipe:run", prepare), _pool(HOST, None)
    try:
        pool.resize(workers)
        host.resize(1)
        _heard(pool, host, request, models, workers)
        start = time.monotonic()
        _heard(pool, host, request, models, FILES)
        return FILES * 3600 / (time.monotonic() - start)
    finally:
        pool.close()
        host.close()


def _pool(target: str, prepare: str | None) -> Pool[int]:
    return Pool(Terms(target=target, prepare=prepare, env=dict.fromkeys(THREADS, "1")))


def _heard(
    pool: Pool[int], host: Pool[int], request: AnalysisRequest, models: Path, count: int
) -> None:
    waiting, asked, found = list(range(count)), [], 0
    while found < count:
        while waiting and pool.free:
            pool.submit(waiting.pop(), request, 600.0)
        while asked and host.free:
            host.submit(0, Question(models, MODEL, None, 1, asked.pop()), 600.0)
        drafts = pool.collect(POLL_S)
        answers = host.collect(0.0)
        if any(outcome.value is None for outcome in (*drafts, *answers)):
            raise ChildProcessError(f"the file was not heard: {drafts} {answers}")
        asked += [draft.value.patches for draft in drafts if draft.value.patches]
        found += len(answers) + sum(not draft.value.patches for draft in drafts)
