"""The wheel holds the whole package, and runs away from the checkout."""

import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (made,) = folder.glob("*.whl")
    return made


def test_the_wheel_holds_every_file_of_the_package(wheel):
    package = ROOT / "daemon"
    ours = {
        str(file.relative_to(package))
        for file in (package / "playlista").rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }

    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}

    assert packed == ours


def test_the_wheel_brings_the_licence(wheel):
    with zipfile.ZipFile(wheel) as archive:
        assert any(name.endswith("/licenses/LICENSE") for name in archive.namelist())


def test_the_installed_command_runs_without_the_checkout(wheel, tmp_path):
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    alone = {**os.environ, "PYTHONPATH": str(tmp_path)}

    where = subprocess.run(
        [sys.executable, "-c", "import playlista; print(playlista.__file__)"],
        cwd=tmp_path, env=alone, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    told = subprocess.run(
        [sys.executable, "-m", "playlista", "--help"],
        cwd=tmp_path, env=alone, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip

    assert Path(where.strip()).is_relative_to(tmp_path)
    assert "analyze" in told


def test_the_version_is_written_once_for_people_and_once_for_the_program():
    from importlib.metadata import version

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]

    assert version("playlista") == project["version"]
