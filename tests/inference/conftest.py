import os
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from playlista.audio import source
from playlista.audio.decode import TrackStream
from playlista.features.patches import Excerpts, log_mel
from playlista.inference import fetch
from playlista.inference.catalogue import CATALOGUE, Runtime
from playlista.records import AudioSettings


@pytest.fixture(scope="session")
def converted(musicnn_wheel: Path) -> dict[str, dict[Runtime, bytes]]:
    """Every model of the catalogue as the content of its files."""
    wheel = musicnn_wheel.read_bytes()
    return {name: fetch.convert(model, wheel) for name, model in CATALOGUE.items()}


@pytest.fixture(scope="session")
def real_patches(real_tracks: list[Path]) -> list[np.ndarray]:
    """The first patches of some tracks, at most four of each, in single precision."""
    return [_patches(track) for track in real_tracks[:: len(real_tracks) // 5]]


def _patches(track: Path) -> np.ndarray:
    path = os.fsencode(track)
    with source.opened(path) as file:
        blocks = TrackStream(path, file, AudioSettings(sample_rate=16_000)).blocks()
        samples = np.concatenate([block.samples for block in islice(blocks, 5)])
    return log_mel(Excerpts().feed(samples)[:4])
