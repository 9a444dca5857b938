"""What a file is, told from its first bytes without decoding it.

Imported by the parent process: the standard library only.
"""

from dataclasses import dataclass
from enum import StrEnum

HEAD_N = 4096
"""How many leading bytes `kind_of` wants; fewer are fine."""

AUDIO_SUFFIXES = frozenset(
    ".aac .ac3 .aif .aifc .aiff .alac .ape .au .caf .dff .dsf .dts .eac3 .flac .m4a .m4b .m4p .mka"
    " .mp1 .mp2 .mp3 .mpc .mpga .oga .ogg .opus .ra .shn .snd .spx .tak .tta .w64 .wav .wave .weba"
    " .wma .wv".split()
)


class Content(StrEnum):
    """The four answers a glance at a file can give."""

    AUDIO = "audio"
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
_ADTS_MIN_N = 7  # an ADTS header's own size: ISO 14496-3


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
            return Kind(Content.AUDIO, audio) if heard else Kind(Content.OTHER, video)
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
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return 0
    version, layer = head[1] >> 3 & 3, 4 - (head[1] >> 1 & 3)
    rate_index, hertz_index = head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or layer == 4 or rate_index in {0, 15} or hertz_index == 3:
        return 0
    first = version == 3
    bits = _MPEG_KBIT[first, layer][rate_index - 1] * 1000
    hertz = _MPEG_HERTZ[version][hertz_index]
    padding = head[2] >> 1 & 1
    if layer == 1:
        return (12 * bits // hertz + padding) * 4
    return (144 if first or layer == 2 else 72) * bits // hertz + padding


def _adts_frame_n(head: bytes) -> int:
    """Return the length in bytes of the ADTS AAC frame at the start, or 0."""
    if len(head) < _ADTS_MIN_N or head[0] != 0xFF or head[1] & 0xF6 != 0xF0:
        return 0
    length = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    return length if length > _ADTS_MIN_N else 0


def _text(head: bytes) -> Kind | None:
    """Recognise text by its lack of control bytes, web pages by their first tag."""
    if any(byte < 9 or 13 < byte < 32 or byte == 127 for byte in head):
        return None
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:64].lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return Kind(Content.OTHER, "a web page")
    if max(head) < 128 or _is_utf8(head):
        return Kind(Content.OTHER, "a text file")
    return None


def _is_utf8(head: bytes) -> bool:
    try:
        head[:-3].decode()  # the cut may have split the last character
    except UnicodeDecodeError:
        return False
    return True
