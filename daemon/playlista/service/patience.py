"""Waiting, at the start, for a database that is locked or has no room yet."""

import logging
import time
from collections.abc import Callable
from typing import Final, TypeVar

from playlista.errors import OperatorError, StoreBusy
from playlista.service.notify import Notifier
from playlista.service.signals import Signals
from playlista.units import Seconds

PATIENCE_S: Final = 150.0
"""Above StartLimitIntervalSec / StartLimitBurst of the unit: it may start us anew for ever."""
ATTEMPT_S: Final = Seconds(900.0)
"""Allowed for one attempt: a guess, for looking at every page of a large database on a disk."""
PAUSE_S: Final = Seconds(1.0)

Begun = TypeVar("Begun")

log = logging.getLogger(__name__)


def patiently(begin: Callable[[], Begun], signals: Signals, notifier: Notifier) -> Begun | None:
    """Try until it works, and say meanwhile what is waited for.

    Args:
        begin: What needs the database.
        signals: Who may call it off.
        notifier: Systemd, which is asked to wait as well.

    Returns:
        What ``begin`` returns; None when the daemon is to stop.

    Raises:
        OperatorError: It takes too long; with exit status 1, so that systemd starts us again.
    """
    patient_until = time.monotonic() + PATIENCE_S
    told = None
    while not signals.stop:
        notifier.extend(ATTEMPT_S)
        try:
            return begin()
        except StoreBusy as busy:
            if time.monotonic() > patient_until:
                raise OperatorError(f"{busy.what}: waited {PATIENCE_S:g} s in vain") from busy
            if busy.what != told:
                told = busy.what
                log.warning("waiting: %s", told)
                notifier.status(f"waiting: {told}")
        signals.wait(PAUSE_S)
    return None
