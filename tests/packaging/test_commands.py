"""The commands a newcomer types, and what continuous integration installs."""

import os
import pty
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from conftest import REAL_MUSIC

ROOT = Path(__file__).resolve().parents[2]
ALONE = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
"""The suite may itself run below make, which would tell these makes so."""


@pytest.fixture
def checkout(tmp_path):
    """A checkout whose environment is installed, with a stand-in for the program."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in ("requirements.lock", "pyproject.toml", ".venv/installed"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    program = tmp_path / ".venv/bin/playlista"
    program.parent.mkdir()
    program.write_text(
        "#!/bin/bash\n"
        "trap 'exit 0' INT TERM\n"
        'echo "$*"\n'
        '[ "$1" = run ] && while :; do sleep 0.05; done\n'
        "exit 0\n"
    )
    program.chmod(0o755)
    return tmp_path


def make(checkout, *arguments):
    return subprocess.run(
        ["make", *arguments],
        cwd=checkout, env=ALONE, capture_output=True, text=True, check=False, timeout=20,
    )  # fmt: skip


def until(terminal, text):
    seen = b""
    while text not in seen:
        seen += os.read(terminal, 1000)
    return seen.decode()


def test_make_alone_lists_what_it_can_do(checkout):
    told = make(checkout).stdout

    for command in ("run", "test", "test-faults", "check", "docs", "lock", "clean"):
        assert re.search(rf"^{command}\s+\w", told, re.MULTILINE)


@pytest.mark.parametrize("music", ["/srv/music", "~/Music", "/with space/and 'quote'"])
def test_make_run_hands_over_the_folder_and_ends_well_on_ctrl_c(checkout, music):
    master, slave = pty.openpty()
    running = subprocess.Popen(
        ["make", "run", f"MUSIC={music}"],
        cwd=checkout, env=ALONE, stdin=slave, stdout=slave, stderr=slave,
        preexec_fn=lambda: os.login_tty(slave),  # noqa: PLW1509 - its own terminal, as for a person
    )  # fmt: skip
    said = until(master, b"run ")

    os.write(master, b"\x03")

    assert running.wait(20) == 0
    assert f"run {music}" in said + os.read(master, 1000).decode()


def test_make_run_without_music_renders_the_demo_library_first(checkout):
    with subprocess.Popen(
        ["make", "run"],
        cwd=checkout, env=ALONE, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
    ) as running:  # fmt: skip
        said = [running.stdout.readline(), running.stdout.readline()]
        running.terminate()

    assert said == ["demo demo/music\n", "run demo/music\n"]


def test_without_a_python_that_will_do_one_line_says_what_to_install(checkout):
    (checkout / ".venv/installed").unlink()

    done = make(checkout, "run", "PYTHON=")

    assert done.returncode != 0
    assert "apt install python3 python3-venv" in done.stderr.splitlines()[0]


def test_every_package_that_a_test_needs_is_installed_by_ci():
    script = (ROOT / ".ci/run").read_text("utf-8")
    installed = set(re.search(r"packages=\((.*?)\)", script, re.DOTALL)[1].split())
    needed = {
        package
        for file in (ROOT / "tests").rglob("*.py")
        for package in re.findall(r'mark\.needs\("[^"]+", "([^"]+)"\)', file.read_text("utf-8"))
    }

    assert needed | set(REAL_MUSIC) <= installed


def test_ci_runs_the_commands_that_people_run():
    script = (ROOT / ".ci/run").read_text("utf-8")

    assert os.access(ROOT / ".ci/run", os.X_OK)
    assert script.rstrip().endswith(
        "make check\nmake test REQUIRE_ALL=1\nmake test-faults REQUIRE_ALL=1"
    )
