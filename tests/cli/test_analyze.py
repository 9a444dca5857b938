import shutil
import signal
import subprocess
import sys
import time

import pytest

from playlista.store.database import reading
from playlista.store.library import counts
from sounds import noise, tone, write

PLENTY = 40


def test_the_seeds_spelling_analyses_and_says_what_it_did(heard):
    told = (heard.state / "told").read_text()

    assert "8 analysed now; 9 tracks" in told
    assert "1 could not be analysed: `playlista failures` tells why" in told
    assert "━" not in told


def test_a_second_pass_has_nothing_to_do(heard, music, tmp_path):
    copy = type(heard)(tmp_path)
    shutil.copytree(heard.folder, tmp_path, dirs_exist_ok=True)
    before = {path: path.stat().st_mtime_ns for path in (copy.state / "playlists").iterdir()}

    summary = copy.facts("analyze", "--fast_mode", music)

    assert (summary["analysed"], summary["tracks"]["quick"]) == (0, 8)
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_failures_are_tried_again_when_asked(heard, tmp_path):
    copy = type(heard)(tmp_path)
    shutil.copytree(heard.folder, tmp_path, dirs_exist_ok=True)

    done = copy.run("failures", "--retry")

    assert done.stdout == "1 tracks are queued again\n"
    assert copy.facts("failures") == []


def test_a_configured_folder_that_is_not_there_is_told(home, tmp_path):
    home.keys["PLAYLISTA_MUSIC_PATHS"] = f"{tmp_path}/unplugged"
    home.run("analyze")

    again = home.run("analyze")

    assert again.returncode == 0
    assert f"{tmp_path}/unplugged is offline: No such file or directory" in again.stdout


def test_music_of_an_unplugged_disk_does_not_keep_it_waiting(home, tmp_path):
    music = tmp_path / "music"
    music.mkdir()
    write(music / "a.wav", tone(0.5))
    home.keys["PLAYLISTA_MIN_MEMORY_FOR_FULL_ANALYSIS_GB"] = "100000"
    assert home.facts("analyze", music)["backlog"]["ready"] == 1
    music.rename(tmp_path / "unplugged")
    del home.keys["PLAYLISTA_MIN_MEMORY_FOR_FULL_ANALYSIS_GB"]
    home.keys["PLAYLISTA_MUSIC_PATHS"] = str(music)

    done = home.run("analyze")

    assert done.returncode == 0
    assert "0 analysed now; 1 tracks" in done.stdout


def test_the_full_tier_without_memory_for_it_is_left_for_later(home, tmp_path):
    music = tmp_path / "music"
    music.mkdir()
    write(music / "a.wav", tone(0.5))
    home.keys["PLAYLISTA_MIN_MEMORY_FOR_FULL_ANALYSIS_GB"] = "100000"

    done = home.run("analyze", music)

    assert done.returncode == 0
    assert "1 analysed now" in done.stdout
    assert "MIN_MEMORY_FOR_FULL_ANALYSIS_GB" in done.stdout


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_stopped_by_the_user_it_keeps_what_was_finished(home, tmp_path, sign):
    music = tmp_path / "music"
    music.mkdir()
    for number in range(PLENTY):
        write(music / f"{number}.wav", noise(10, seed=number, rate=22050), rate=22050)
    child = subprocess.Popen(
        [sys.executable, "-m", "playlista", "analyze", "-w", "1", music],
        env=home.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )

    deadline = time.monotonic() + 40
    while not finished(home) and time.monotonic() < deadline:
        time.sleep(0.05)
    child.send_signal(sign)
    out, err = child.communicate(timeout=20)

    assert child.returncode == 130
    assert (out, err) == (
        "",
        "playlista: stopped; what was finished is kept, the same command goes on\n",
    )
    assert 0 < finished(home) < PLENTY


def finished(home):
    path = home.state / "playlista.db"
    if not path.exists():
        return 0
    try:
        with reading(path) as read:
            return counts(read)["full"]
    except Exception:  # noqa: BLE001 - it is only just being made
        return 0


def test_bench_measures_both_tiers(home, tmp_path):
    write(tmp_path / "a.wav", tone(1))
    write(tmp_path / "b.wav", tone(1, 880))
    (tmp_path / "c.txt").write_text("no music")

    rows = home.facts("bench", "--files", "2", tmp_path)

    assert [(row["tier"], row["files"], row["failed"]) for row in rows] == [
        ("quick", 2, 0),
        ("full", 2, 0),
    ]
    for row in rows:
        assert row["seconds_per_file"] > 0
        assert row["files_per_hour"] == pytest.approx(3600 / row["seconds_per_file"], abs=1)
        assert row["peak_mb"] > 10


def test_bench_without_music_says_so(home, tmp_path):
    done = home.run("bench", tmp_path)

    assert done.returncode == 2
    assert "no music found" in done.stderr


def test_a_folder_that_is_not_there_is_a_usage_error(home):
    done = home.run("analyze", "/not/there")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "playlista: /not/there is not a folder\n"
