"""What one track may take: which tier now, how long, how much memory. Pure."""

from dataclasses import dataclass
from typing import Final

from playlista.config.settings import PoolSettings
from playlista.pool.need import Needs
from playlista.records import AudioSettings, Job, Tier
from playlista.stages import Wanted, stages
from playlista.units import GIGABYTE, MEGABYTE, Bytes

LONG_BACKLOG_S: Final = 600.0  # more than this to do: quick tier first (a guess)
BYTES_PER_SECOND: Final = 16_000  # 128 kbit/s, below which music is rarely stored (a guess)
LOSSLESS_BYTES_PER_SECOND: Final = 60_000  # CD sound seldom packs into less (a guess)
LOSSLESS: Final = (b".wav", b".flac", b".aif", b".aiff", b".ape", b".wv", b".tta", b".w64")
LIMIT_PER_SECOND: Final = 0.25  # of sound: 25 times what the full tier takes on a server core
DECODED_GROWTH: Final = 25  # whole-file decode: float32 at 48 kHz against 64 kbit/s (a guess)


@dataclass(frozen=True, slots=True)
class Situation:
    """What the choice of a tier depends on.

    Attributes:
        available_bytes: Memory that can still be taken; None when unknown.
        backlog_s: Estimated time to the end of the backlog; None when unknown, or when
            nobody waits for playlists in between (``analyze``).
    """

    available_bytes: int | None
    backlog_s: float | None


def tier_now(job: Job, wanted: Wanted, pool: PoolSettings, situation: Situation) -> Tier | None:
    """Return the tier to run now; None to leave the track for later."""
    if wanted.tier is Tier.QUICK:
        return Tier.QUICK
    short_of_memory = (
        situation.available_bytes is not None
        and situation.available_bytes < pool.min_memory_for_full_analysis_gb * GIGABYTE
    )
    if short_of_memory:
        return None if job.upgrade else Tier.QUICK
    in_a_hurry = (situation.backlog_s or 0) > LONG_BACKLOG_S
    if (in_a_hurry or pool.low_memory) and not job.upgrade:
        return Tier.QUICK
    full = stages(Tier.FULL, model=wanted.model is not None)
    return wanted.tier if full <= job.have else Tier.FULL


def limit_s(job: Job, pool: PoolSettings) -> float:
    """Return the wall seconds a track may take: a floor, more for what must be long."""
    lossless = job.path.lower().endswith(LOSSLESS)
    longest = job.signature.size / (LOSSLESS_BYTES_PER_SECOND if lossless else BYTES_PER_SECOND)
    return max(pool.track_timeout_seconds, longest * LIMIT_PER_SECOND)


def need(job: Job, tier: Tier, settings: AudioSettings, needs: Needs) -> Bytes:
    """Return what a worker will hold at most, in all, while it has this track."""
    whole = 0 if settings.streaming else job.signature.size * DECODED_GROWTH
    return Bytes(needs.predict(tier) + whole)


def runs_alone(job: Job, pool: PoolSettings) -> bool:
    """Tell whether the track must have no neighbour."""
    return job.alone or job.signature.size > pool.parallel_max_file_size_mb * MEGABYTE


def refusal(job: Job, pool: PoolSettings) -> str | None:
    """Return why the track is not analysed at all; None when it is."""
    size_mb = job.signature.size / MEGABYTE
    if size_mb <= pool.sequential_max_file_size_mb:
        return None
    return (
        f"{size_mb:,.0f} MB is more than SEQUENTIAL_MAX_FILE_SIZE_MB="
        f"{pool.sequential_max_file_size_mb:g} allows"
    )
