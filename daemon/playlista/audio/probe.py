"""What a file is, told from its first bytes without decoding it.

Imported by the parent process: the standard library only.
"""

import codecs
from dataclasses import dataclass
from enum import StrEnum

HEAD_N = 4096
"""How many leading bytes `kind_of` wants; fewer are fine."""

# fmt: off
AUDIO_SUFFIXES = frozenset(
    {
        ".aac", ".ac3", ".aif", ".aifc", ".aiff", ".alac", ".ape", ".au", ".caf", ".dff", ".dsf",
        ".dts", ".eac3", ".flac", ".m4a", ".m4b", ".m4p", ".mka", ".mp1", ".mp2", ".mp3", ".mpc",
        ".mpga", ".oga", ".ogg", ".opus", ".ra", ".shn", ".snd", ".spx", ".tak", ".tta", ".w64",
        ".wav", ".wave", ".weba", ".wma", ".wv",
    }
)
# fmt: on


class Content(StrEnum):
    """What a glance at a file can tell; a video may hold sound, but is no music by itself."""

    AUDIO = "audio"
    VIDEO = "video"
    OTHER = "other"
    EMPTY = "empty"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Kind:
    """What the content is, and its name with an article: ``"a PNG image"``."""

    content: Content
    name: str


EMPTY = Kind(Content.EMPTY, "an empty file")
UNKNOWN = Kind(Content.UNKNOWN, "a file of unknown kind")

# (offset, magic bytes): published signatures of each format
_AUDIO = {
    (0, b"fLaC"): "a FLAC file",
    (0, b"OggS"): "an Ogg file",
    (0, b"ID3"): "an MP3 file",
    (8, b"WAVE"): "a WAV file",
    (8, b"AIFF"): "an AIFF file",
    (8, b"AIFC"): "an AIFF file",
    (0, b"wvpk"): "a WavPack file",
    (0, b"MAC "): "a Monkey's Audio file",
    (0, b"TTA1"): "a TTA file",
    (0, b"MPCK"): "a Musepack file",
    (0, b"MP+"): "a Musepack file",
    (0, b"DSD "): "a DSF file",
    (0, b"FRM8"): "a DFF file",
    (0, b".snd"): "an AU file",
    (0, b"caff"): "a CAF file",
    (0, b"riff\x2e\x91\xcf\x11"): "a Wave64 file",
    (0, b"\x0b\x77"): "an AC-3 file",
    (0, b"\x7f\xfe\x80\x01"): "a DTS file",
    (0, b"tBaK"): "a TAK file",
    (0, b"ajkg"): "a Shorten file",
    (0, b"#!AMR"): "an AMR file",
    (8, b"M4A "): "an M4A file",
    (8, b"M4B "): "an M4B file",
    (8, b"M4P "): "a copy-protected M4P file",
}
_OTHER = {
    (0, b"\x89PNG\r\n\x1a\n"): "a PNG image",
    (0, b"\xff\xd8\xff"): "a JPEG image",
    (0, b"GIF8"): "a GIF image",
    (0, b"BM"): "a BMP image",
    (0, b"II*\0"): "a TIFF image",
    (0, b"MM\0*"): "a TIFF image",
    (8, b"WEBP"): "a WebP image",
    (8, b"avif"): "an AVIF image",
    (8, b"heic"): "a HEIC image",
    (8, b"AVI "): "an AVI video",
    (0, b"FLV\x01"): "a Flash video",
    (0, b"\0\0\x01\xba"): "an MPEG video",
    (0, b"%PDF"): "a PDF document",
    (0, b"PK\x03\x04"): "a ZIP archive",
    (0, b"Rar!"): "a RAR archive",
    (0, b"7z\xbc\xaf\x27\x1c"): "a 7-Zip archive",
    (0, b"\x1f\x8b"): "a gzip archive",
    (0, b"BZh"): "a bzip2 archive",
    (0, b"\xfd7zXZ\0"): "an xz archive",
    (0, b"MThd"): "a MIDI file",
    (0, b"SQLite format 3\0"): "an SQLite database",
    (0, b"\x7fELF"): "a program",
    (0, b"MZ"): "a program",
}
# containers of sound or moving pictures alike: only the name tells which is meant
_EITHER = {
    (4, b"ftyp"): ("an MP4 file", "an MP4 video"),
    (0, b"\x1a\x45\xdf\xa3"): ("a Matroska file", "a Matroska video"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"): ("a Windows Media file", "a Windows Media video"),
    (0, b".RMF"): ("a RealMedia file", "a RealMedia video"),
}
_MPEG_KBIT = {  # ISO 11172-3 and 13818-3: bit rates by (MPEG-1?, layer)
    (True, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_MPEG_HERTZ = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
# slots per frame and bit rate: ISO 11172-3 and 13818-3
_MPEG_SLOTS = {
    (True, 1): 12, (True, 2): 144, (True, 3): 144,
    (False, 1): 12, (False, 2): 144, (False, 3): 72,
}  # fmt: skip
_MPEG_HEADER_N, _MPEG_SYNC, _MPEG_1, _MPEG_FREE_OR_BAD = 4, 0x7FF, 3, (0, 15)
_ADTS_HEADER_N, _ADTS_SYNC = 7, 0xFFF0  # ISO 14496-3
_CONTROLS = frozenset(range(32)) - frozenset(b"\t\n\v\f\r") | {127}


def kind_of(head: bytes, name: str = "") -> Kind:
    """Tell what a file contains.

    Args:
        head: Its first bytes, `HEAD_N` of them if it has as many.
        name: Its name; asked only where sound and video share a container.

    Returns:
        Audio, something else known, empty, or unknown.
    """
    if not head:
        return EMPTY
    if _is_ogg_video(head):
        return Kind(Content.OTHER, "an Ogg video")
    return (
        _match(head, _AUDIO, Content.AUDIO)
        or _match(head, _OTHER, Content.OTHER)
        or _either(head, name)
        or _mpeg_audio(head)
        or _text(head)
        or UNKNOWN
    )


def is_candidate(head: bytes, name: str) -> bool:
    """Tell whether the library should list a file.

    Returns:
        True when the content is audio, or the name claims that it is: a wrong claim must
        end in a stated reason rather than in silence.
    """
    return kind_of(head, name).content is Content.AUDIO or has_audio_suffix(name)


def has_audio_suffix(name: str) -> bool:
    """Tell whether a name ends the way audio files' names do."""
    stem, dot, suffix = name.rpartition(".")
    return bool(stem) and dot + suffix.lower() in AUDIO_SUFFIXES


def _match(head: bytes, table: dict[tuple[int, bytes], str], content: Content) -> Kind | None:
    for (offset, magic), name in table.items():
        if head.startswith(magic, offset):
            return Kind(content, name)
    return None


def _either(head: bytes, name: str) -> Kind | None:
    for (offset, magic), (audio, video) in _EITHER.items():
        if head.startswith(magic, offset):
            heard = has_audio_suffix(name)
            return Kind(Content.AUDIO, audio) if heard else Kind(Content.VIDEO, video)
    return None


def _is_ogg_video(head: bytes) -> bool:
    return head.startswith(b"OggS") and b"\x80theora" in head


def _mpeg_audio(head: bytes) -> Kind | None:
    """Ask for two frame headers in a row: eleven set bits alone occur in any noise."""
    length = _mpeg_frame_n(head)
    if length and _mpeg_frame_n(head[length:]):
        return Kind(Content.AUDIO, "an MP3 file")
    length = _adts_frame_n(head)
    if length and _adts_frame_n(head[length:]):
        return Kind(Content.AUDIO, "an AAC file")
    return None


def _mpeg_frame_n(head: bytes) -> int:
    """Return the length in bytes of the MPEG audio frame at the start, or 0."""
    if len(head) < _MPEG_HEADER_N:
        return 0
    word = int.from_bytes(head[:_MPEG_HEADER_N], "big")
    sync, version, layer_code = word >> 21, word >> 19 & 3, word >> 17 & 3
    rate_index, hertz_index = word >> 12 & 15, word >> 10 & 3
    known = version in _MPEG_HERTZ and layer_code and rate_index not in _MPEG_FREE_OR_BAD
    if sync != _MPEG_SYNC or not known or hertz_index == len(_MPEG_HERTZ[version]):
        return 0
    layer, first = 4 - layer_code, version == _MPEG_1
    bits = _MPEG_KBIT[first, layer][rate_index - 1] * 1000
    slots = _MPEG_SLOTS[first, layer] * bits // _MPEG_HERTZ[version][hertz_index]
    return (slots + (word >> 9 & 1)) * (4 if layer == 1 else 1)


def _adts_frame_n(head: bytes) -> int:
    """Return the length in bytes of the ADTS AAC frame at the start, or 0."""
    if len(head) < _ADTS_HEADER_N:
        return 0
    word = int.from_bytes(head[:_ADTS_HEADER_N], "big")
    length = word >> 13 & 0x1FFF
    return length if word >> 40 & 0xFFF6 == _ADTS_SYNC and length > _ADTS_HEADER_N else 0


def _text(head: bytes) -> Kind | None:
    """Recognise text by its lack of control bytes, web pages by their first tag."""
    if any(byte in _CONTROLS for byte in head):
        return None
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:64].lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return Kind(Content.OTHER, "a web page")
    return Kind(Content.OTHER, "a text file") if _is_utf8(head) else None


def _is_utf8(head: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)  # the end may split a character
    except UnicodeDecodeError:
        return False
    return True
