"""Real pressure on memory, and the drawing of it."""

import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import plot
import pressure
from pressure import Sample, Trace

pytestmark = pytest.mark.timeout(300)  # whichever comes first makes the trace

FAILSAFE = 0.85
GIVEN_UP_S, BACK_S = 5.0, 15.0
SERVICE = 250_000_000
"""Measured, in bytes: the daemon's own process 48 million, a worker of the full tier 186."""


@pytest.fixture(scope="module")
def trace(compiled, memory_controller):  # noqa: ARG001 - it skips
    return pressure.trace(compiled)


@pytest.fixture(scope="module")
def shortage(trace) -> list[Sample]:
    """From the first sample at the failsafe to the last."""
    short = [n for n, sample in enumerate(trace.samples) if sample.used >= FAILSAFE]
    return trace.samples[short[0] : short[-1] + 1]


@pytest.mark.heavy
def test_under_pressure_the_kernel_kills_nobody(trace):
    assert trace.oom_kills == 0


@pytest.mark.heavy
def test_under_pressure_nothing_is_leased_from_the_first_look_at_the_failsafe(shortage):
    *during, _ = shortage  # in the last one memory may have been free again and not yet shown

    assert {sample.leases for sample in during} == {shortage[0].leases}


@pytest.mark.heavy
def test_under_pressure_all_workers_but_one_are_gone_in_time_and_their_memory_with_them(shortage):
    later = [s for s in shortage if s.at_s >= shortage[0].at_s + GIVEN_UP_S]

    assert later
    assert max(sample.alive for sample in later) <= 1
    assert max(sample.parent + sample.children for sample in later) <= SERVICE


@pytest.mark.heavy
def test_after_pressure_all_workers_listen_again_in_time(trace):
    back = next(s for s in trace.samples if s.at_s > trace.ended_s and s.busy == pressure.WORKERS)

    assert back.at_s - trace.ended_s <= BACK_S
    assert back.leases > trace.samples[0].leases


def test_a_trace_is_drawn_as_steps_over_its_whole_length():
    samples = [
        Sample(at_s=n, used=0.5, target=2, busy=2, alive=2, leases=n, parent=10, children=20)
        for n in range(11)
    ]

    drawn = ET.fromstring(pressure.drawing(Trace(samples, 3.0, 6.0, 0)))

    lines = [
        path.get("d") for path in drawn.findall(".//{*}path") if path.get("stroke") in plot.COLOURS
    ]
    assert len(lines) == 2 + 2 + 1
    assert all(line.endswith(f"H{plot.WIDTH}") for line in lines)
    assert lines[-1].count("V") == len(samples) - 1
    shaded = [rect for rect in drawn.findall(".//{*}rect") if rect.get("fill") == "#eee"]
    assert {(r.get("x"), r.get("width")) for r in shaded} == {
        (f"{plot.WIDTH * 0.3:.0f}", f"{plot.WIDTH * 0.3:.0f}")
    }


def test_the_committed_drawing_is_whole():
    assert ET.parse(pressure.DRAWING).getroot().tag.endswith("svg")
