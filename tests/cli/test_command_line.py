"""What every verb has in common: help, one line for what is wrong, and a status."""

import os
import sqlite3
import subprocess
import sys

import pytest

from playlista.store.database import Database

VERBS = (
    "run",
    "analyze",
    "status",
    "explain",
    "lists",
    "models",
    "failures",
    "doctor",
    "conf",
    "bench",
    "demo",
)


def complaint(done):
    """Return the one line on stderr."""
    (line,) = done.stderr.splitlines()
    assert done.stdout == ""
    assert line.startswith("playlista: ")
    return line


def test_help_names_every_verb(home):
    done = home.run("--help")

    assert done.returncode == 0
    assert all(f" {verb} " in done.stdout for verb in VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself(home, verb):
    done = home.run(verb, "--help")

    assert (done.returncode, done.stderr) == (0, "")
    assert "--help" in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [("frobnicate",), ("status", "--frobnicate"), ("explain",), ("analyze", "-w", "0", "/m")],
    ids=" ".join,
)
def test_a_mistyped_command_says_so_and_leaves_with_2(home, arguments):
    done = home.run(*arguments)

    assert (done.returncode, done.stdout) == (2, "")
    assert "Error" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("verb", ["analyze", "run", "bench"])
def test_no_music_folder_is_a_matter_of_usage(home, verb):
    done = home.run(verb)

    assert done.returncode == 2
    assert "MUSIC_PATHS" in complaint(done)


@pytest.mark.parametrize("verb", ["status", "lists", "failures"])
def test_without_a_database_it_says_how_to_make_one(home, verb):
    done = home.run(verb)

    assert done.returncode == 65
    assert "playlista analyze" in complaint(done)


def test_a_damaged_database_is_named_with_the_remedy(home, tmp_path):
    home.state.mkdir(parents=True)
    (home.state / "playlista.db").write_bytes(b"no database at all, but long enough" * 100)

    done = home.run("analyze", tmp_path)

    assert done.returncode == 65
    assert "`playlista doctor --restore`" in complaint(done)


def test_a_database_newer_than_the_program_is_left_alone(home, tmp_path):
    path = home.state / "playlista.db"
    Database(path).close()
    newer = sqlite3.connect(path)
    newer.execute("PRAGMA user_version = 999")
    newer.close()

    done = home.run("analyze", tmp_path)

    assert done.returncode == 65
    assert "999" in complaint(done)


def test_beside_a_daemon_it_does_not_analyse(home, tmp_path):
    daemon = Database(home.state / "playlista.db")

    done = home.run("analyze", tmp_path)
    daemon.close()

    assert done.returncode == 75
    assert "another playlista" in complaint(done)


def test_a_bad_configuration_is_named_by_its_line(home, tmp_path):
    file = tmp_path / "a.conf"
    file.write_text("# mine\nWORKRES=2\n")

    done = home.run("status", "--config", file)

    assert done.returncode == 78
    assert complaint(done) == (
        f"playlista: {file}, line 2: unknown key WORKRES; did you mean WORKERS?"
    )


def test_a_closed_pipe_is_no_reason_for_a_traceback(heard):
    command = 'python=$1; shift; "$python" -m playlista conf | head -1'
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command, "-", sys.executable],
        env=heard.environ,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout.startswith("key")
    assert done.stderr == ""


def test_a_reader_that_left_before_the_first_line_is_no_reason_either(heard):
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "playlista", "status", "--json"],
        env=heard.environ,
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writer)

    assert done.stderr == ""


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_printed_for_the_shell(home, shell):
    done = home.run("--show-completion", shell)

    assert done.returncode == 0
    assert "_PLAYLISTA_COMPLETE" in done.stdout or "playlista" in done.stdout
