"""How long a file claims to be, where its claim is worth something."""

import os
import struct
from typing import BinaryIO

from av.container import InputContainer

from playlista.units import Seconds

# Streams without a header of their own: ffmpeg guesses their length from the bit rate.
_NO_HEADER = frozenset({"aac", "ac3", "amr", "dts", "eac3", "loas", "mpeg", "mpegts", "truehd"})
_MICROSECONDS = 1_000_000
_ID3 = struct.Struct(">3s3B4s")
_CHUNK = struct.Struct("<4sI")
_STREAMED_N = 0x7FFF_F000  # bytes: writers to a pipe state sizes from here up to 4 GiB
_XING_REACH = 512  # bytes: the tag lies inside the first MPEG frame, behind its side information


def declared_s(container: InputContainer, file: BinaryIO) -> Seconds | None:
    """Return the length that the file's own header states.

    Args:
        container: The open container.
        file: The same file; its position is left alone.

    Returns:
        Seconds, or None where the container has no such header.
    """
    formats = set(container.format.name.split(","))
    if "wav" in formats:
        return _wav_s(file.fileno())
    if formats & _NO_HEADER or (formats & {"mp3", "mp2"} and not _has_frame_count(file)):
        return None
    stream = container.streams.audio[0]
    if stream.duration and stream.time_base:
        return Seconds(float(stream.duration * stream.time_base))
    return Seconds(container.duration / _MICROSECONDS) if container.duration else None


def _wav_s(fileno: int) -> Seconds | None:
    """Read the chunks of a WAV file: ffmpeg believes its size rather than its header."""
    at, per_second = 12, 0
    while len(head := os.pread(fileno, _CHUNK.size, at)) == _CHUNK.size:
        name, size = _CHUNK.unpack(head)
        at += _CHUNK.size
        if name == b"fmt ":
            per_second = int.from_bytes(os.pread(fileno, 4, at + 8), "little")
        if name == b"data":
            honest = per_second and 0 < size < _STREAMED_N
            return Seconds(size / per_second) if honest else None
        at += size + size % 2
    return None


def _has_frame_count(file: BinaryIO) -> bool:
    """Tell whether an MP3 file begins with a Xing, Info or VBRI tag that counts its frames."""
    first = _first_frame(file.fileno())
    for name in (b"Xing", b"Info"):
        at = first.find(name)
        if at >= 0:
            return bool(first[at + 7 : at + 8] and first[at + 7] & 1)  # flag: frames follow
    return b"VBRI" in first


def _first_frame(fileno: int) -> bytes:
    """Return the bytes behind the ID3 tags; the file's position stays where it was."""
    at = 0
    while (head := os.pread(fileno, _ID3.size, at)).startswith(b"ID3") and len(head) == _ID3.size:
        *_, size = _ID3.unpack(head)
        # ID3v2 sizes have seven bits to the byte
        at += _ID3.size + (size[0] << 21 | size[1] << 14 | size[2] << 7 | size[3])
    return os.pread(fileno, _XING_REACH, at)
