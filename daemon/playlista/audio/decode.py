"""One pass over a file: mono blocks of sound, and the facts gathered on the way."""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import chain
from pathlib import PurePath
from typing import TYPE_CHECKING, BinaryIO

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer

from playlista.audio.blocks import Block, mended_frame
from playlista.audio.declared import declared_s
from playlista.audio.graph import MonoGraph
from playlista.audio.identity import Identity, sound_in
from playlista.audio.probe import HEAD_N, Content, Kind, kind_of
from playlista.audio.source import MappedFile
from playlista.audio.zeros import CODECS, ZeroRuns
from playlista.errors import IncompleteTrack, NotAudio, NothingToHear, UnreadableAudio
from playlista.records import AudioSettings, Prints

if TYPE_CHECKING:
    from av.packet import Packet  # generic to the type checker alone

COMPLETE = 0.98  # share of the declared length that must decode: the design's threshold
SLACK_S = 0.25  # encoders' padding; measured: at most 0.05 s for MP3, AAC, Opus and WMA
_READ_N = 1 << 18  # bytes per read: fewer crossings from C to Python
_UNCOMPRESSED = frozenset({"a WAV file", "an AIFF file", "an AU file", "a Wave64 file"})
_INDEX_LAST = frozenset({"an M4A file", "an M4B file", "an MP4 file"})  # nothing opens before it
_INDEXED = "mov,mp4,m4a,3gp,3g2,mj2"  # ffmpeg's name for MP4 and its kin
_FLOAT_CODECS = "pcm_f"  # WavPack floats, too, may be no numbers, but see `mended_frame`


@dataclass(slots=True)
class Heard:
    """What is known of a track once its blocks have run out.

    Attributes:
        audio_id: Hash of codec and encoded packets, 32 hex digits; tags do not enter it.
        prints: By what else the recording is recognised.
        duration_s: Length of the decoded sound, before resampling.
        declared_s: Length the header states; None where none does.
        damaged_n: Packets that no decoder could read.
        mended_n: Samples that were no numbers, or beyond any sound, and became silence.
    """

    audio_id: str = ""
    prints: Prints = field(default_factory=Prints)
    duration_s: float = 0.0
    declared_s: float | None = None
    damaged_n: int = 0
    mended_n: int = 0


@dataclass(slots=True)
class TrackStream:
    """The sound of one open file, heard once.

    Attributes:
        heard: Complete when `blocks` has run out.
    """

    path: bytes
    file: BinaryIO
    settings: AudioSettings
    heard: Heard = field(default_factory=Heard)

    def blocks(self) -> Iterator[Block]:
        """Yield the track in blocks of about ``settings.block_s``; the last may be shorter.

        Raises:
            NotAudio: The content is something else.
            UnreadableAudio: No decoder makes sound of it.
            NothingToHear: It holds no sample.
            IncompleteTrack: Much less decodes than the header declares, or part of it is zeros.
            MemoryError: FFmpeg gets none, which PyAV counts among its own errors.
            OSError: The disk fails.
        """
        kind = self._kind()
        with closing(self._container(kind)) as container:
            stream = self._sound_of(container, kind)
            self.heard.declared_s = declared_s(container, self.file)
            try:
                for block in self._blocks(container, stream):
                    self.heard.mended_n += block.mended_n
                    yield block
            except MemoryError:
                raise
            except av.FFmpegError as error:  # no filter takes what the decoder gives
                raise self._unreadable(kind) from error
        self._judge(kind)

    def _kind(self) -> Kind:
        head = self.file.read(HEAD_N)
        self.file.seek(0)
        kind = kind_of(head, PurePath(self.path.decode("utf-8", "replace")).name)
        if kind.content is Content.EMPTY:
            raise NothingToHear(self.path, "is empty: 0 bytes")
        if kind.content is Content.OTHER:
            raise NotAudio(self.path, f"is {kind.name}, not audio")
        return kind

    def _container(self, kind: Kind) -> InputContainer:
        mapped = self.settings.memory_map and kind.name in _UNCOMPRESSED
        source = MappedFile(self.file) if mapped else self.file
        try:
            return av.open(source, "r", metadata_errors="replace", buffer_size=_READ_N)
        except MemoryError:
            raise
        except av.FFmpegError as error:
            if kind.name in _INDEX_LAST:
                why = "its index is missing: still being written, or cut off"
                raise IncompleteTrack(self.path, why) from error
            raise self._unreadable(kind) from error

    def _sound_of(self, container: InputContainer, kind: Kind) -> AudioStream:
        """Choose the first stream of sound that has a decoder; covers are streams of video."""
        if not container.streams.audio:
            why = "is a video without sound" if container.streams.video else "holds no sound"
            raise NotAudio(self.path, why)
        stream = sound_in(container)
        if stream is None:
            raise self._unreadable(kind)
        stream.codec_context.thread_count = 1  # the pool counts cores, not ffmpeg
        return stream

    def _blocks(self, container: InputContainer, stream: AudioStream) -> Iterator[Block]:
        frames = self._frames(container, stream)
        first = next(frames, None)
        if first is None:
            return
        rate = self.settings.sample_rate or first.sample_rate
        block_n = max(1, round(self.settings.block_s * rate))
        graph = MonoGraph(first, rate, block_n)
        for frame in chain([first], frames):
            if not graph.takes(frame):  # the rate or the channels change midway
                yield from graph.push(None)
                graph = MonoGraph(frame, rate, block_n)
            yield from graph.push(frame)
        yield from graph.push(None)

    def _frames(self, container: InputContainer, stream: AudioStream) -> Iterator[AudioFrame]:
        codec = stream.codec_context.name
        samples_at: Counter[int] = Counter()
        identity = Identity(stream)
        floats = codec.startswith(_FLOAT_CODECS)
        packets = self._packets(container, stream)
        for packet in self._whole(packets, container) if codec in CODECS else packets:
            identity.update(packet)
            for frame in self._decoded(packet):
                rate = frame.sample_rate
                if rate:
                    samples_at[rate] += frame.samples
                    yield self._mended(frame) if floats else frame
        self.heard.audio_id, self.heard.prints = identity.audio_id, identity.prints
        self.heard.duration_s = sum(n / rate for rate, n in samples_at.items())

    def _mended(self, frame: AudioFrame) -> AudioFrame:
        better, bad = mended_frame(frame)
        self.heard.mended_n += bad
        return better

    def _packets(
        self, container: InputContainer, stream: AudioStream
    ) -> "Iterator[Packet[AudioStream]]":
        """Yield every packet, and at last the empty one that empties the decoder."""
        try:
            yield from container.demux(stream)
        except MemoryError:
            raise
        except av.FFmpegError:  # nothing beyond this point can be told apart
            self.heard.damaged_n += 1

    def _whole(
        self, packets: "Iterator[Packet[AudioStream]]", container: InputContainer
    ) -> "Iterator[Packet[AudioStream]]":
        """Pass packets on until one follows a long run of zeros.

        Zeros at the very end are padding, unless nobody knows where the end should be.
        """
        zeros = ZeroRuns(self.file.fileno(), indexed=container.format.name == _INDEXED)
        hole = IncompleteTrack(self.path, "has a hole of zeros: still being written, or cut off")
        for packet in packets:
            begin = packet.pos
            if begin is not None and begin + packet.size > zeros.due:
                if zeros.found:
                    raise hole
                zeros.passed(begin, begin + packet.size)
            yield packet
        if self.heard.declared_s is None:
            zeros.ended()
            if zeros.found:
                raise hole

    def _decoded(self, packet: "Packet[AudioStream]") -> list[AudioFrame]:
        try:
            return packet.decode()
        except MemoryError:
            raise
        except av.FFmpegError:
            self.heard.damaged_n += 1
            return []

    def _judge(self, kind: Kind) -> None:
        heard = self.heard
        if not heard.duration_s:
            if heard.damaged_n:
                raise self._unreadable(kind)
            raise NothingToHear(self.path, "has no sound in it: no sample decodes")
        declared = heard.declared_s or 0.0
        if heard.duration_s < min(COMPLETE * declared, declared - SLACK_S):
            there, whole = clock(heard.duration_s), clock(declared)
            raise IncompleteTrack(
                self.path, f"only {there} of {whole} is there: still being written, or cut off"
            )
        if heard.damaged_n or heard.duration_s < declared - SLACK_S:
            heard.prints = heard.prints._replace(flac=None)  # its header tells of all the sound

    def _unreadable(self, kind: Kind) -> UnreadableAudio:
        return UnreadableAudio(self.path, f"is {kind.name} that no decoder can read")


def clock(seconds: float) -> str:
    """Write a length the way players do, with tenths.

    Example:
        >>> clock(205.04)
        '3:25.0'
    """
    tenths = round(seconds * 10)
    return f"{tenths // 600}:{tenths // 10 % 60:02d}.{tenths % 10}"
