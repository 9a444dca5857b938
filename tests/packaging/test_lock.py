"""requirements.lock: exact, hashed, whole, and installable from wheels alone everywhere."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
LOCK = (ROOT / "requirements.lock").read_text("utf-8")
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
PLATFORMS = {
    "x86_64-manylinux_2_28": {},
    "aarch64-manylinux_2_28": {},
    "aarch64-apple-darwin": {"MACOSX_DEPLOYMENT_TARGET": "14.0"},  # PyAV's wheels ask for it
}


@pytest.fixture(scope="module")
def locked():
    """Name → version."""
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", LOCK, re.MULTILINE))


def wanted():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return [
        Requirement(text)
        for text in (*project["dependencies"], *project["optional-dependencies"]["dev"])
    ]


@pytest.mark.parametrize("requirement", wanted(), ids=lambda requirement: requirement.name)
def test_what_the_project_asks_for_is_locked_at_a_version_that_will_do(locked, requirement):
    version = locked[canonicalize_name(requirement.name)]

    assert requirement.specifier.contains(version, prereleases=True)


def test_every_locked_file_has_a_hash():
    entries = re.split(r"\n(?=[a-z])", LOCK)

    assert len(entries) > 50
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []


def test_the_lock_names_no_index_and_no_path():
    code = "\n".join(line.split("#")[0] for line in LOCK.splitlines())

    assert "/" not in LOCK
    assert "-index" not in code
    assert "http:" not in code


@pytest.mark.timeout(240)
@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("python", PYTHONS)
def test_every_platform_installs_from_wheels_alone(tmp_path, python, platform):
    """Asks the package index, and fetches nothing but metadata."""
    uv = Path(sys.executable).with_name("uv")
    target = ("--target", tmp_path, "--python-version", python, "--python-platform", platform)
    done = subprocess.run(
        [uv, "pip", "install", "--dry-run", "--only-binary", ":all:", "--require-hashes",
         "--requirements", ROOT / "requirements.lock", *target],
        capture_output=True, text=True, check=False, env={**os.environ, **PLATFORMS[platform]},
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    essentia = "essentia-tensorflow" in done.stderr
    assert essentia == (platform.startswith("x86_64") and python != "3.14")
