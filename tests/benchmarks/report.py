"""Write docs/benchmarks.md: ``make bench``; nothing else on the machine should be busy."""

import importlib.metadata
import os
import platform
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import accuracy
import accuracy_text
import budgets
import cost
import cost_text
import tracks
from budgets import Facts
from table import table

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "benchmarks.md"
VERSIONS = ("av", "numpy", "scipy", "librosa", "essentia-tensorflow", "bliss-audio")


def main() -> None:
    """Measure everything, and write it down."""
    if packages := tracks.absent():
        sys.exit(f"needs real music: apt install {' '.join(packages)}")
    start = time.monotonic()
    sys.stderr.write("accuracy: some minutes\n")
    right = accuracy.measured()
    sys.stderr.write("cost: some twenty minutes\n")
    spent = cost.measured()
    minutes = (time.monotonic() - start) / 60
    DOCUMENT.write_text(document(right, spent, minutes), "utf-8")
    sys.stderr.write(f"wrote {DOCUMENT}\n")


def document(right: Facts, spent: Facts, minutes: float) -> str:
    """Return the text of docs/benchmarks.md."""
    parts = (
        "# Benchmarks",
        (
            "Made by `make bench`; edits here are lost. Nothing here is asserted in the tests: "
            "times belong to a machine. Compare ratios, which were taken in one run."
        ),
        _machine(minutes),
        *_absent(right, spent),
        "## Budgets",
        table(("Budget", "Wanted", "Measured", "Verdict"), budgets.verdicts(right, spent)),
        *accuracy_text.section(right),
        *cost_text.section(spent),
    )
    return "\n\n".join(parts) + "\n"


def _machine(minutes: float) -> str:
    versions = ", ".join(f"{name} {_version(name)}" for name in VERSIONS)
    return (
        f"{time.strftime('%Y-%m-%d', time.gmtime())}; {platform.machine()}, {_processor()}, "
        f"{len(os.sched_getaffinity(0))} cores; Python {platform.python_version()}; {versions}. "
        f"The run took {minutes:.0f} minutes; load at its end {os.getloadavg()[1]:.1f}."
    )


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "absent"


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return "processor unknown"


def _absent(right: Facts, spent: Facts) -> Iterator[str]:
    """Say what was left out because it is not on this machine, and how to get it."""
    if "midi" not in right["scores"]:
        yield (
            "Absent: FluidSynth and its sound font, so no piece was played from MIDI: "
            "`apt install fluidsynth fluid-soundfont-gm`."
        )
    if not spent["bliss"]:
        yield (
            f"Absent: bliss-audio {cost.BLISS}, so nothing was compared with it: `make bench` "
            "installs it where the package index can be reached and has a wheel for this Python."
        )


if __name__ == "__main__":
    main()
