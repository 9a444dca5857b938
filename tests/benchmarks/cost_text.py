"""What the contenders take, in words and tables."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import cost
import five
from table import Row, table
from throughput import FILES

Facts = Mapping[str, Any]
HOST = "model host"


def section(spent: Facts) -> Iterator[str]:
    """Yield the paragraphs and tables of what `cost.measured` returns."""
    yield "## Cost"
    yield (
        "CPU seconds per file in a child with one thread, warmed up on a short sound; median "
        f"of {cost.REPEATS}, but {' and '.join(cost.SLOW)} once, as Ogg. {_networks(spent)}"
    )
    yield _files(spent["files"], _cpu, "{:.2f}")
    yield "Peak resident memory in MB, libraries and warm-up included."
    yield _files(spent["files"], _peaks, "{:.0f}")
    yield "### Large files, and what MEMORY_OPTIMIZATION_ENABLED saves"
    yield (
        "Off, the whole file is decoded at its own rate before it is heard. One track over and "
        "over, peak MB; the saving once claimed for such files is 75 %."
    )
    yield _large(spent["large"])
    yield "### Long files"
    yield "The frames of one MP3 of 128 kbit/s, 44.1 kHz stereo, over and over."
    yield _long(spent["long"])
    yield "### Files an hour"
    yield f"{FILES} times the same Ogg file of 4 minutes through the pool, all workers warm."
    yield _pool(spent["pool"])
    yield "### Five ways to run it"
    yield (
        f"`playlista analyze` on {five.FILES} MP3 of {five.MINUTES} minutes, from its start to "
        "the playlists on disk; the peak (PSS) is that of all its processes together. Beside it "
        "what an earlier playlista says of itself, on another machine."
    )
    yield five.text(spent["five"])


def _networks(spent: Facts) -> str:
    """Say who computed an embedding, for without one the tiers are cheap."""
    if any(row["costs"]["playlista full"]["embedding"] for row in spent["files"]):
        mine = "The full tier gives MusiCNN's embedding; its model host's time is counted."
    else:
        mine = "The full tier has no embedding yet."
    if spent["graphdef"]:
        return f"{mine} The earlier way has MusiCNN's, by essentia's TensorFlow."
    return (
        f"{mine} The earlier way went without MusiCNN: there is no msd-musicnn.pb in "
        "STATE_PATH/models, where `playlista models fetch` writes it."
    )


def _cpu(costs: Facts) -> Mapping[str, float]:
    return {name: found["cpu_s"] for name, found in costs.items()}


def _peaks(costs: Facts) -> Mapping[str, float]:
    """Return the peak of each contender, and that of the model host where there is one."""
    peaks = {name: found["peak_mb"] for name, found in costs.items()}
    host_mb = max(found["host_mb"] for found in costs.values())
    return peaks | ({HOST: host_mb} if host_mb else {})


def _files(rows: Iterable[Facts], values: Callable[[Facts], Mapping[str, float]], form: str) -> str:
    found = [(row["track"], row["kind"], values(row["costs"])) for row in rows]
    columns = [*cost.CONTENDERS, HOST]
    names = [name for name in columns if any(name in those for *_, those in found)]
    lines = [
        (track, kind, *(form.format(those[name]) if name in those else "—" for name in names))
        for track, kind, those in found
    ]
    return table(("Track", "File", *names), lines)


def _large(rows: Iterable[Facts]) -> str:
    lines = [
        (
            f"{row['mb']} MB {row['kind'].partition('_')[0].upper()}",
            row["name"],
            f"{row['off']['peak_mb']:.0f}",
            f"{row['on']['peak_mb']:.0f}",
            f"{100 * (1 - row['on']['peak_mb'] / row['off']['peak_mb']):.0f} %",
        )
        for row in rows
    ]
    return table(("File", "", "Off", "On", "Less"), lines)


def _long(rows: Iterable[Facts]) -> str:
    lines: list[Row] = []
    for row in rows:
        cpu = _cpu(row["costs"])
        for name, peak_mb in _peaks(row["costs"]).items():
            spent = f"{cpu[name]:.1f}" if name in cpu else "—"
            lines.append((row["minutes"], name, spent, f"{peak_mb:.0f}"))
    return table(("Minutes", "", "CPU s", "Peak MB"), lines)


def _pool(rows: Iterable[Facts]) -> str:
    lines = [(row["tier"], row["workers"], f"{row['files_per_hour']:,.0f}") for row in rows]
    return table(("Tier", "Workers", "Files an hour"), lines)
