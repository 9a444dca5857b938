"""``playlista demo``: a small music library, rendered here, for whoever has none at hand."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from playlista.errors import UsageError

if TYPE_CHECKING:
    from playlista.cli.demo_sounds import Sound

MARK = ".playlista-demo"
"""Says that this folder is ours to write into."""
PIECES = 36

Progress = Callable[["Iterable[Piece]"], "Iterable[Piece]"]
"""Wraps the pieces still to be rendered, to show how far it is."""

# suffix -> codec, sample format, sample rate, codec options
KINDS: Mapping[str, tuple[str, str, int, dict[str, str]]] = {
    "flac": ("flac", "s16", 44_100, {}),
    "mp3": ("libmp3lame", "s16p", 44_100, {"b": "160k"}),
    "ogg": ("vorbis", "fltp", 44_100, {"strict": "experimental"}),  # FFmpeg's own, so marked
    "opus": ("libopus", "flt", 48_000, {"b": "96k"}),
    "m4a": ("aac", "fltp", 44_100, {"b": "128k"}),
    "wav": ("pcm_s16le", "s16", 44_100, {}),
}
FORMATS = {"m4a": "ipod", "opus": "ogg"}

ARTISTS = ("Nadia Quell", "The Paper Tides", "Oskar Vint", "Slow Meridian", "Ivo & Lune", "Kestrel")
FIRST = ("Amber", "Borrowed", "Distant", "Glass", "Hollow", "Northern", "Quiet", "Second", "Velvet")
LAST = ("Ferry", "Garden", "Harbour", "Lantern", "Machine", "Orbit", "Signal", "Window")


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of the demo library, known by its number."""

    number: int

    @property
    def style(self) -> int:
        """Which of the styles; pieces of one style stand apart."""
        return self.number % len(ARTISTS)

    @property
    def tags(self) -> dict[str, str]:
        """What the file says of itself, without the genre."""
        turn = self.number // len(ARTISTS)
        return {
            "title": f"{FIRST[self.number % len(FIRST)]} {LAST[self.number * 3 % len(LAST)]}",
            "artist": ARTISTS[self.style],
            "album": f"{FIRST[self.style]} {LAST[self.style]}",
            "date": str(2001 + 4 * self.style),
            "track": str(turn + 1),
        }

    @property
    def path(self) -> Path:
        """Where it goes, below the folder."""
        suffix = tuple(KINDS)[(self.number + self.number // len(KINDS)) % len(KINDS)]
        tags = self.tags
        name = f"{int(tags['track']):02} {tags['title']}.{suffix}"
        return Path(tags["artist"], tags["album"], name)


def demo(
    folder: Annotated[Path, typer.Argument(help="Empty, absent, or made by this command.")],
) -> None:
    """Render a demo library: 36 pieces in six styles and six formats."""
    from rich.progress import track

    made = render(folder, progress=lambda todo: track(list(todo), "Rendering the demo library"))
    typer.echo(f"{folder}: {len(made)} pieces")


def render(folder: Path, *, progress: Progress = iter) -> list[Path]:
    """Write the pieces that are not there yet.

    Args:
        folder: Absent, empty, or made by an earlier call.
        progress: Wraps the pieces still to be rendered.

    Returns:
        Every piece's file, about 50 MB in all.

    Raises:
        UsageError: The folder holds something else; nothing was written.
    """
    _claim(folder)
    pieces = [Piece(number) for number in range(PIECES)]
    for piece in progress([p for p in pieces if not (folder / p.path).exists()]):
        _render(piece, folder / piece.path)
    return [folder / piece.path for piece in pieces]


def _claim(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()) and not (folder / MARK).exists():
            raise UsageError(f"{folder}: not empty, and not a demo library: name another folder")
        (folder / MARK).touch()
    except OSError as error:
        raise UsageError(f"{folder}: {error.strerror}") from error


def _render(piece: Piece, path: Path) -> None:
    """Play and encode one piece; the file appears whole or not at all."""
    from playlista.cli.demo_sounds import STYLES, play

    style = STYLES[piece.style]
    turn = piece.number // len(STYLES)
    slow, fast = style.bpm
    sound = play(
        style,
        bpm=slow + (fast - slow) * turn / 5,
        tonic=43 + piece.number * 7 % 12,
        seconds=20 if path.suffix in {".wav", ".flac"} else 25 + 5 * turn,
        seed=piece.number,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.tmp")
    _encode(sound, unfinished, path.suffix[1:], {**piece.tags, "genre": style.genre})
    unfinished.rename(path)


def _encode(sound: "Sound", path: Path, kind: str, tags: Mapping[str, str]) -> None:
    import av

    from playlista.cli.demo_sounds import RATE

    codec, sample_format, rate, options = KINDS[kind]
    with av.open(path, "w", format=FORMATS.get(kind, kind)) as out:
        out.metadata.update(tags)
        stream = out.add_stream(codec, rate, options=options, layout="stereo", format=sample_format)
        assert isinstance(stream, av.AudioStream)
        for start in range(0, sound.shape[1], RATE):
            part = sound[:, start : start + RATE].copy()
            frame = av.AudioFrame.from_ndarray(part, "fltp", "stereo")
            frame.sample_rate, frame.pts, frame.time_base = RATE, start, Fraction(1, RATE)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
