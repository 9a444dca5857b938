"""The filter graph: frames of any kind in, metered blocks of mono out."""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.layout import AudioLayout
from av.filter.context import FilterContext
from numpy.typing import NDArray

from playlista.audio.blocks import Block, mended
from playlista.audio.meter import Meter, Readings

_AT_ONCE_N = 1 << 17
"""Samples that the filters and the meter get at once: fewer crossings from C to Python."""
_DRAIN_EVERY = 64
"""Frames that go in between two looks at what came out: looking in vain costs an exception."""


class MonoGraph:
    """A mix to mono at the wanted rate; beside it a loudness meter on all channels.

    Args:
        first: A decoded frame: later ones must have its rate, layout and format.
        rate: Rate of the output in Hz.
        block_n: Samples per block; the last is as long as it comes.
    """

    def __init__(self, first: AudioFrame, rate: int, block_n: int) -> None:
        self._form = _form(first)
        self._rate = rate
        self._waiting = 0
        layout = _known_layout(first)
        self._channels_n = layout.nb_channels
        self._meter = Meter(first.sample_rate, [channel.name for channel in layout.channels])
        self._readings: list[Readings] = []
        graph = self._graph = av.filter.Graph()  # its filters do not keep it alive
        graph.threads = 1
        self._source = graph.add_abuffer(
            sample_rate=first.sample_rate,
            format=first.format.name,
            layout=layout.name,
            time_base=Fraction(1, first.sample_rate),
        )
        split = graph.add("asplit")
        self._every, self._mono = graph.add("abuffersink"), graph.add("abuffersink")
        graph.link_nodes(self._source, graph.add("asetnsamples", f"{_AT_ONCE_N}:p=0"), split)
        # packed, for PyAV 18 crashes on planar frames of eight channels
        graph.link_nodes(split, graph.add("aformat", "sample_fmts=flt"), self._every)
        # without rematrix_maxval the mix of two loud channels would exceed full scale
        mix = graph.add("aresample", "out_chlayout=mono:rematrix_maxval=1")
        split.link_to(mix, 1)
        graph.link_nodes(
            mix,
            graph.add("aformat", "sample_fmts=fltp:channel_layouts=mono"),
            graph.add("aresample", f"{rate}:tsf=fltp"),
            graph.add("aformat", f"sample_fmts=flt:channel_layouts=mono:sample_rates={rate}"),
            graph.add("asetnsamples", f"{block_n}:p=0"),
            self._mono,
        )
        graph.configure()

    def takes(self, frame: AudioFrame) -> bool:
        """Tell whether a frame is of the form this graph was built for."""
        return _form(frame) == self._form

    def push(self, frame: AudioFrame | None) -> Iterable[Block]:
        """Put a frame in; now and then return what came out. None ends the sound: all comes out."""
        if frame is not None:
            frame.pts = None  # damaged files lie about time; the sound itself does not
        self._source.push(frame)
        self._waiting += 1
        if frame is not None and self._waiting < _DRAIN_EVERY:
            return ()
        self._waiting = 0
        return self._drained()

    def _drained(self) -> Iterator[Block]:
        for every in _pulled(self._every):
            self._readings.append(self._meter.feed(every.reshape(-1, self._channels_n).T))
        for mono in _pulled(self._mono):
            yield self._block(mono)

    def _block(self, samples: NDArray[np.float32]) -> Block:
        nothing = np.empty(0, np.float32)
        momentary, short_term = zip((nothing, nothing), *self._readings, strict=True)
        self._readings = []
        sound, bad = mended(samples)
        return Block(sound, self._rate, np.concatenate(momentary), np.concatenate(short_term), bad)


def _pulled(sink: FilterContext) -> Iterator[NDArray[np.float32]]:
    """Yield what waits in a sink, packed, without the copy that `to_ndarray` makes."""
    while True:
        try:
            frame: Any = sink.pull()  # PyAV types what a sink gives as any frame
        except (av.error.BlockingIOError, av.error.EOFError):
            return
        n = frame.samples * frame.layout.nb_channels
        yield np.frombuffer(frame.planes[0], np.float32, n)


def _form(frame: AudioFrame) -> tuple[int, str, int]:
    return frame.sample_rate, frame.format.name, frame.layout.nb_channels


def _known_layout(frame: AudioFrame) -> AudioLayout:
    """Name the loudspeakers; files that only count their channels get the usual ones."""
    n = frame.layout.nb_channels
    counted = frame.layout.name == f"{n} channels"
    return _USUAL_LAYOUTS.get(n, frame.layout) if counted else frame.layout


_USUAL_LAYOUTS = {
    n: AudioLayout(name)
    for n, name in enumerate(("mono", "stereo", "2.1", "4.0", "5.0", "5.1", "6.1", "7.1"), 1)
}
