"""Files that libraries really hold and that are not quite music, made from maths."""

import os
import random
import socket
import stat
import struct
import zlib
from fractions import Fraction
from pathlib import Path

import av
import mutagen.id3
import numpy as np

import sounds

SECONDS = 4.0
LENGTHS_KNOWN = ("wav", "wav8", "wav24", "wav32", "wavf", "wavd", "aiff", "au", "flac", "mp3",
                 "mp3_320", "m4a", "alac", "wma", "wv", "tta", "mka")  # fmt: skip
"""Kinds that say how long they should be, or cannot be opened without their end."""
SUFFIXES = {"wav8": "wav", "wav24": "wav", "wav32": "wav", "wavf": "wav", "wavd": "wav",
            "mp3_320": "mp3", "alac": "m4a"}  # fmt: skip
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20


def named(folder: Path, stem: str, kind: str) -> Path:
    """Return a path whose suffix suits a kind."""
    return folder / f"{stem} {kind}.{SUFFIXES.get(kind, kind)}"


def song(path: Path, kind: str | None = None, *, seed: int = 0, seconds: float = SECONDS) -> Path:
    """Write a sound unlike that of any other path."""
    rate = 48_000  # Opus knows no other near it
    own = zlib.crc32(os.fsencode(path.name)) + seed
    sound = sounds.noise(seconds, 0.2, seed=own, rate=rate)
    return sounds.write(path, sound, kind, rate=rate)


def halved(path: Path) -> Path:
    """Cut the second half off."""
    os.truncate(path, path.stat().st_size // 2)
    return path


def protected(path: Path) -> Path:
    """Write what iTunes sold until 2009: the sound encrypted, and its entry called so."""
    content = bytearray(song(path, "m4a").read_bytes())
    content[8:12] = b"M4P "
    at = content.index(b"mp4a", content.index(b"stsd"))
    content[at : at + 4] = b"drms"
    start = content.index(b"mdat") + 4
    length = int.from_bytes(content[start - 8 : start - 4], "big") - 8
    content[start : start + length] = random.Random(1).randbytes(length)
    path.write_bytes(content)
    return path


def two_rates(path: Path) -> Path:
    """Write an MP3 whose sample rate changes in the middle."""
    halves = b""
    for rate in (44_100, 32_000):
        sounds.write(path, sounds.noise(2, rate=rate, seed=rate), rate=rate)
        halves += path.read_bytes().replace(b"Info", bytes(4))  # the count of one half alone
    path.write_bytes(halves)
    return path


def no_numbers(path: Path) -> Path:
    """Write a WAV of floats, some of which are none."""
    sound = sounds.noise(SECONDS, seed=99)
    sound[1000:1100] = np.nan
    sound[2000:2050] = np.inf
    return sounds.write(path, sound, "wavf")


def covered(path: Path) -> Path:
    """Write an MP3 with a picture in its tags, which ffmpeg presents as video."""
    song(path)
    tags = mutagen.id3.ID3()
    tags.add(mutagen.id3.APIC(mime="image/png", data=PNG))
    tags.save(path)
    return path


def muxed(path: Path, container: str, *, pictures: bool, tracks: int) -> Path:
    """Write a container with moving pictures or none, and so many streams of sound."""
    with path.open("wb") as file, av.open(file, "w", format=container) as out:
        voices = [out.add_stream("aac", rate=sounds.RATE) for _ in range(tracks)]
        for voice in voices:
            voice.layout, voice.format = "mono", "fltp"
        frames = [(voice, hiss(7 + number)) for number, voice in enumerate(voices)]
        if pictures:
            video = out.add_stream("mpeg4", rate=10)
            video.width, video.height, video.pix_fmt = 64, 64, "yuv420p"
            frames += [(video, picture(shade)) for shade in range(0, 200, 10)]
        for stream, frame in frames:
            out.mux(stream.encode(frame))
        for stream in out.streams:
            out.mux(stream.encode(None))
    return path


def hiss(seed: int) -> av.AudioFrame:
    """Return noise as one frame."""
    frame = av.AudioFrame.from_ndarray(sounds.noise(SECONDS, seed=seed)[None], "fltp", "mono")
    frame.sample_rate, frame.pts = sounds.RATE, 0
    return frame


def picture(shade: int) -> av.VideoFrame:
    """Return a grey picture."""
    return av.VideoFrame.from_ndarray(np.full((64, 64, 3), shade, np.uint8), "rgb24")


def chapters(path: Path) -> Path:
    """Write an audio book in two chapters."""
    source = song(path.with_suffix(".m4b"), "m4a")
    marks = [
        {"id": n, "start": 2000 * n, "end": 2000 * (n + 1), "time_base": Fraction(1, 1000),
         "metadata": {"title": f"Chapter {n}"}}
        for n in range(2)
    ]  # fmt: skip
    with av.open(str(source)) as read, av.open(str(path), "w", format="ipod") as out:
        stream = out.add_stream_from_template(read.streams.audio[0])
        out.set_chapters(marks)
        for packet in read.demux(read.streams.audio[0]):
            if packet.dts is not None:
                packet.stream = stream
                out.mux(packet)
    source.unlink()
    return path


def wav_with(path: Path, *, field: bytes, offset: int, value: int) -> Path:
    """Write a WAV that lies in four bytes behind a chunk's name."""
    content = bytearray(song(path).read_bytes())
    at = content.index(field) + offset
    content[at : at + 4] = struct.pack("<I", value)
    path.write_bytes(content)
    return path


def flac_of_unknown_length(path: Path) -> Path:
    """Write a FLAC as one that went through a pipe: no number of samples, no MD5."""
    content = bytearray(song(path).read_bytes())
    content[21] &= 0xF0
    content[22:42] = bytes(20)
    path.write_bytes(content)
    return path


def endless_id3(path: Path) -> Path:
    """Write an MP3 whose tag claims 256 MB of its 60 kB."""
    content = song(path).read_bytes()
    path.write_bytes(b"ID3\x04\0\0\x7f\x7f\x7f\x7f" + content)
    return path


def ape_bomb(path: Path) -> Path:
    """Write an MP3 with an APE tag of four thousand million items of 2 GB each."""
    item = struct.pack("<II", 0x7FFF_FFFF, 0) + b"Title\0" + b"x" * 64
    footer = b"APETAGEX" + struct.pack("<IIII", 2000, 0x7FFF_FFFF, 0xFFFF_FFFF, 0) + bytes(8)
    path.write_bytes(song(path).read_bytes() + item * 20 + footer)
    return path


def fuzzed(path: Path, kind: str, seed: int) -> Path:
    """Write a short sound and spoil some bytes, mostly of its header."""
    content = bytearray(song(path, kind, seed=seed, seconds=1.0).read_bytes())
    chance = random.Random(seed)
    for _ in range(chance.choice((1, 4, 32))):
        reach = chance.choice((64, 512, len(content)))
        content[chance.randrange(reach)] = chance.randrange(256)
    path.write_bytes(content)
    return path


def pipe(path: Path) -> Path:
    """Make a pipe that nobody writes to."""
    os.mkfifo(path)
    return path


def device(path: Path) -> Path:
    """Make a device that gives zeros without end; root alone may."""
    os.mknod(path, stat.S_IFCHR | 0o644, os.makedev(1, 5))  # Linux, devices.txt: /dev/zero
    return path


def listener(path: Path) -> Path:
    """Leave a socket behind, through a short name: sockets have no room for long ones."""
    folder = os.open(path.parent, os.O_RDONLY)
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(f"/proc/self/fd/{folder}/{path.name}")
    os.close(folder)
    return path


def sparse(path: Path, size: int) -> Path:
    """Make a file with a length and nothing in it."""
    path.touch()
    os.truncate(path, size)
    return path
