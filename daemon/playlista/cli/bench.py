"""``playlista bench``: what this machine can do, per tier."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from playlista.cli.options import ConfigFile, Json, Music, configuration, folders, require_music

if TYPE_CHECKING:
    from playlista.config.settings import Config
    from playlista.pool.outcome import Outcome

LIMIT_S = 600.0
HOUR_S = 3600
MEGABYTE = 1e6


def bench(
    music: Music = None,
    files: Annotated[int, typer.Option("--files", "-n", min=1, help="How many to try.")] = 8,
    config: ConfigFile = None,
    json: Json = False,
) -> None:
    """Analyse a few files in each tier, one worker, and say how many an hour that makes."""
    from playlista.cli import show
    from playlista.errors import UsageError

    loaded = configuration(config, music_paths=folders(music))
    require_music(loaded)
    sample = list(_sample(loaded.config.watch.music_paths, files))
    if not sample:
        raise UsageError("no music found: name a folder that holds some")
    rows = [_measure(loaded.config, sample, tier) for tier in ("quick", "full")]
    if json:
        show.as_json(rows)
    else:
        show.as_table(rows, "tier", "files", "failed", "seconds_per_file", "files_per_hour",
                      "peak_mb")  # fmt: skip


def _sample(roots: tuple[Path, ...], wanted: int) -> Iterator[bytes]:
    """Yield up to so many audio files, the first ones found."""
    from playlista.audio.probe import is_candidate

    left = wanted
    for root in roots:
        for folder, _, names in os.walk(os.fsencode(root)):
            for name in sorted(names):
                path = os.path.join(folder, name)  # noqa: PTH118 - bytes
                if left and os.path.isfile(path):  # noqa: PTH113 - bytes
                    with open(path, "rb") as file:  # noqa: PTH123 - bytes
                        head = file.read(4096)
                    if is_candidate(head, os.fsdecode(name)):
                        left -= 1
                        yield path


def _measure(config: "Config", sample: list[bytes], tier: str) -> dict[str, Any]:
    from dataclasses import replace

    from playlista.pipeline import terms
    from playlista.pool.supervisor import Pool
    from playlista.records import AnalysisRequest, Tier

    # the quick tier alone needs no warm-up, and none of the memory that comes with it
    made = terms.workers(config)
    pool: Pool[bytes] = Pool(replace(made, prepare=made.prepare if tier == "full" else None))
    pool.resize(1)
    decoding = terms.decoding(config.audio, None)
    outcomes: list[Outcome[bytes]] = []
    try:
        for path in sample:
            pool.submit(path, AnalysisRequest(path, Tier(tier), settings=decoding), LIMIT_S)
        started = time.monotonic()
        while len(outcomes) < len(sample) and time.monotonic() - started < LIMIT_S:
            outcomes += pool.collect(1.0)
    finally:
        pool.close()
    return _row(tier, outcomes)


def _row(tier: str, outcomes: "list[Outcome[bytes]]") -> dict[str, Any]:
    heard = [outcome for outcome in outcomes if outcome.value is not None]
    each = sum(outcome.seconds for outcome in heard) / len(heard) if heard else None
    peaks = [outcome.peak for outcome in outcomes if outcome.peak is not None]
    return {
        "tier": tier,
        "files": len(heard),
        "failed": len(outcomes) - len(heard),
        "seconds_per_file": each,
        "files_per_hour": None if each is None else round(HOUR_S / each),
        "peak_mb": round(max(peaks) / MEGABYTE) if peaks else None,
    }
