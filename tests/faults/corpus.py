"""One of each file that folders really hold.

``PYTHONPATH=tests python tests/faults/corpus.py DIR`` writes them into a folder.
"""

import os
import sys
from pathlib import Path

import numpy as np

import sounds
from faults import odd
from faults.odd import SECONDS, named, song
from playlista.audio.probe import AUDIO_SUFFIXES

RATES = (8_000, 96_000, 192_000, 384_000)
CHANNELS = (1, 3, 4, 6, 8)
FUZZED = ("wav", "aiff", "flac", "mp3", "m4a", "ogg", "opus", "wma", "wv", "mka")
TERABYTE = 1 << 40
ROOT = os.geteuid() == 0


def fill(folder: Path) -> None:
    """Make one of each."""
    for fill_with in (halves, claims, extremes, company, lies, no_files):
        fill_with(folder)


def halves(folder: Path) -> None:
    (folder / "empty.flac").touch()
    for kind in sounds.KINDS:
        odd.halved(song(named(folder, "half", kind), kind))
        song(named(folder, "whole", kind), kind)


def claims(folder: Path) -> None:
    song(folder / "flac.mp3", "flac")
    song(folder / "mp3.flac", "mp3")
    (folder / "picture.mp3").write_bytes(odd.PNG)
    (folder / "page.flac").write_text("<!DOCTYPE html><html><body>404</body></html>\n" * 20)
    (folder / "words.m4a").write_text("not a song\n" * 100)
    odd.protected(folder / "protected.m4p")


def extremes(folder: Path) -> None:
    song(folder / "moment.wav", seconds=0.1)
    for rate in RATES:
        sounds.write(folder / f"{rate} Hz.wav", sounds.noise(2, seed=rate, rate=rate), rate=rate)
    for n in CHANNELS:
        sound = np.stack([sounds.noise(2, seed=10 * n + channel) for channel in range(n)])
        sounds.write(folder / f"{n} channels.flac", sound)
    odd.two_rates(folder / "two rates.mp3")
    sounds.write(folder / "silence.flac", sounds.silence(SECONDS))
    odd.no_numbers(folder / "no numbers.wav")


def company(folder: Path) -> None:
    odd.covered(folder / "cover.mp3")
    odd.muxed(folder / "pictures alone.m4a", "mp4", pictures=True, tracks=0)
    odd.muxed(folder / "film.m4a", "mp4", pictures=True, tracks=1)
    odd.muxed(folder / "languages.mka", "matroska", pictures=False, tracks=3)
    odd.chapters(folder / "chapters.m4a")
    song(folder / "album.flac")
    (folder / "album.cue").write_text('FILE "album.flac" WAVE\n  TRACK 01 AUDIO\n')


def lies(folder: Path) -> None:
    odd.wav_with(folder / "4 GB.wav", field=b"data", offset=4, value=0xFFFF_FFF0)
    odd.wav_with(folder / "no rate.wav", field=b"fmt ", offset=12, value=0)
    odd.flac_of_unknown_length(folder / "no length.flac")
    odd.endless_id3(folder / "endless tag.mp3")
    odd.ape_bomb(folder / "bomb.mp3")


def no_files(folder: Path) -> None:
    odd.pipe(folder / "pipe.flac")
    odd.listener(folder / "socket.mp3")
    if ROOT:
        odd.device(folder / "device.mp3")
    odd.sparse(folder / "terabyte.wav", TERABYTE)


def fuzz(folder: Path, each: int) -> None:
    """Make so many of each kind whose bytes are partly chance."""
    for kind in FUZZED:
        for seed in range(each):
            odd.fuzzed(folder / f"{seed}.{kind}", kind, seed)


def candidates(folder: Path) -> list[Path]:
    """Return what a daemon takes for a track by its name, in order."""
    return sorted(file for file in folder.iterdir() if file.suffix in AUDIO_SUFFIXES)


if __name__ == "__main__":
    fill(Path(sys.argv[1]))
    fuzz(Path(sys.argv[1]), 20)
