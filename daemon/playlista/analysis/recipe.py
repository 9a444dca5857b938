"""One track from file to facts: decode once, describe on the way.

``analyze`` is for anybody with a file; ``run`` is what the pool hands to its workers.
"""

import ctypes
import gc
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from playlista.audio.blocks import Block
from playlista.audio.decode import Heard, TrackStream
from playlista.audio.source import opened
from playlista.audio.tags import file_tags
from playlista.errors import ChangedMeanwhile, NothingToHear
from playlista.features.describe import Description, Ensemble, Stopwatch
from playlista.records import (
    FEATURES_VERSION,
    Analysis,
    AnalysisRequest,
    AudioSettings,
    FileTags,
    Signature,
    Tier,
)

WARM_UP_RATE = 22_050
WARM_UP_S = 10
"""Enough for beats to be tracked; the sound itself is of no interest."""


def analyze(
    path: str | bytes | Path,
    *,
    tier: Tier = Tier.FULL,
    settings: AudioSettings | None = None,
) -> Analysis:
    """Listen to one file.

    Args:
        path: Any audio file; it is only read.
        tier: ``QUICK`` for rhythm, key, loudness and danceability; ``FULL`` for timbre, too.
        settings: How to decode; the defaults suit any machine.

    Returns:
        What was found out. A feature that is None has its reason in ``reasons``.

    Raises:
        TrackError: This file cannot be analysed as it stands; the text says why.
        FileUnavailable: The disk does not give it just now.

    Example:
        >>> analyze("song.flac").features.key  # doctest: +SKIP
        'C# minor'
    """
    return run(AnalysisRequest(os.fsencode(path), tier, None, settings or AudioSettings()))


def run(request: AnalysisRequest) -> Analysis:
    """Do the same for the pool: the file must be, and stay, the one that was queued.

    Raises:
        ChangedMeanwhile: It differs from ``request.signature``, or changed while being read.
        TrackError: It cannot be analysed as it stands.
        FileUnavailable: The disk does not give it just now.
    """
    try:
        with opened(request.path) as file:
            before = Signature.of(os.fstat(file.fileno()))
            if request.signature not in {None, before}:
                raise ChangedMeanwhile(request.path, "changed since it was queued")
            try:
                return _listened(request, file)
            finally:  # a failure to read a changed file says nothing of what it is now
                _refuse_changed(request.path, file, before)
    finally:
        if request.settings.cleanup:
            _tidy()


def prepare() -> None:
    """Pay beforehand for what only the first full analysis would: imports and compilers.

    numba compiles for 23 s where its cache is cold; a track's deadline must not run meanwhile.
    """
    ensemble = Ensemble(WARM_UP_RATE, Tier.FULL, AudioSettings(), Stopwatch())
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, WARM_UP_S * WARM_UP_RATE)
    nothing = np.empty(0, np.float32)
    ensemble.feed(noise.astype(np.float32), nothing, nothing)
    ensemble.result()
    gc.freeze()


def _listened(request: AnalysisRequest, file: BinaryIO) -> Analysis:
    stopwatch = Stopwatch()
    with stopwatch.timing("tags"):
        tags = file_tags(file)
    stream = TrackStream(request.path, file, request.settings)
    blocks = _timed(stream.blocks(), stopwatch)
    if not request.settings.streaming:
        blocks = iter(list(blocks))
    description = _described(request, blocks, stopwatch)
    return _concluded(request, stream.heard, description, tags, stopwatch)


def _timed(blocks: Iterator[Block], stopwatch: Stopwatch) -> Iterator[Block]:
    while True:
        with stopwatch.timing("decode"):
            block = next(blocks, None)
        if block is None:
            return
        yield block


def _described(
    request: AnalysisRequest, blocks: Iterable[Block], stopwatch: Stopwatch
) -> Description:
    ensemble = None
    for block in blocks:
        if ensemble is None:
            ensemble = Ensemble(block.rate, request.tier, request.settings, stopwatch)
        ensemble.feed(block.samples, block.momentary, block.short_term)
    if ensemble is None:
        raise NothingToHear(request.path, "has no sound in it: nothing comes out of its decoder")
    return ensemble.result()


def _concluded(
    request: AnalysisRequest,
    heard: Heard,
    description: Description,
    tags: FileTags,
    stopwatch: Stopwatch,
) -> Analysis:
    return Analysis(
        audio_id=heard.audio_id,
        duration_s=heard.duration_s,
        tier=request.tier,
        features_version=FEATURES_VERSION,
        engine=description.engine,
        features=description.features,
        file_tags=tags,
        reasons={**description.reasons, **_damage(heard)},
        truncated=description.thinned,
        seconds=dict(stopwatch.seconds),
    )


def _damage(heard: Heard) -> dict[str, str]:
    """Say what was wrong with the sound though it could be heard."""
    said = {}
    if heard.damaged_n:
        said["packets"] = f"{heard.damaged_n} could not be decoded and were left out"
    if heard.mended_n:
        said["samples"] = f"{heard.mended_n} were no numbers, or beyond any sound: made silent"
    return said


def _refuse_changed(path: bytes, file: BinaryIO, before: Signature) -> None:
    """Compare the open file, and the one now under its name, with what was opened."""
    opened_now = Signature.of(os.fstat(file.fileno()))
    named_now = Signature.of(os.stat(path))  # noqa: PTH116 - pathlib refuses bytes
    if not before == opened_now == named_now:
        raise ChangedMeanwhile(path, "changed while it was being read")


def _tidy() -> None:
    """Give memory back: glibc keeps what was freed unless told otherwise."""
    gc.collect(1)  # the oldest generation is modules: 0.02 s to look through, without a find
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
