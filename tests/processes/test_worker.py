"""The circumstances a worker finds itself in."""

import os

import pytest

NAMES = [
    "NOTIFY_SOCKET",
    "WATCHDOG_PID",
    "WATCHDOG_USEC",
    "LISTEN_FDS",
    "OMP_NUM_THREADS",
    "HOME",
]


@pytest.fixture
def found(make_pool, monkeypatch, tmp_path):
    """What a worker tells of its circumstances."""
    for name in NAMES:
        monkeypatch.setenv(name, "from the parent")
    with (tmp_path / "watched").open("w") as file:
        os.set_inheritable(file.fileno(), True)
        pool = make_pool("circumstances", env={"OMP_NUM_THREADS": "1"}, nice=5)
        pool.submit("track", NAMES, 30.0)
        (outcome,) = pool.collect(20.0)
    return outcome.value | {"pid": outcome.pid, "file": str(tmp_path / "watched")}


def test_a_worker_does_not_speak_to_systemd(found):
    assert [found["env"][name] for name in NAMES[:4]] == [None] * 4


def test_a_worker_has_the_rest_of_the_environment_and_what_it_is_given(found):
    assert found["env"]["HOME"] == "from the parent"
    assert found["env"]["OMP_NUM_THREADS"] == "1"


def test_a_worker_gives_way(found):
    assert found["nice"] == os.nice(0) + 5
    assert found["oom"] == 900
    assert found["io"] == "IOPRIO_CLASS_IDLE"


@pytest.mark.fault(38)
def test_a_worker_inherits_no_file(found):
    assert found["file"] not in found["fds"]


def test_a_worker_leads_a_session_of_its_own(found):
    assert found["session"] == found["pid"]


def test_a_worker_does_not_import_from_where_it_happens_to_be(found):
    assert os.getcwd() not in found["path"]  # noqa: PTH109 - as sys.path has it
