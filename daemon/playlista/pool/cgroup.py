"""Where this process stands in the trees of control groups: cgroups(7), proc(5)."""

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple


class Mount(NamedTuple):
    """One mounted tree.

    Attributes:
        root: Which of its directories is mounted, as /proc/self/cgroup names them.
        point: Where.
        controllers: v1 controllers in it; empty for v2.
        unified: True for v2.
    """

    root: PurePosixPath
    point: Path
    controllers: frozenset[str]
    unified: bool


class Group(NamedTuple):
    """One group this process is in, directly or through a descendant."""

    folder: Path
    unified: bool


def groups(controller: str, root: Path) -> list[Group]:
    """Return this process's groups under a controller, the innermost first.

    Args:
        controller: ``"memory"`` or ``"cpu"``.
        root: The root of the file system; another one for tests.

    Returns:
        Those visible from here, of v2 and of v1; none where there are no control groups.
    """
    try:
        memberships = (root / "proc/self/cgroup").read_text().splitlines()
        mounts = list(mounted(root))
    except OSError:
        return []
    found = []
    for membership in memberships:
        _, names, path = membership.split(":", 2)
        for mount in mounts:
            if mount.unified == (names == "") and (
                mount.unified or controller in mount.controllers & set(names.split(","))
            ):
                found += [Group(f, mount.unified) for f in upwards(mount, PurePosixPath(path))]
    return found


def upwards(mount: Mount, path: PurePosixPath) -> list[Path]:
    """Return the folders from a group up to the top of what is mounted.

    In a container the path may lie outside what is mounted: then the mount is the group.
    """
    inside = path.relative_to(mount.root) if path.is_relative_to(mount.root) else PurePosixPath()
    if ".." in inside.parts:
        inside = PurePosixPath()
    folder = mount.point / inside
    return [folder, *(p for p in folder.parents if p.is_relative_to(mount.point))]


def mounted(root: Path) -> Iterator[Mount]:
    """Yield the mounted trees.

    Raises:
        OSError: The list of mounts cannot be read.
    """
    text = os.fsdecode((root / "proc/self/mountinfo").read_bytes())
    # names may hold any blank but these two, which the kernel escapes
    for line in text.removesuffix("\n").split("\n"):
        place, _, kind = line.partition(" - ")
        fields, (fstype, _, options) = place.split(" "), kind.split(" ", 2)
        if fstype in {"cgroup", "cgroup2"}:
            point = root / fields[4].lstrip("/")
            controllers = frozenset(options.split(","))
            yield Mount(PurePosixPath(fields[3]), point, controllers, fstype == "cgroup2")


def number(file: Path) -> int | None:
    """Return the one number in a file; None for ``max``, or when it is not there."""
    try:
        text = file.read_text().strip()
    except OSError:
        return None
    return int(text) if text.lstrip("-").isdigit() else None


def field(file: Path, name: str) -> int | None:
    """Return a number from a file of ``name number`` lines; None when it is not there."""
    try:
        lines = file.read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) for line in lines if line.split()[:1] == [name]), None)
