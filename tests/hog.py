"""Takes the memory of a group up to a share of its limit, holds it for a while and lets go.

``python hog.py GROUP SHARE SECONDS``, from within the group. It grows at RATE and stops short of
the limit: no governor can win against a process that does not.
"""

import os
import sys
import time
from pathlib import Path

from groups import used_ratio

PIECE = 10_000_000
RATE = 200_000_000
"""Bytes a second."""
LOOK_S = 0.05


def take(share: float, group: Path) -> list[bytes]:
    """Take memory until so much of the group's is in use."""
    taken: list[bytes] = []
    began = time.monotonic()
    while used_ratio(group) < share:
        taken.append(piece())
        time.sleep(max(0.0, began + len(taken) * PIECE / RATE - time.monotonic()))
    return taken


def hold(taken: list[bytes], share: float, group: Path, seconds: float) -> None:
    """Keep that much in use, whatever others give back."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if used_ratio(group) < share - 0.01:
            taken.append(piece())
        time.sleep(LOOK_S)


def piece() -> bytes:
    """Return bytes that are really in memory."""
    return os.urandom(PIECE // 1000) * 1000


if __name__ == "__main__":
    group, share, seconds = Path(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])
    hold(take(share, group), share, group, seconds)
