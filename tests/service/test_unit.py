"""The unit that ships, as systemd itself reads it."""

import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from playlista import errors
from playlista.service.patience import PATIENCE_S

UNIT = Path(__file__).parents[2] / "systemd" / "playlista.service"
PROGRAM = "/opt/playlista/bin/playlista"
MOST_EXPOSED = 20  # tenths; 1.7 measured with systemd 252


def settings() -> dict[str, list[str]]:
    found = defaultdict(list)
    for line in UNIT.read_text().splitlines():
        key, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found[key].append(value)
    return found


@pytest.mark.needs("systemd-analyze", "systemd")
def test_systemd_has_nothing_to_say_about_the_unit(tmp_path):
    text = UNIT.read_text()
    assert PROGRAM in text
    here = tmp_path / UNIT.name
    here.write_text(text.replace(PROGRAM, sys.executable))

    # an unknown key is only a warning, with status 0
    verdict = subprocess.run(
        ["systemd-analyze", "verify", here], capture_output=True, text=True, check=False
    )

    assert (verdict.stderr, verdict.returncode) == ("", 0)


@pytest.mark.needs("systemd-analyze", "systemd")
def test_the_sandbox_stays_tight():
    verdict = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", f"--threshold={MOST_EXPOSED}", UNIT],
        capture_output=True,
        text=True,
        check=False,
    )

    assert verdict.returncode == 0, verdict.stdout.splitlines()[-1]


def test_systemd_does_not_restart_what_only_a_person_can_mend():
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    statuses = {kind.exit_status for kind in kinds if issubclass(kind, errors.OperatorError)}
    (kept_down,) = settings()["RestartPreventExitStatus"]

    # not: a bug, a mistyped command line, a second Ctrl-C
    assert statuses - {1, 2, 130} <= set(map(int, kept_down.split()))


def test_systemd_never_gives_up_on_a_database_that_stays_busy():
    (interval,), (starts,) = settings()["StartLimitIntervalSec"], settings()["StartLimitBurst"]

    assert int(interval.removesuffix("min")) * 60 / int(starts) < PATIENCE_S


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        ("Type", "notify", "notify-reload is Type=simple before systemd 253"),
        ("ExecReload", "/bin/kill -HUP $MAINPID", "SIGHUP reloads"),
        ("KillMode", "mixed", "workers live on while the daemon drains"),
        ("AmbientCapabilities", "CAP_LEASE", "the music may belong to others"),
        ("CapabilityBoundingSet", "CAP_LEASE", "and nothing more"),
        ("OOMPolicy", "continue", "a worker killed for memory is no failure of the unit"),
        ("MemoryDenyWriteExecute", "no", "numba dies and TensorFlow returns zeros"),
    ],
)
def test_what_was_learnt_by_running_stays(key, value, why):
    assert settings()[key] == [value], why


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("MemoryHigh", "throttles the whole unit to a standstill"),
        ("ProcSubset", "hides /proc/meminfo from the pool"),
    ],
)
def test_what_did_harm_stays_away(key, why):
    assert key not in settings(), why


def test_the_pool_may_set_niceness_and_affinity():
    assert not any("@resources" in value for value in settings()["SystemCallFilter"])


def test_a_compiled_cache_has_a_place():
    assert "NUMBA_CACHE_DIR=%C/playlista/numba" in settings()["Environment"][0]
    assert settings()["CacheDirectory"] == ["playlista"]
