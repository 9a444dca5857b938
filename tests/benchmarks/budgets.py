"""What was promised, beside what was measured."""

from collections.abc import Iterable, Iterator, Mapping
from statistics import median
from typing import Any

from pieces import Half
from table import Row

Facts = Mapping[str, Any]

TIERS = ("quick", "full")
AGAINST = (
    ("quick", "bliss-audio", 1.0),
    ("full", "MusicExtractor", 0.30),
    ("full", "the earlier way", 0.20),
)
WORKER_MB = {"quick": 150, "full": 350}
HOST_MB = 200
FILES_PER_HOUR = {"quick": 10_000, "full": 3_000}


def verdicts(right: Facts, spent: Facts) -> Iterator[Row]:
    """Yield rows of budget, what is wanted, what was measured, and the verdict.

    Args:
        right: What `accuracy.measured` returns.
        spent: What `cost.measured` returns.
    """
    held_out = {maker: halves[Half.HELD_OUT] for maker, halves in right["scores"].items()}
    for tier in TIERS:
        yield from _on_pieces(tier, held_out["pieces"])
    for tier in TIERS:
        yield from _on_midi(tier, held_out.get("midi"))
    worst = max(abs(case["found"] - case["truth"]) for case in right["loudness"])
    yield _at_most("EBU 3341 cases 1 to 6, furthest off in LU", 0.1, worst)
    for tier, peer, budget in AGAINST:
        yield _at_most(
            f"CPU, {tier} ÷ {peer}, median of files", budget, _ratio(tier, peer, spent["files"])
        )
    for tier, budget in WORKER_MB.items():
        yield _at_most(
            f"Peak MB of a worker, {tier}, 3 minutes to 10 hours",
            budget,
            _peak("peak_mb", _usual(f"playlista {tier}", spent)),
        )
    host = _peak("host_mb", _usual("playlista full", spent))
    yield _at_most("Model host peak MB", HOST_MB, host or None)
    for tier, budget in FILES_PER_HOUR.items():
        yield _at_least(f"Files an hour, {tier}, 2 workers", budget, _two(tier, spent["pool"]))


def _on_pieces(tier: str, held: Facts) -> Iterator[Row]:
    mine, es, lr = held[f"playlista {tier}"], held["essentia"], held["librosa"]
    yield _at_least(f"Tempo Acc2, {tier}, held out", 0.97, mine["acc2"])
    yield _at_least(f"Tempo Acc1, {tier}, held out", 0.80, mine["acc1"])
    yield _at_least(
        f"Tempo Acc1, {tier}, beside essentia and librosa",
        max(es["acc1"], lr["acc1"]),
        mine["acc1"],
    )
    yield _at_least(
        f"Key, {tier}, held out, beside KeyExtractor", max(0.85, es["key"]), mine["key"]
    )
    yield _at_most(f"Onset rate error, {tier}, held out", 0.10, mine["onset_error"])
    for name in ("acc1", "key"):
        surer, rest = mine[f"{name}_by_confidence"]
        yield _at_least(f"Surer half's {name}, {tier}, over the rest's", rest, surer)


def _on_midi(tier: str, held: Facts | None) -> Iterator[Row]:
    mine = held[f"playlista {tier}"] if held else {}
    peer = held["essentia"]["key"] if held else 0.0
    what = f"{tier}, MIDI, held out"
    yield _at_least(f"Key, {what}, beside KeyExtractor", max(0.85, peer), mine.get("key"))
    yield _at_most(f"Onset rate error, {what}", 0.10, mine.get("onset_error"))


def _ratio(tier: str, peer: str, files: Iterable[Facts]) -> float | None:
    costs = [row["costs"] for row in files if peer in row["costs"]]
    ratios = [found[f"playlista {tier}"]["cpu_s"] / found[peer]["cpu_s"] for found in costs]
    return median(ratios) if ratios else None


def _usual(name: str, spent: Facts) -> list[Facts]:
    """Return all that a contender took at the settings that are the default."""
    rows = [row["costs"][name] for row in (*spent["files"], *spent["long"])]
    return rows + [row["on"] for row in spent["large"] if row["name"] == name]


def _peak(what: str, costs: Iterable[Facts]) -> int:
    return round(max(found[what] for found in costs))


def _two(tier: str, pool: Iterable[Facts]) -> int:
    (row,) = (row for row in pool if row["tier"] == tier and row["workers"] == 2)
    return round(row["files_per_hour"])


def _at_least(what: str, wanted: float, found: float | None) -> Row:
    return _verdict(what, f"≥ {wanted:.3g}", found, found is not None and found >= wanted)


def _at_most(what: str, wanted: float, found: float | None) -> Row:
    return _verdict(what, f"≤ {wanted:.3g}", found, found is not None and found <= wanted)


def _verdict(what: str, wanted: str, found: float | None, met: bool) -> Row:
    if found is None:
        return what, wanted, "not measured", "unknown"
    return what, wanted, f"{found:.3g}", "met" if met else "**missed**"
