"""Goal 1: nothing that the daemon does touches a music folder."""

import shutil
import signal

import sounds
from daemons import PIECES, piece, until


def snapshot(folder):
    """Everything about a folder that must stay: bytes, names, owners, modes and times but atime."""
    return {path: _facts(path) for path in (folder, *folder.rglob("*"))}


def _facts(path):
    stat = path.lstat()
    whose = (stat.st_ino, stat.st_mode, stat.st_uid, stat.st_gid, stat.st_nlink)
    when = (stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)
    return whose, when, path.read_bytes() if path.is_file() else None


def test_music_folders_are_untouched_by_all_of_it(make_home, music, start, tmp_path):
    shutil.copytree(music, tmp_path / "library")
    (tmp_path / "library" / "text.mp3").write_text("no music")
    (tmp_path / "library" / "empty").mkdir()
    sounds.write(tmp_path / "library" / "own.wav", piece(PIECES))
    before = snapshot(tmp_path / "library")
    home = make_home(tmp_path / "library")

    assert home.facts("analyze")["analysed"] == PIECES + 1
    daemon = start(home)
    until(lambda: daemon.at_rest(PIECES + 2))
    daemon.signal(signal.SIGKILL)
    daemon.ended()
    assert home.call("failures", "--retry").returncode == 0
    again = start(home)
    until(
        lambda: (
            again.at_rest(PIECES + 2)
            and again.metric('analyses_total{outcome="failed",tier="full"}')
        )
    )
    again.stop()

    assert snapshot(tmp_path / "library") == before
