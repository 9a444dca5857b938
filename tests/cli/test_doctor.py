import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from writers import NOBODY, NOBODY_WITH_CAP_LEASE, needs_root, public_folder


@pytest.fixture
def healthy(home, tmp_path):
    """A home in which nothing of its own is wrong."""
    (tmp_path / "Music").mkdir()
    home.keys["PLAYLISTA_MUSIC_PATHS"] = str(tmp_path / "Music")
    home.keys["PLAYLISTA_MEMORY_FAILSAFE_PERCENT"] = "100"
    return home


def findings(home):
    done = home.run("doctor", "--json")
    assert done.stderr == ""
    found = {finding["what"]: finding for finding in json.loads(done.stdout)}
    assert done.returncode == (1 if any(f["remedy"] for f in found.values()) else 0)
    return found


def test_a_folder_that_can_be_read_needs_nothing(healthy):
    found = findings(healthy)

    music = found[f"music {healthy.keys['PLAYLISTA_MUSIC_PATHS']}"]
    assert music["remedy"] is None
    assert music["found"].startswith("readable")
    assert found["SQLite"]["remedy"] is None
    assert found["memory"]["remedy"] is None


def test_whether_writers_are_told_from_readers_is_asked_of_the_files_themselves(healthy):
    music = healthy.keys["PLAYLISTA_MUSIC_PATHS"]
    assert f"writers in {music}" not in findings(healthy)
    (Path(music) / "song.flac").touch()

    assert findings(healthy)[f"writers in {music}"]["found"].startswith("told")


@needs_root
@pytest.mark.needs("setpriv", "util-linux")
@pytest.mark.parametrize(
    ("who", "remedy"),
    [
        (NOBODY, "run as the owner of the music, or with CAP_LEASE as systemd/ does"),
        (NOBODY_WITH_CAP_LEASE, None),
    ],
    ids=["without CAP_LEASE", "with it"],
)
def test_the_music_of_another_user_comes_with_a_remedy(healthy, who, remedy):
    with public_folder() as folder:
        (folder / "song.flac").touch()
        keys = {"HOME": str(folder), "PLAYLISTA_MUSIC_PATHS": str(folder)}
        done = subprocess.run(
            [*who, sys.executable, "-m", "playlista", "doctor", "--json"],
            env=healthy.environ | keys,
            capture_output=True,
            text=True,
            check=False,
        )

    found = {finding["what"]: finding for finding in json.loads(done.stdout)}
    assert found[f"writers in {folder}"]["remedy"] == remedy


def test_a_missing_folder_comes_with_a_remedy(healthy):
    healthy.keys["PLAYLISTA_MUSIC_PATHS"] = "/nowhere/at/all"

    found = findings(healthy)

    assert found["music /nowhere/at/all"]["found"] == "missing"
    assert "MUSIC_PATHS" in found["music /nowhere/at/all"]["remedy"]


def test_no_folder_at_all_comes_with_a_remedy(home):
    assert "MUSIC_PATHS" in findings(home)["music folders"]["remedy"]


def test_something_that_needs_doing_is_marked_and_leaves_with_1(home):
    done = home.run("doctor")

    assert done.returncode == 1
    assert "!!" in done.stdout
    assert "set MUSIC_PATHS" in done.stdout


def test_a_port_that_answers_is_told(healthy):
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        healthy.keys["PLAYLISTA_HTTP_LISTEN"] = address
        taken = findings(healthy)[f"port {address}"]["found"]
    free = findings(healthy)[f"port {address}"]["found"]

    assert taken.startswith("answers")
    assert free == "free"


def test_the_limits_of_the_kernel_are_told(healthy):
    found = findings(healthy)

    assert found["inotify max_user_watches"]["found"].isdigit()
    assert found["processors"]["found"].endswith(" usable")
