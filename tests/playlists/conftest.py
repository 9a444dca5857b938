"""Libraries made by maths: styles are known, so is what a list should hold."""

from collections.abc import Callable

import numpy as np
import pytest

from playlista.records import Features, FileTags, LibraryTrack

GENRES = ("Rock", "Jazz", "House", "Folk", "Metal")
MODES = [
    f"{tonic} {mode}"
    for mode in ("major", "minor")
    for tonic in ["C", "D", "E", "F", "G", "A", "B"]
]
Library = Callable[..., list[LibraryTrack]]


def _features(style: np.ndarray, rng: np.random.Generator, unknown: float) -> Features:
    at = style + 0.25 * rng.normal(size=style.shape)
    values = {
        "bpm": 110 * 2 ** (0.4 * at[0]),
        "bpm_confidence": 0.8,
        "onset_rate_hz": 3 * 2 ** (0.5 * at[1]),
        "key": MODES[rng.integers(len(MODES))],
        "key_confidence": 0.6,
        "loudness_lufs": -14 + 4 * at[2],
        "loudness_range_lu": max(0.5, 7 + 3 * at[3]),
        "danceability": 1 + 0.3 * at[4],
        "spectral_centroid_hz": 1800 * 2 ** (0.6 * at[5]),
        "zero_crossing_rate": 0.06 * 2 ** at[6],
        "spectral_flatness": 0.02 * 2 ** at[7],
        "dynamic_complexity": 4 + at[8],
        "mfcc": (-100.0, *(20 * at[9:21])),
    }
    return Features(**{name: v for name, v in values.items() if rng.random() >= unknown})


@pytest.fixture
def library() -> Library:
    """Return a maker of tracks of a few styles; ids and times of arrival ascend."""

    def make(n, *, styles=4, first=1, seed=0, unknown=0.0):
        rng = np.random.default_rng(seed)
        centres = np.random.default_rng(7).normal(size=(styles, 21))
        tracks = []
        for track_id in range(first, first + n):
            style = int(rng.integers(styles))
            tags = FileTags(
                title=f"Song {track_id}",
                artist=f"Artist {style}.{track_id % 3}",
                year=1960 + 10 * style + int(rng.integers(10)),
                genre=GENRES[style % len(GENRES)],
            )
            features = _features(centres[style], rng, unknown)
            added_at = 1_700_000_000 + track_id
            tracks.append(LibraryTrack(track_id, added_at, 180.0 + style, features, tags))
        return tracks

    return make
