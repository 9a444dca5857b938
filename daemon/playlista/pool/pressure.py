"""How long work waits: pressure stall information, as the kernel averages it over 10 s.

Source: the kernel's Documentation/accounting/psi.rst
"""

from pathlib import Path
from typing import Literal

from playlista.units import Ratio


def waiting(file: Path, tasks: Literal["some", "full"]) -> Ratio | None:
    """Return the share of the last 10 s in which tasks waited.

    Args:
        file: A pressure file: of the machine, or of a control group of version 2.
        tasks: ``some``: at least one of them; ``full``: all that had something to do.

    Returns:
        None where the kernel does not say.
    """
    try:
        lines = file.read_text().splitlines()
    except OSError:  # no such file, or PSI is compiled in and switched off
        return None
    line = next((line for line in lines if line.startswith(tasks)), None)
    if line is None:
        return None
    averages = dict(pair.split("=") for pair in line.split()[1:])
    return Ratio(float(averages["avg10"]) / 100)
