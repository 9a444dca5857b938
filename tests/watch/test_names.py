import pytest

from playlista.watch.names import is_ignored, is_ignored_path, is_within, join, parent

UNFINISHED = [
    b".song.flac.aB3dEf",
    b"song.flac.part",
    b"song.mp3.!qB",
    b"song.mp3.crdownload",
    b"song.temp.mp3",
    b"song.mp3.ytdl",
    b"song.flac~",
    b".syncthing.song.flac.tmp",
    b"~syncthing~song.flac.tmp",
    b"INCOMPLETE0123456789abcdef0123456789abcdefsong.mp3",
    b"SONG.PART",
]
JUNK = [b"@eaDir", b"#recycle", b".Trash-1000", b"lost+found", b"$RECYCLE.BIN", b"._song.mp3"]
MUSIC = [
    b"song.flac",
    b"Incomplete.mp3",
    b"partial.mp3",
    b"~Scape.flac",
    b"01 tmp.mp3",
    b"caf\xe9\n.mp3",
    b"...And Justice"[3:],
    b"Song Part.flac",
]


@pytest.mark.parametrize("name", UNFINISHED)
def test_an_unfinished_download_is_ignored(name):
    assert is_ignored(name)


@pytest.mark.parametrize("name", JUNK)
def test_what_a_nas_keeps_for_itself_is_ignored(name):
    assert is_ignored(name)


@pytest.mark.parametrize("name", MUSIC)
def test_music_is_not_ignored(name):
    assert not is_ignored(name)


def test_a_path_is_ignored_for_any_of_its_parts():
    assert is_ignored_path(b"album/@eaDir/song.flac")


def test_a_folder_is_within_itself_and_its_parents():
    assert is_within(b"a/b/c", {b"a/b"})
    assert is_within(b"a/b", {b"a/b"})


def test_a_neighbour_with_a_longer_name_is_not_within():
    assert not is_within(b"a/bc", {b"a/b"})


def test_everything_is_within_the_root():
    assert is_within(b"a", {b""})


def test_a_path_is_its_parent_and_its_name():
    assert (parent(b"a/b/c"), parent(b"c")) == (b"a/b", b"")
    assert (join(b"a/b", b"c"), join(b"", b"c")) == (b"a/b/c", b"c")
