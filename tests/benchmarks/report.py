"""Write docs/benchmarks.md: ``make bench``; nothing else on the machine should be busy."""

import importlib.metadata
import os
import platform
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import accuracy
import cost
import pieces

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "benchmarks.md"
VERSIONS = ("av", "numpy", "scipy", "librosa", "essentia-tensorflow", "bliss-audio")
ROW = Sequence[object]


def main() -> None:
    """Measure everything, and write it down."""
    start = time.monotonic()
    sys.stderr.write("accuracy: some minutes\n")
    right = accuracy.measured()
    sys.stderr.write("cost: some minutes more\n")
    spent = cost.measured()
    minutes = (time.monotonic() - start) / 60
    DOCUMENT.write_text(document(right, spent, minutes), "utf-8")
    sys.stderr.write(f"wrote {DOCUMENT}\n")


def document(right: dict[str, Any], spent: dict[str, Any], minutes: float) -> str:
    """Return the text of docs/benchmarks.md."""
    parts = (
        "# Benchmarks",
        (
            "Made by `make bench`; edits here are lost. Nothing here is asserted in the tests: "
            "times belong to a machine. Compare ratios, which were taken in one run."
        ),
        _machine(minutes),
        "## Budgets",
        _table(("Budget", "Wanted", "Measured", "Verdict"), _budgets(right, spent)),
        "## Accuracy",
        (
            f"{pieces.COUNT} pieces of {pieces.SHORTEST_S:g} to {pieces.LONGEST_S:g} s, seed "
            f"{pieces.SEED}, made by numpy and frozen before anything heard them "
            "(`tests/benchmarks/pieces.py`): no room, no rubato, no voice, no real instrument. "
            "Half of them may be used for tuning, the other half is held out. Tempo is right "
            "within 4 %, in Acc2 up to a factor of 2 or 3. Key: MIREX score. Onset error: mean "
            "distance of the onset rate from the truth, as a share of it."
        ),
        *(_accuracy(half, scores) for half, scores in right["scores"].items()),
        "### Tempo by metre, all pieces",
        _by_metre(right["heard"]),
        "### Confidence",
        "Score of the half an estimator is surer of, and of the rest, on the held-out pieces.",
        _confidence(right["scores"][pieces.Half.HELD_OUT]),
        "### Loudness: EBU Tech 3341",
        _loudness(right["loudness"]),
        "## Cost",
        (
            "CPU seconds per file in a child with one thread, warmed up on a short sound; median "
            f"of {cost.REPEATS}, but {' and '.join(cost.SLOW)} once, as Ogg. "
            "The full tier has no embedding yet."
        ),
        _bliss(spent["bliss"]),
        _files(spent["files"], "cpu_s", "{:.2f}"),
        "Peak resident memory of that child in MB, libraries and warm-up included.",
        _files(spent["files"], "peak_mb", "{:.0f}"),
        "### Long files",
        _long(spent["long"]),
        "### Files an hour",
        f"{cost.FILES} times the same Ogg file of 4 minutes through the pool, all workers warm.",
        _pool(spent["pool"]),
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


def _budgets(right: dict[str, Any], spent: dict[str, Any]) -> Iterator[ROW]:
    held = right["scores"][pieces.Half.HELD_OUT]
    for tier in ("quick", "full"):
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
    worst = max(abs(case["found"] - case["truth"]) for case in right["loudness"])
    yield _at_most("EBU 3341 cases 1 to 6, furthest off in LU", 0.1, worst)
    yield from _cost_budgets(spent)


def _cost_budgets(spent: dict[str, Any]) -> Iterator[ROW]:
    against = (
        ("quick", "bliss-audio", 1.0),
        ("full", "MusicExtractor", 0.30),
        ("full", "the earlier way", 0.20),
    )
    for tier, peer, budget in against:
        rows = [row["costs"] for row in spent["files"] if peer in row["costs"]]
        if not rows:
            yield f"CPU, {tier} ÷ {peer}", f"≤ {budget:g}", "not measured", "unknown"
            continue
        ratios = [row[f"playlista {tier}"]["cpu_s"] / row[peer]["cpu_s"] for row in rows]
        yield _at_most(f"CPU, {tier} ÷ {peer}, median of files", budget, median(ratios))
    for tier, budget in (("quick", 150), ("full", 350)):
        rows = [*spent["files"], *spent["long"]]
        peak = max(row["costs"][f"playlista {tier}"]["peak_mb"] for row in rows)
        yield _at_most(f"Peak MB of a worker, {tier}, 2 to 60 minutes", budget, round(peak))
    for tier, budget in (("quick", 10_000), ("full", 3_000)):
        (rate,) = [
            row["files_per_hour"]
            for row in spent["pool"]
            if row["tier"] == tier and row["workers"] == 2
        ]
        yield _at_least(f"Files an hour, {tier}, 2 workers", budget, round(rate))


def _at_least(what: str, wanted: float, found: float) -> ROW:
    return what, f"≥ {wanted:.3g}", f"{found:.3g}", "met" if found >= wanted else "**missed**"


def _at_most(what: str, wanted: float, found: float) -> ROW:
    return what, f"≤ {wanted:.3g}", f"{found:.3g}", "met" if found <= wanted else "**missed**"


def _accuracy(half: str, scores: dict[str, Any]) -> str:
    rows = [
        (
            name,
            f"{100 * found['acc1']:.1f}",
            f"{100 * found['acc2']:.1f}",
            f"{100 * found['key']:.1f}" if "key" in found else "—",
            f"{100 * found['onset_error']:.1f}",
        )
        for name, found in scores.items()
    ]
    head = ("", "Acc1 %", "Acc2 %", "Key %", "Onset error %")
    return f"### {half.capitalize()}\n\n{_table(head, rows)}"


def _by_metre(heard: list[dict[str, Any]]) -> str:
    rows = []
    for metre in sorted({found["metre"] for found in heard}):
        those = [found for found in heard if found["metre"] == metre]
        firsts = [
            sum(
                accuracy.acc1(found["answers"][name]["bpm"], found["truth"]["bpm"])
                for found in those
            )
            for name in accuracy.CONTENDERS
        ]
        rows.append((metre, len(those), *(f"{100 * n / len(those):.1f}" for n in firsts)))
    return _table(("Acc1 %", "Pieces", *accuracy.CONTENDERS), rows)


def _confidence(scores: dict[str, Any]) -> str:
    rows = [
        (name, what, *(f"{100 * part:.1f}" for part in found[f"{what}_by_confidence"]))
        for name, found in scores.items()
        for what in ("acc1", "key")
        if f"{what}_by_confidence" in found
    ]
    return _table(("", "Score", "Surer half %", "The rest %"), rows)


def _loudness(cases: list[dict[str, Any]]) -> str:
    rows = [(case["case"], f"{case['truth']:.1f}", f"{case['found']:.2f}") for case in cases]
    return _table(("Case", "LUFS", "Measured"), rows)


def _bliss(measured: bool) -> str:
    if measured:
        return f"bliss-audio {cost.BLISS}, its wheel from the package registry."
    return (
        f"bliss-audio {cost.BLISS} is not installed here, so it was not measured: "
        f"`.venv/bin/pip install --no-deps bliss-audio=={cost.BLISS}` and `make bench` do that."
    )


def _files(rows: list[dict[str, Any]], what: str, form: str) -> str:
    names = [name for name in cost.CONTENDERS if any(name in row["costs"] for row in rows)]
    lines = [
        (
            row["track"],
            row["kind"],
            *(
                form.format(row["costs"][name][what]) if name in row["costs"] else "—"
                for name in names
            ),
        )
        for row in rows
    ]
    return _table(("Track", "File", *names), lines)


def _long(rows: list[dict[str, Any]]) -> str:
    lines = [
        (row["minutes"], name, f"{found['cpu_s']:.1f}", f"{found['peak_mb']:.0f}")
        for row in rows
        for name, found in row["costs"].items()
    ]
    return _table(("Minutes", "", "CPU s", "Peak MB"), lines)


def _pool(rows: list[dict[str, Any]]) -> str:
    lines = [(row["tier"], row["workers"], f"{row['files_per_hour']:,.0f}") for row in rows]
    return _table(("Tier", "Workers", "Files an hour"), lines)


def _table(head: ROW, rows: Iterable[ROW]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


if __name__ == "__main__":
    main()
