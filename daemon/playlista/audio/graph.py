"""The filter graph: frames of any kind in, metered mono out."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.layout import AudioLayout
from numpy.typing import NDArray

MOMENTARY_N = 4
"""The meter's 0.4 s window holds this many pieces: its first readings are of a part only."""
SHORT_TERM_N = 30
"""The same for its 3 s window."""
_DRAIN_EVERY = 64
"""Frames that go in between two looks at what came out: looking in vain costs an exception."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A tenth of a second of sound, and what the loudness meter read at its end.

    Attributes:
        samples: Mono, shape (n,), float32, full scale 1.
        momentary: Loudness of the last 0.4 s in LUFS; None before so much was heard.
        short_term: The same of the last 3 s.
    """

    samples: NDArray[np.float32]
    momentary: float | None
    short_term: float | None


class MonoGraph:
    """EBU R128 meter on all channels, then a mix to mono at the wanted rate.

    Args:
        first: A decoded frame: later ones must have its rate, layout and format.
        rate: Rate of the output in Hz.

    Source:
        ITU-R BS.1770 and EBU Tech 3341, as ffmpeg's ``ebur128`` implements them.
    """

    def __init__(self, first: AudioFrame, rate: int) -> None:
        self._form = _form(first)
        self._heard = 0
        self._waiting = 0
        graph = self._graph = av.filter.Graph()  # its filters do not keep it alive
        graph.threads = 1
        self._source = graph.add_abuffer(
            sample_rate=first.sample_rate,
            format=first.format.name,
            layout=_known_layout(first),
            time_base=Fraction(1, first.sample_rate),
        )
        self._sink = graph.add("abuffersink")
        graph.link_nodes(
            self._source,
            graph.add("ebur128", "metadata=1"),
            # without rematrix_maxval the mix of two loud channels would exceed full scale
            graph.add("aresample", f"{rate}:out_chlayout=mono:rematrix_maxval=1"),
            graph.add("aformat", f"sample_fmts=flt:channel_layouts=mono:sample_rates={rate}"),
            self._sink,
        )
        graph.configure()

    def takes(self, frame: AudioFrame) -> bool:
        """Tell whether a frame is of the form this graph was built for."""
        return _form(frame) == self._form

    def push(self, frame: AudioFrame | None) -> Iterator[Piece]:
        """Put a frame in; now and then yield what came out. None ends the sound: all comes out."""
        if frame is not None:
            frame.pts = None  # damaged files lie about time; the sound itself does not
        self._source.push(frame)
        self._waiting += 1
        if frame is not None and self._waiting < _DRAIN_EVERY:
            return
        self._waiting = 0
        while True:
            try:
                yield self._piece(self._sink.pull())
            except (av.error.BlockingIOError, av.error.EOFError):
                return

    def _piece(self, frame: Any) -> Piece:  # noqa: ANN401 - PyAV types what a sink gives as any frame
        readings = frame.metadata
        if "lavfi.r128.M" not in readings:  # the last crumb comes without
            return Piece(frame.to_ndarray()[0], None, None)
        self._heard += 1
        momentary, short_term = readings["lavfi.r128.M"], readings["lavfi.r128.S"]
        return Piece(
            frame.to_ndarray()[0],
            float(momentary) if self._heard >= MOMENTARY_N else None,
            float(short_term) if self._heard >= SHORT_TERM_N else None,
        )


def _form(frame: AudioFrame) -> tuple[int, str, int]:
    return frame.sample_rate, frame.format.name, frame.layout.nb_channels


def _known_layout(frame: AudioFrame) -> str:
    """Name the loudspeakers; files that only count their channels get the usual ones."""
    name = frame.layout.name
    n = frame.layout.nb_channels
    return _USUAL_LAYOUTS.get(n, name) if name == f"{n} channels" else name


_USUAL_LAYOUTS = {
    n: AudioLayout(name).name
    for n, name in enumerate(("mono", "stereo", "2.1", "4.0", "5.0", "5.1", "6.1", "7.1"), 1)
}
