import os
import resource
import subprocess
import sys
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlista.errors import OperatorError, TryAgain
from playlista.outlets.m3u8 import MARK, Song, relative, remove, render, write
from playlista.records import FileTags

FOLDER = b"/srv/lists"
names = st.binary(min_size=1, max_size=12).filter(
    lambda name: not {0, *b"/\n\r"} & set(name) and name not in {b".", b".."}
)


def song(path=b"/srv/music/a.mp3", *, duration_s=61.6, track_id=1, **tags):
    return Song(track_id, path, duration_s, FileTags(**tags))


def text(*songs, name="Slow and quiet"):
    head, entries = render(name, "slow-and-quiet", songs, FOLDER)
    return head + b"".join(entry.lines for entry in entries)


def paths(playlist):
    return [line for line in playlist.split(b"\n") if line and not line.startswith(b"#")]


def test_a_file_reads_as_servers_expect():
    assert text(song(artist="Nico", title="Étude")).decode() == (
        "#EXTM3U\n#PLAYLIST:Slow and quiet\n#PLAYLISTA:id=slow-and-quiet\n"
        "#EXTINF:62,Nico - Étude\n../music/a.mp3\n"
    )


def test_a_song_without_title_is_called_by_its_file():
    assert b"#EXTINF:62,01 Intro\n" in text(song(b"/srv/music/01 Intro.flac"))


def test_a_song_without_artist_has_a_title_alone():
    assert b"#EXTINF:62,Intro\n" in text(song(title="Intro"))


def test_a_line_break_in_a_tag_breaks_no_line():
    assert b"#EXTINF:62,A - b c\n" in text(song(artist="A", title="b\r\nc\x00"))


def test_a_path_with_a_line_break_is_left_out():
    assert paths(text(song(b"/srv/a\nb.mp3"), song(b"/srv/a\rb.mp3"), song(b"/srv/c.mp3"))) == [
        b"../c.mp3"
    ]


def test_bytes_of_a_name_are_kept_whatever_they_are():
    assert paths(text(song(b"/srv/lists/caf\xe9.mp3"))) == [b"caf\xe9.mp3"]


@pytest.mark.parametrize("name", [b"#1 hit.mp3", b" blank.mp3", b"\ttab.mp3"])
def test_a_name_that_looks_like_a_comment_or_a_blank_is_still_a_path(name):
    assert relative(b"/srv/lists/" + name, FOLDER) == b"./" + name


@given(st.lists(names, min_size=1, max_size=4), st.lists(names, max_size=3))
def test_every_path_leads_back_to_its_file(parts, folder):
    path, where = b"/" + b"/".join(parts), b"/" + b"/".join(folder)
    line = relative(path, where)

    assert os.path.normpath(where.rstrip(b"/") + b"/" + line) == os.path.normpath(path)
    assert b"//" not in line
    assert line[:1] not in {b"#", b" ", b"\t"}


@given(st.lists(names, max_size=5, unique=True), st.text(max_size=9), st.text(max_size=9))
def test_each_song_is_two_lines_whatever_its_tags(files, artist, title):
    songs = [song(b"/m/" + file, artist=artist, title=title) for file in files]
    lines = text(*songs).split(b"\n")

    assert [line[:8] for line in lines[3:-1:2]] == [b"#EXTINF:"] * len(files)
    assert len(lines) == 4 + 2 * len(files)


def test_a_written_file_is_there(tmp_path):
    assert write(tmp_path / "a.m3u8", MARK + b"new")
    assert (tmp_path / "a.m3u8").read_bytes() == MARK + b"new"


def test_a_path_may_be_bytes(tmp_path):
    write(os.fsencode(tmp_path) + b"/caf\xe9.m3u8", MARK + b"new")

    assert [os.fsencode(path.name) for path in tmp_path.iterdir()] == [b"caf\xe9.m3u8"]


def test_an_equal_file_is_left_alone(tmp_path):
    write(tmp_path / "a.m3u8", MARK + b"same")
    before = (tmp_path / "a.m3u8").stat()

    assert not write(tmp_path / "a.m3u8", MARK + b"same")
    after = (tmp_path / "a.m3u8").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_file_of_somebody_else_is_kept_under_another_name(tmp_path):
    (tmp_path / "a.m3u8").write_bytes(b"my own list")

    write(tmp_path / "a.m3u8", MARK + b"mine")

    assert (tmp_path / "a.m3u8").read_bytes() == MARK + b"mine"
    assert (tmp_path / "a.m3u8.1").read_bytes() == b"my own list"


def test_a_file_of_somebody_else_is_not_removed(tmp_path):
    (tmp_path / "a.m3u8").write_bytes(b"my own list")

    assert not remove(tmp_path / "a.m3u8")
    assert (tmp_path / "a.m3u8").exists()


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    write(tmp_path / "a.m3u8", MARK + b"old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, hard))
    try:
        with pytest.raises(OperatorError):
            write(tmp_path / "a.m3u8", MARK + b"x" * 100)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert list(tmp_path.iterdir()) == [tmp_path / "a.m3u8"]
    assert (tmp_path / "a.m3u8").read_bytes() == MARK + b"old"


def test_a_folder_that_is_away_may_come_back(tmp_path):
    with pytest.raises(TryAgain, match=r"a\.m3u8: No such file"):
        write(tmp_path / "unmounted" / "a.m3u8", MARK + b"new")


def test_a_folder_that_is_a_file_needs_a_person(tmp_path):
    (tmp_path / "folder").touch()

    with pytest.raises(OperatorError, match="Not a directory"):
        write(tmp_path / "folder" / "a.m3u8", MARK + b"new")


def test_a_removed_file_is_gone(tmp_path):
    write(tmp_path / "a.m3u8", MARK + b"old")

    assert remove(tmp_path / "a.m3u8")
    assert list(tmp_path.iterdir()) == []


def test_removing_what_is_not_there_is_no_error(tmp_path):
    assert not remove(tmp_path / "a.m3u8")


@pytest.mark.fault(46)
def test_a_reader_never_sees_half_a_file(tmp_path):
    path, versions = tmp_path / "a.m3u8", {MARK + bytes([n]) * 300_000 for n in b"ab"}
    write(path, MARK + b"a" * 300_000)
    code = (
        "import sys; from playlista.outlets.m3u8 import MARK, write\n"
        "for n in range(60): write(sys.argv[1].encode(), MARK + b'ba'[n % 2 : n % 2 + 1] * 300_000)"
    )
    with subprocess.Popen([sys.executable, "-c", code, path]) as writer:
        seen = [path.read_bytes()]
        while writer.poll() is None:
            seen.append(path.read_bytes())

    assert writer.returncode == 0
    assert set(seen) <= versions
    assert any(a != b for a, b in pairwise(seen))
