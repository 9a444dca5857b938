import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playlista.records import Signature
from playlista.watch.scanner import Walk


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "music"
    (folder / "album").mkdir(parents=True)
    (folder / "album" / "song.flac").write_bytes(b"fLaC")
    return folder


def seen(root, at=b"", **kinds):
    return {entry.relpath for entry in Walk(os.fsencode(root), **kinds).at(at)}


def test_every_file_is_found_with_its_signature(root):
    (entry,) = Walk(os.fsencode(root)).at(b"")

    assert entry.relpath == b"album/song.flac"
    assert entry.signature == Signature.of((root / "album" / "song.flac").stat())
    assert entry.regular


def test_a_weak_signature_is_size_and_mtime(root):
    (entry,) = Walk(os.fsencode(root), weak={b""}).at(b"")
    found = (root / "album" / "song.flac").stat()

    assert entry.signature == Signature(0, 0, found.st_size, found.st_mtime_ns, 0)


def test_a_single_file_can_be_looked_at(root):
    assert seen(root, b"album/song.flac") == {b"album/song.flac"}


def test_what_is_not_there_is_nothing(root):
    walk = Walk(os.fsencode(root))

    assert not list(walk.at(b"album/none.flac"))
    assert not list(walk.at(b"album/song.flac/none.flac"))
    assert not walk.unreadable


def test_ignored_names_are_not_entered(root):
    (root / ".Trash-1000").mkdir()
    (root / ".Trash-1000" / "song.flac").touch()
    (root / "album" / "song.flac.part").touch()

    assert seen(root) == {b"album/song.flac"}


def test_our_own_folders_are_not_entered(root):
    (root / "lists").mkdir()
    (root / "lists" / "one.m3u8").touch()

    assert seen(root, excluded=frozenset({b"lists"})) == {b"album/song.flac"}
    assert seen(root, b"lists", excluded=frozenset({b"lists"})) == set()


@pytest.mark.fault(11)
def test_links_are_not_followed(root, tmp_path):
    (tmp_path / "elsewhere.flac").touch()
    (root / "loop").symlink_to(root)
    (root / "outside.flac").symlink_to(tmp_path / "elsewhere.flac")
    (root / "inside.flac").symlink_to(root / "album" / "song.flac")

    assert seen(root) == {b"album/song.flac"}


def test_a_pipe_is_reported_and_told_apart(root):
    os.mkfifo(root / "pipe.flac")

    regular = {entry.relpath: entry.regular for entry in Walk(os.fsencode(root)).at(b"")}

    assert regular == {b"album/song.flac": True, b"pipe.flac": False}


@pytest.mark.fault(12)
def test_any_bytes_can_be_a_name(root):
    names = {b"caf\xe9.flac", b"new\nline.flac", b"x" * 250 + b".flac", b" -lead.flac"}
    for name in names:
        (root / os.fsdecode(name)).touch()

    assert seen(root) == names | {b"album/song.flac"}


@pytest.mark.fault(12)
def test_a_path_too_long_for_the_kernel_is_unknown_and_not_gone(root):
    deep = os.open(root, os.O_RDONLY)
    for _ in range(17):
        os.mkdir("d" * 250, dir_fd=deep)
        below = os.open("d" * 250, os.O_RDONLY, dir_fd=deep)
        os.close(deep)
        deep = below
    os.close(deep)
    walk = Walk(os.fsencode(root))

    assert [entry.relpath for entry in walk.at(b"")] == [b"album/song.flac"]
    assert len(walk.unreadable) == 1


def test_each_folder_that_is_looked_into_is_told(root):
    (root / "album" / "inner").mkdir()
    told = []

    list(Walk(os.fsencode(root), frozenset({b"lists"}), entered=told.append).below())

    assert told == [b"", b"album", b"album/inner"]


# what sorts before a slash, what sorts after it, and what is the same up to there
NAMES = st.sampled_from(["a", "a!", "a ", "a0", "aa", "\x01", "\udcff"])
FILES = st.builds(
    lambda folders, name: "/".join([*folders, name + "x"]), st.lists(NAMES, max_size=3), NAMES
)


@settings(max_examples=50)
@given(st.sets(FILES, max_size=12), FILES)
def test_files_come_in_the_byte_order_of_their_paths_from_any_place_on(files, place):
    with tempfile.TemporaryDirectory() as folder:
        for name in files:
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        walk = Walk(os.fsencode(folder))

        everything = [entry.relpath for entry in walk.below()]
        rest = [entry.relpath for entry in walk.below(after=os.fsencode(place))]

    assert everything == sorted(map(os.fsencode, files))
    assert rest == [relpath for relpath in everything if relpath > os.fsencode(place)]
    assert not walk.unreadable


def test_what_cannot_be_seen_is_known_before_anything_that_comes_after_it(root, monkeypatch):
    (root / "b").mkdir()
    (root / "c.flac").touch()
    real = os.scandir

    def refusing(path):
        if path.endswith(b"/b"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", refusing)
    walk = Walk(os.fsencode(root))

    seen = [(entry.relpath, set(walk.unreadable)) for entry in walk.below()]

    assert seen == [(b"album/song.flac", set()), (b"c.flac", {b"b"})]
