"""Which recording a file holds, told from its encoded packets: nothing is decoded.

Tags, covers and padding do not enter it, so it outlives moving, renaming and retagging
(ADR 0015).
"""

import hashlib
import os
from contextlib import closing
from typing import TYPE_CHECKING, BinaryIO, Final

import av
from av.audio.stream import AudioStream
from av.container import InputContainer

from playlista.audio.zeros import ZeroRuns
from playlista.records import How, Prints
from playlista.sieve import Sieve

if TYPE_CHECKING:
    from av.packet import Packet  # generic to the type checker alone

OPENING_N: Final = 64 << 10  # bytes: 1.5 s of CD sound in FLAC, 4 s of MP3 (a guess)
_READ_N: Final = 64 << 10
_STREAMINFO: Final = slice(10, 34)
"""Where FLAC's STREAMINFO has rate, channels, width, number of samples and their MD5."""
_SAMPLES: Final = (1 << 36) - 1
"""The last bits of its first 8 bytes."""


class Identity:
    """The hash of a recording, while its packets pass.

    Args:
        stream: Where they come from.
    """

    def __init__(self, stream: AudioStream) -> None:
        self._hash = hashlib.blake2b(stream.codec_context.name.encode(), digest_size=16)
        self._packets_n = 0
        self._opening: str | None = None
        self.flac = _flac(stream)

    def update(self, packet: "Packet[AudioStream]") -> None:
        """Take the next packet."""
        self._hash.update(packet)
        self._packets_n += packet.size
        if self._opening is None and self._packets_n >= OPENING_N:
            self._opening = self.audio_id

    @property
    def audio_id(self) -> str:
        """Hash of codec and packets so far: 32 hex digits."""
        return self._hash.hexdigest()

    @property
    def is_opened(self) -> bool:
        """Whether the opening has passed."""
        return self._opening is not None

    @property
    def opening(self) -> str:
        """Hash of the opening; of a short recording it is all of it."""
        return self._opening or self.audio_id

    @property
    def prints(self) -> Prints:
        """What else tells this recording, once it has passed."""
        return Prints(self.opening, self.flac, self._packets_n)


def recognised(file: BinaryIO, sieve: Sieve) -> tuple[How, str] | None:
    """Return by what an open file seems to be known; None where it is not.

    Args:
        file: Its position is left at the start.
        sieve: What is known.

    Raises:
        MemoryError: FFmpeg gets none.
        OSError: The disk fails.
    """
    try:
        with closing(av.open(file, "r", metadata_errors="replace", buffer_size=_READ_N)) as opened:
            stream = sound_in(opened)
            return None if stream is None else _recognised(opened, stream, file, sieve)
    except MemoryError:
        raise
    except av.FFmpegError:
        return None  # who listens will say why
    finally:
        file.seek(0)


def sound_in(container: InputContainer) -> AudioStream | None:
    """Return the first stream of sound that has a decoder."""
    streams = container.streams.audio
    return next((one for one in streams if one.codec_context is not None), None)


def _recognised(
    container: InputContainer, stream: AudioStream, file: BinaryIO, sieve: Sieve
) -> tuple[How, str] | None:
    identity = Identity(stream)
    packets = container.demux(stream)
    begin = None
    for packet in packets:
        begin = packet.pos if begin is None else begin
        identity.update(packet)
        if identity.is_opened:
            break
    if identity.flac and identity.flac in sieve and not _has_hole(file, begin):
        return How.FLAC, identity.flac
    if identity.opening not in sieve:
        return None
    for packet in packets:
        identity.update(packet)
    return How.PACKETS, identity.audio_id


def _flac(stream: AudioStream) -> str | None:
    """Return what a FLAC header says of its sound; encoders to a pipe leave it open."""
    header = stream.codec_context.extradata or b""
    told = header[_STREAMINFO]
    if stream.codec_context.name != "flac" or len(told) < _STREAMINFO.stop - _STREAMINFO.start:
        return None
    is_complete = int.from_bytes(told[:8], "big") & _SAMPLES and any(told[8:])
    return told.hex() if is_complete else None


def _has_hole(file: BinaryIO, begin: int | None) -> bool:
    """Tell whether part of the sound is not there yet: its header is written first."""
    zeros = ZeroRuns(file.fileno(), indexed=False)
    zeros.passed(begin or 0, os.fstat(file.fileno()).st_size)
    return zeros.found
