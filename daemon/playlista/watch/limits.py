"""How much of inotify the kernel allows a user.

Source:
    inotify(7), namespaces(7): in a user namespace the limits of all around it hold, too.
"""

from contextlib import suppress
from pathlib import Path


def watches() -> int | None:
    """Return how many folders may be watched; None when that cannot be read."""
    return _lowest("fs/inotify/max_user_watches", "user/max_inotify_watches")


def instances() -> int | None:
    """Return how many observers there may be; None when that cannot be read."""
    return _lowest("fs/inotify/max_user_instances", "user/max_inotify_instances")


def _lowest(*names: str) -> int | None:
    found = []
    for name in names:
        with suppress(OSError, ValueError):
            found.append(int(Path("/proc/sys", name).read_text("ascii")))
    return min(found, default=None)
