"""Why a change in a root may give no event, and what a person can do about it.

Nothing is lost by it: such a root is looked through more often instead (ADR 0006).
"""

import errno
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from playlista import mounts
from playlista.errors import printable


class Reason(StrEnum):
    """Kinds of doubt."""

    WATCHES = "watches"
    INSTANCES = "instances"
    NETWORK = "network"
    LAYERS = "layers"
    REFUSED = "refused"
    LOST = "lost"
    UNREADABLE = "unreadable"
    TWICE = "twice"


@dataclass(frozen=True, slots=True)
class Doubt:
    """One reason, in words that name the remedy where there is one."""

    reason: Reason
    why: str


INSTEAD: Final = "give no event: it is scanned every SCAN_INTERVAL_NETWORK_SECONDS"
WATCHES: Final = Doubt(
    Reason.WATCHES,
    "the kernel's limit of watched folders is reached: raise fs.inotify.max_user_watches",
)
INSTANCES: Final = Doubt(
    Reason.INSTANCES,
    "the kernel's limit of inotify instances is reached: raise fs.inotify.max_user_instances",
)


def of_kind(kind: bytes) -> Doubt | None:
    """Return what is in doubt on a type of file system; None when nothing is."""
    if kind in mounts.NETWORK:
        return Doubt(Reason.NETWORK, f"on {kind.decode()}, changes by other machines {INSTEAD}")
    if mounts.is_layer(kind):
        return Doubt(Reason.LAYERS, f"on {kind.decode()}, changes beneath it {INSTEAD}")
    return None


def of_places(kinds: Mapping[bytes, bytes]) -> Doubt | None:
    """Return what is in doubt of the first of some mounts below a root, by their paths."""
    for place in sorted(kinds):
        if (doubt := of_kind(kinds[place])) is not None:
            return Doubt(doubt.reason, f"{printable(place)}: {doubt.why}")
    return None


def of_error(error: OSError) -> Doubt:
    """Return why no observer could be had."""
    match error.errno:
        case errno.ENOSPC:
            return WATCHES
        case errno.EMFILE:
            return INSTANCES
    return Doubt(Reason.REFUSED, error.strerror or str(error))


def twice(folder: bytes) -> Doubt:
    """Return what is in doubt of a folder, relative to the root, that a mount shows again."""
    name = printable(folder)
    return Doubt(Reason.TWICE, f"{name} has another name below it: changes under one {INSTEAD}")
