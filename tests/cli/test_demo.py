import av
import pytest

from playlista.cli.demo import KINDS, MARK, PIECES, Piece, demo, render
from playlista.errors import UsageError

FEW = 6


def some(todo):
    """A progress bar that stops early: one piece of every style, one of every format."""
    return list(todo)[:FEW]


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    files = render(folder, progress=some)
    return folder, [file for file in files if file.exists()]


def test_every_format_is_written_and_can_be_decoded(library):
    _, files = library

    assert {file.suffix[1:] for file in files} == set(KINDS)
    for file in files:
        with av.open(file) as sound:
            seconds = sum(frame.samples / frame.sample_rate for frame in sound.decode(audio=0))
        assert seconds > 20


def test_every_piece_says_what_it_is(library):
    _, files = library

    for file in files:
        with av.open(file) as sound:
            said = {**sound.metadata, **sound.streams.audio[0].metadata}
            tags = {key.lower(): value for key, value in said.items()}
        assert file.parts[-3:-1] == (tags["artist"], tags["album"])
        assert tags["title"] in file.name
        assert tags["date"].isdigit()
        assert tags["genre"]


def test_a_piece_that_is_there_is_not_rendered_again(library):
    folder, files = library
    before = [(file, file.stat().st_mtime_ns) for file in files]
    todo = []

    render(folder, progress=lambda pieces: todo.extend(pieces) or ())

    assert len(todo) == PIECES - FEW
    assert [(file, file.stat().st_mtime_ns) for file in files] == before


def test_no_unfinished_file_remains(library):
    folder, _ = library

    assert not list(folder.rglob("*.tmp"))


def test_the_whole_library_has_no_two_pieces_in_one_place():
    paths = [Piece(number).path for number in range(PIECES)]

    assert len(set(paths)) == PIECES
    assert not any(path.is_absolute() for path in paths)


def test_the_same_piece_is_the_same_to_the_bit(tmp_path, library):
    folder, _ = library
    wav = Piece(5)

    render(tmp_path, progress=lambda _: [wav])

    assert (tmp_path / wav.path).read_bytes() == (folder / wav.path).read_bytes()


def test_a_folder_with_anything_else_in_it_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")

    with pytest.raises(UsageError, match="not empty"):
        render(tmp_path)

    assert [file.name for file in tmp_path.iterdir()] == ["mine.txt"]


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(UsageError, match="file/demo: Not a directory"):
        render(tmp_path / "file" / "demo")


def test_the_command_says_where_the_library_is(tmp_path, capsys):
    for number in range(PIECES):  # so that nothing is left to render
        path = tmp_path / Piece(number).path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (tmp_path / MARK).touch()

    demo(tmp_path)

    assert f"{PIECES} pieces" in capsys.readouterr().out
