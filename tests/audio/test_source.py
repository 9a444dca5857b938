import os
import socket
from pathlib import Path

import pytest

from playlista.audio.source import WINDOW_N, MappedFile, opened
from playlista.errors import FileUnavailable, NotAudio


def test_a_pipe_named_like_music_is_refused_at_once(tmp_path):
    path = tmp_path / "x.flac"
    os.mkfifo(path)

    with pytest.raises(NotAudio, match="named pipe"), opened(os.fsencode(path)):
        pass


def test_a_socket_and_a_folder_are_refused(tmp_path):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s.mp3"))
        with pytest.raises(NotAudio, match="socket"), opened(os.fsencode(tmp_path / "s.mp3")):
            pass
    with pytest.raises(NotAudio, match="folder"), opened(os.fsencode(tmp_path)):
        pass


def test_a_missing_file_can_be_tried_again():
    with pytest.raises(FileUnavailable, match="No such file"), opened(b"/nowhere/x.mp3"):
        pass


def test_a_failing_disk_inside_the_block_can_be_tried_again(tmp_path):
    path = tmp_path / "x.mp3"
    path.write_bytes(b"x")

    with pytest.raises(FileUnavailable, match="Input/output"), opened(os.fsencode(path)):
        raise OSError(5, "I/O")


def test_a_name_that_is_no_utf8_opens(tmp_path):
    path = os.fsencode(tmp_path) + b"/caf\xe9.mp3"
    Path(os.fsdecode(path)).write_bytes(b"x")

    with opened(path) as file:
        assert file.read() == b"x"


def test_a_symbolic_link_is_followed(tmp_path):
    (tmp_path / "a").write_bytes(b"x")
    (tmp_path / "b.mp3").symlink_to("a")

    with opened(os.fsencode(tmp_path / "b.mp3")) as file:
        assert file.read() == b"x"


def test_a_mapped_file_reads_like_the_file_across_its_windows(tmp_path):
    path = tmp_path / "x"
    content = os.urandom(1 << 16) * (WINDOW_N // (1 << 16) + 3)
    path.write_bytes(content)

    with path.open("rb") as file:
        mapped = MappedFile(file)
        pieces = []
        while piece := mapped.read(5_000_001):
            pieces.append(piece)
        assert b"".join(pieces) == content
        assert mapped.seek(-10, os.SEEK_END) == len(content) - 10
        assert mapped.read() == content[-10:]
        mapped.close()


def test_opening_does_not_leak_descriptors(tmp_path):
    path = tmp_path / "x.mp3"
    path.write_bytes(b"x")
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        with opened(os.fsencode(path)):
            pass

    assert len(list(Path("/proc/self/fd").iterdir())) == before
