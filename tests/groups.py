"""Groups of processes with a limit on their memory: the controller of cgroup v1, as root."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from daemons import until

MEMORY = Path("/sys/fs/cgroup/memory")


@pytest.fixture(scope="session")
def memory_controller() -> None:
    """Skips what needs groups where there can be none."""
    try:
        with new_group():
            pass
    except OSError as why:
        pytest.skip(f"needs a memory controller that it may write to: {why.strerror}")


@pytest.fixture
def memory_group(memory_controller: None) -> Iterator[Path]:  # noqa: ARG001 - it skips
    """A group of processes with a memory limit of its own, in which none is yet."""
    with new_group() as group:
        yield group


@contextmanager
def new_group(parent: Path = MEMORY) -> Iterator[Path]:
    """Make a group without a limit; remove it at the end, once its last process has left.

    Raises:
        OSError: There is no such controller, or it may not be written to.
    """
    group = parent / f"playlista-{uuid.uuid4().hex[:8]}"
    group.mkdir()
    try:
        yield group
    finally:
        until(lambda: not (group / "cgroup.procs").read_text())
        group.rmdir()


def joining(group: Path) -> tuple[str, ...]:
    """Return the program that puts another, given as its arguments, into a group."""
    return "sh", "-c", 'echo $$ >"$0/cgroup.procs" && exec "$@"', str(group)


def used_ratio(group: Path) -> float:
    """Return the share of a group's limit in use, file cache that can go left out."""
    limit, usage = (
        int((group / f"memory.{name}_in_bytes").read_text()) for name in ("limit", "usage")
    )
    return (usage - _value(group / "memory.stat", "total_inactive_file")) / limit


def oom_kills(group: Path) -> int:
    """Return how many processes of a group, and of those below it, the kernel has killed."""
    controls = group.rglob("memory.oom_control")  # each counts its own alone
    return sum(_value(control, "oom_kill") for control in controls)


def pss(pid: int) -> int:
    """Return the bytes that a process holds, what it shares with others divided among them.

    None are held by a process that is gone.
    """
    try:
        return _value(Path(f"/proc/{pid}/smaps_rollup"), "Pss:") * 1024
    except OSError:
        return 0


def family(pid: int) -> list[int]:
    """Return a process and all below it."""
    return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]


def _value(file: Path, name: str) -> int:
    """Return the number behind a name at the start of a line."""
    lines = (line.split() for line in file.read_text().splitlines())
    return next(int(words[1]) for words in lines if words[0] == name)
