"""Gives every thread its name in the kernel's books, too, wherever PYTHONPATH leads here."""

import threading
from pathlib import Path

run = threading.Thread.run


def run_named(thread):
    """Do what the thread does, under its name."""
    Path(f"/proc/self/task/{thread.native_id}/comm").write_text(thread.name)
    run(thread)


threading.Thread.run = run_named
