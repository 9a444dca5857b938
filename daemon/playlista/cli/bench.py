"""``playlista bench``: what this machine can do, per tier."""

import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from playlista.cli.options import ConfigFile, Json, Music, configuration, folders, require_music

if TYPE_CHECKING:
    from playlista.config.settings import Config
    from playlista.pool.outcome import Outcome
    from playlista.pool.slot import Terms

LIMIT_S = 600.0
HOUR_S = 3600
MEGABYTE = 1e6


def bench(
    music: Music = None,
    files: Annotated[int, typer.Option("--files", "-n", min=1, help="How many to try.")] = 8,
    config: ConfigFile = None,
    json: Json = False,
) -> None:
    """Analyse a few files in each tier, one worker, and say how many an hour that makes.

    The model has a line of its own: its process hears one track while workers go on.
    """
    from playlista.cli import show
    from playlista.errors import UsageError

    loaded = configuration(config, music_paths=folders(music))
    require_music(loaded)
    sample = list(_sample(loaded.config.watch.music_paths, files))
    if not sample:
        raise UsageError("no music found: name a folder that holds some")
    rows = list(_rows(loaded.config, sample))
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


def _rows(config: "Config", sample: list[bytes]) -> Iterator[dict[str, Any]]:
    from dataclasses import replace

    from playlista.pipeline import terms
    from playlista.pipeline.selection import Selection
    from playlista.records import AnalysisRequest, Draft, Tier

    model = Selection(config).model
    made = terms.workers(config)
    decoding = terms.decoding(config.audio, None)
    drafts: list[Outcome[int]] = []
    for tier in (Tier.QUICK, Tier.FULL):
        requests = [AnalysisRequest(path, tier, None, decoding, bool(model)) for path in sample]
        # the quick tier alone needs no warm-up, and none of the memory that comes with it
        prepare = made.prepare if tier is Tier.FULL else None
        drafts = _done(replace(made, prepare=prepare), requests)
        yield _row(tier, drafts)
    heard = [draft.value.patches for draft in drafts if isinstance(draft.value, Draft)]
    if model is not None:
        questions = [terms.question(config, model, patches) for patches in heard if patches]
        yield _row(model, _done(terms.host(config), questions))


def _done(made: "Terms", requests: Sequence[object]) -> "list[Outcome[int]]":
    """Let one process do it all, one after the other."""
    from playlista.pool.supervisor import Pool

    pool: Pool[int] = Pool(made)
    pool.resize(1)
    outcomes: list[Outcome[int]] = []
    try:
        for place, request in enumerate(requests):
            pool.submit(place, request, LIMIT_S)
        started = time.monotonic()
        while len(outcomes) < len(requests) and time.monotonic() - started < LIMIT_S:
            outcomes += pool.collect(1.0)
    finally:
        pool.close()
    return outcomes


def _row(tier: str, outcomes: "list[Outcome[int]]") -> dict[str, Any]:
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
