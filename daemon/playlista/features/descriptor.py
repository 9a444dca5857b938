"""The one shape of every descriptor: fed a stretch at a time, asked once at the end."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

Spectrogram = NDArray[np.float32]
"""Magnitudes, shape (frames, bins): row by row in time; a full-scale sine peaks near 1."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """A descriptor that has no value here, and why: words for a music lover."""

    why: str


Value = float | str | tuple[float, ...] | Unknown
Findings = Mapping[str, Value]
"""Field of `playlista.records.Features` -> its value, or why there is none."""

SILENT = Unknown("the track is silent")


@dataclass(frozen=True, slots=True)
class Stretch:
    """What one block of sound looks like to the descriptors.

    Attributes:
        samples: Mono, shape (n,), float32.
        spectrum: The frames that ended in this block; possibly none.
        momentary: Loudness of 0.4 s windows, one each 0.1 s, in LUFS; shape (k,).
        short_term: The same of 3 s windows.
    """

    samples: NDArray[np.float32]
    spectrum: Spectrogram
    momentary: NDArray[np.float32]
    short_term: NDArray[np.float32]


class Descriptor(Protocol):
    """Gathers in `feed`, concludes in `result`; how the track is cut makes no difference.

    Attributes:
        stage: The name under which its time is counted.
    """

    stage: ClassVar[str]

    def feed(self, stretch: Stretch) -> None:
        """Take the next stretch of the track."""
        ...

    def result(self) -> Findings:
        """Conclude; every field this descriptor owns is in it, with a value or a reason."""
        ...
