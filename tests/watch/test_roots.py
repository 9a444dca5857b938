import os

import pytest

from playlista.errors import BadConfig
from playlista.watch.presence import look
from playlista.watch.roots import checked, own_folders, resolved, rival


def test_separate_folders_are_fine(tmp_path):
    paths = checked([tmp_path / "b", tmp_path / "a", tmp_path / "a b"])

    assert paths == tuple(os.fsencode(tmp_path / name) for name in ("b", "a", "a b"))


@pytest.mark.fault(47)
def test_a_root_in_a_root_is_refused(tmp_path):
    with pytest.raises(BadConfig, match="lie in each other"):
        checked([tmp_path / "a" / "b", tmp_path / "a"])


@pytest.mark.fault(47)
def test_a_root_given_twice_is_refused(tmp_path):
    with pytest.raises(BadConfig, match="same folder"):
        checked([tmp_path, tmp_path])


def test_a_check_by_name_asks_no_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "lstat", lambda *_, **__: pytest.fail("asked"))
    monkeypatch.setattr(os, "stat", lambda *_, **__: pytest.fail("asked"))

    assert len(checked([tmp_path / "a", tmp_path / "b"])) == 2


@pytest.mark.fault(47)
def test_of_two_names_of_one_folder_the_first_is_kept(tmp_path):
    (tmp_path / "music").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "music")
    real = {name: resolved(os.fsencode(tmp_path) + b"/" + name) for name in (b"music", b"link")}

    assert rival(b"link", real) is None
    assert rival(b"music", real) == "it is the same folder as link: keep one of them only"


def test_of_two_roots_in_each_other_the_outer_one_is_kept():
    real = {b"inner": (b"a", b"b"), b"outer": (b"a",), b"beside": (b"ab",)}

    assert rival(b"inner", real) == "it lies in outer: keep the outer one only"
    assert rival(b"outer", real) is rival(b"beside", real) is None


def test_a_root_that_has_not_answered_is_no_rival():
    assert rival(b"a", {b"a": (b"x",), b"b": None}) is None
    assert rival(b"b", {b"a": (b"x",), b"b": None}) is None


def test_everything_lies_in_the_root_of_the_file_system(tmp_path):
    with pytest.raises(BadConfig, match="lie in each other"):
        checked([tmp_path, tmp_path.parents[-1]])


def test_our_folders_below_a_root_are_known(tmp_path):
    own = own_folders(
        resolved(os.fsencode(tmp_path)), [tmp_path / "a" / "lists", tmp_path.parent / "state"]
    )

    assert own == {b"a/lists"}


def test_a_root_that_is_our_playlist_folder_stays_watched(tmp_path):
    assert own_folders(resolved(os.fsencode(tmp_path)), [tmp_path]) == frozenset()


def test_a_readable_folder_is_there(tmp_path):
    (tmp_path / "song.flac").touch()
    presence = look(os.fsencode(tmp_path))

    assert presence.identity == (tmp_path.stat().st_dev, tmp_path.stat().st_ino)
    assert (presence.empty, presence.why) == (False, None)


def test_a_missing_folder_says_why(tmp_path):
    assert look(os.fsencode(tmp_path / "none")).why == "No such file or directory"


def test_a_file_is_no_root(tmp_path):
    (tmp_path / "song.flac").touch()

    assert look(os.fsencode(tmp_path / "song.flac")).why == "Not a directory"


def test_a_mount_point_with_nothing_but_our_lists_is_empty(tmp_path):
    (tmp_path / "lists").mkdir()
    (tmp_path / "lost+found").mkdir()

    assert look(os.fsencode(tmp_path), frozenset({b"lists"})).empty
