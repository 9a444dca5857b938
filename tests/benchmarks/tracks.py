"""The files whose cost is measured: music by people, from Debian's games, in other clothes."""

from collections.abc import Callable, Iterator
from itertools import cycle, islice
from pathlib import Path

import av
import numpy as np

import sounds

GAMES = Path("/usr/share/games")
TRACKS = {
    "fillets-ng-data": GAMES / "fillets-ng/music/rybky06.ogg",
    "lincity-ng-data": GAMES / "lincity-ng/music/default/01 - pronobozo - lincity.ogg",
    "singularity-music": GAMES / "singularity/music/Awakening.ogg",
}
"""Debian package -> its track: 160 s, 211 s and 208 s."""
STEREO = TRACKS["lincity-ng-data"]
"""The one that is stereo at 44.1 kHz to begin with."""
MEGABYTE = 10**6


def absent() -> list[str]:
    """Return the packages that this machine has not."""
    return [package for package, track in TRACKS.items() if not track.exists()]


def transcoded(source: Path, file: Path) -> Path:
    """Write a track, as 44.1 kHz stereo, in the format of the new file's suffix."""
    return sounds.write(file, _decoded(source))


def lasting(source: Path, file: Path, seconds: float) -> Path:
    """Write a track in the same way, repeated until it lasts so long."""
    return sounds.write(file, _until(source, lambda heard_s: heard_s >= seconds))


def sized(source: Path, file: Path, kind: str, megabytes: float) -> Path:
    """Write a track as one of `sounds.KINDS`, repeated until its file is so large."""
    size_n = megabytes * MEGABYTE
    return sounds.write(file, _until(source, lambda _: file.stat().st_size >= size_n), kind)


def spliced(mp3: Path, file: Path, minutes: float, skipped_n: int = 0) -> Path:
    """Repeat the frames of an MP3 without encoding them again: hours of it cost a second.

    Where so many frames are skipped at first, it is another recording.
    """
    with av.open(str(mp3)) as container:
        (stream,) = container.streams.audio
        frames = [bytes(packet) for packet in container.demux(stream) if packet.size]
        frame_s = stream.codec_context.frame_size / stream.rate
    with file.open("wb") as out:
        frames_n = round(60 * minutes / frame_s)
        out.writelines(islice(cycle(frames), skipped_n, skipped_n + frames_n))
    return file


def _until(source: Path, enough: Callable[[float], bool]) -> Iterator[np.ndarray]:
    """Yield a track's sound again and again, until the length in seconds is enough."""
    heard_s = 0.0
    while True:
        for piece in _decoded(source):
            if enough(heard_s):
                return
            yield piece
            heard_s += piece.shape[1] / sounds.RATE


def _decoded(source: Path) -> Iterator[np.ndarray]:
    with av.open(str(source)) as container:
        resampler = av.AudioResampler("fltp", "stereo", sounds.RATE)
        for frame in container.decode(audio=0):
            for even in resampler.resample(frame):
                yield even.to_ndarray()
