"""Where things are unless somebody says otherwise."""

import os
from pathlib import Path


def usual_state_path() -> Path:
    """Return the folder of database and models: $STATE_DIRECTORY under systemd, else at home."""
    given = os.environ.get("STATE_DIRECTORY", "").split(":")[0]
    return Path(given) if given else Path("~/.local/state/playlista").expanduser()


def runtime_path(state_path: Path) -> Path:
    """Return the folder of what lives as long as the daemon: $RUNTIME_DIRECTORY under systemd."""
    given = os.environ.get("RUNTIME_DIRECTORY", "").split(":")[0]
    return Path(given) if given else state_path
