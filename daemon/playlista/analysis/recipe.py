"""One track from file to facts: decode once, describe on the way.

``analyze`` is for anybody with a file; ``run`` is what the pool hands to its workers, and
leaves the model to the one process that holds it.
"""

import ctypes
import gc
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import numpy as np

from playlista.analysis.listening import Listening
from playlista.audio import identity
from playlista.audio.blocks import Block
from playlista.audio.decode import Heard, TrackStream
from playlista.audio.source import opened
from playlista.audio.tags import file_tags
from playlista.errors import ChangedMeanwhile, ModelMissing, NothingToHear
from playlista.features.describe import Stopwatch
from playlista.inference import choice
from playlista.inference.messages import Question, Refusal, concluded
from playlista.places import usual_state_path
from playlista.records import (
    Analysis,
    AnalysisRequest,
    AudioSettings,
    Draft,
    FileTags,
    Recognised,
    Signature,
    Tier,
)
from playlista.stages import MODELLED, VERSIONS, Stage, not_asked, stages

WARM_UP_RATE = 22_050
WARM_UP_S = 10
"""Enough for beats to be tracked; the sound itself is of no interest."""


def analyze(
    path: str | bytes | Path,
    *,
    tier: Tier = Tier.FULL,
    settings: AudioSettings | None = None,
    models: Path | None = None,
) -> Analysis:
    """Listen to one file.

    The model is loaded by the first call that needs it, and shared by all later ones, in any
    thread; without one there is neither embedding nor tags.

    Args:
        path: Any audio file; it is only read.
        tier: ``QUICK`` for rhythm, key, loudness and danceability; ``FULL`` for timbre,
            embedding and tags, too; ``DEEP`` for the embedding of the whole track.
        settings: How to decode; the defaults suit any machine.
        models: Where ``playlista models fetch`` put them, unless in its usual place.

    Returns:
        What was found out. A field that is None has its reason in ``reasons``.

    Raises:
        TrackError: This file cannot be analysed as it stands; the text says why.
        FileUnavailable: The disk does not give it just now.
        ModelMissing: There is a model, and it does not work.

    Example:
        >>> analyze("song.flac").features.key  # doctest: +SKIP
        'C# minor'
    """
    folder = models or usual_state_path() / "models"
    model = choice.present(folder)
    settings = settings or AudioSettings()
    request = AnalysisRequest(os.fsencode(path), tier, None, settings, model is not None)
    with _unchanging(request) as file:
        draft = _listened(request, file)
    analysis = _listened_to(draft, folder, model) if model and draft.heard else draft.analysis
    return replace(analysis, reasons={**not_asked(analysis.done), **analysis.reasons})


def _listened_to(draft: Draft, folder: Path, model: str) -> Analysis:
    if not draft.patches:
        return concluded(draft, model, None)
    # onnxruntime and the network: 80 MB that the workers of the pool do without
    from playlista.inference import host  # noqa: PLC0415

    threads = len(os.sched_getaffinity(0))
    answer = host.run(Question(folder, model, None, threads, draft.patches))
    if isinstance(answer, Refusal):
        raise ModelMissing(answer.why)
    return concluded(draft, model, answer)


def run(request: AnalysisRequest) -> Draft | Recognised:
    """Do the same for the pool, unless the file seems to hold what is known already.

    The file must be, and stay, the one that was queued.

    Raises:
        ChangedMeanwhile: It differs from ``request.signature``, or changed while being read.
        TrackError: It cannot be analysed as it stands.
        FileUnavailable: The disk does not give it just now.
    """
    with _unchanging(request) as file:
        return _recognised(request, file) or _listened(request, file)


def prepare() -> None:
    """Pay beforehand for what only the first full analysis would: imports and compilers.

    numba compiles for 23 s where its cache is cold; a track's deadline must not run meanwhile.
    """
    listening = Listening(WARM_UP_RATE, stages(Tier.FULL, model=True), AudioSettings(), Stopwatch())
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, WARM_UP_S * WARM_UP_RATE)
    nothing = np.empty(0, np.float32)
    listening.feed(Block(noise.astype(np.float32), WARM_UP_RATE, nothing, nothing))
    listening.result()
    gc.freeze()


@contextmanager
def _unchanging(request: AnalysisRequest) -> Iterator[BinaryIO]:
    """Open the file of a request, and refuse what was found if it changes meanwhile."""
    try:
        with opened(request.path) as file:
            before = Signature.of(os.fstat(file.fileno()))
            if request.signature is not None and not request.signature.agrees(before):
                raise ChangedMeanwhile(request.path, "changed since it was queued")
            try:
                yield file
            finally:  # a failure to read a changed file says nothing of what it is now
                _refuse_changed(request.path, file, before)
    finally:
        if request.settings.cleanup:
            _tidy()


def _recognised(request: AnalysisRequest, file: BinaryIO) -> Recognised | None:
    found = identity.recognised(file, request.sieve) if request.sieve else None
    return None if found is None else Recognised(*found, file_tags(file))


def _listened(request: AnalysisRequest, file: BinaryIO) -> Draft:
    stopwatch = Stopwatch()
    with stopwatch.timing("tags"):
        tags = file_tags(file)
    stream = TrackStream(request.path, file, request.settings)
    blocks = _timed(stream.blocks(), stopwatch)
    if not request.settings.streaming:
        blocks = iter(list(blocks))
    listening = _fed(request, blocks, stopwatch)
    return _drafted(request, stream.heard, listening, tags, stopwatch)


def _timed(blocks: Iterator[Block], stopwatch: Stopwatch) -> Iterator[Block]:
    while True:
        with stopwatch.timing("decode"):
            block = next(blocks, None)
        if block is None:
            return
        yield block


def _wanted(request: AnalysisRequest) -> frozenset[Stage]:
    return stages(request.tier, model=request.model) - request.have


def _fed(request: AnalysisRequest, blocks: Iterable[Block], stopwatch: Stopwatch) -> Listening:
    listening = None
    for block in blocks:
        if listening is None:
            listening = Listening(block.rate, _wanted(request), request.settings, stopwatch)
        listening.feed(block)
    if listening is None:
        raise NothingToHear(request.path, "has no sound in it: nothing comes out of its decoder")
    return listening


def _drafted(
    request: AnalysisRequest,
    heard: Heard,
    listening: Listening,
    tags: FileTags,
    stopwatch: Stopwatch,
) -> Draft:
    description, patches, heard_stages = listening.result()
    analysis = Analysis(
        audio_id=heard.audio_id,
        duration_s=heard.duration_s,
        tier=request.tier,
        done={stage: VERSIONS[stage] for stage in _wanted(request) - MODELLED},
        engine=description.engine,
        features=description.features,
        file_tags=tags,
        reasons={**description.reasons, **_damage(heard)},
        truncated=description.thinned,
        seconds=dict(stopwatch.seconds),
        prints=heard.prints,
    )
    return Draft(analysis, patches, heard_stages)


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
