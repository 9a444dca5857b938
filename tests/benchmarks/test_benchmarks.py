"""The benchmarks' own truth: the frozen pieces and the scorers."""

import hashlib
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import pieces  # noqa: E402 - the benchmarks are no package
import report  # noqa: E402
from scores import acc1, acc2, by_confidence, mirex, off_by  # noqa: E402

FROZEN = "3b6295efbbab4e3fa26d4cf3a583a96e67f8eaba970e38d253733d0413030f35"


def test_the_pieces_are_those_that_were_frozen_before_anything_heard_them():
    assert hashlib.sha256((HERE / "pieces.py").read_bytes()).hexdigest() == FROZEN


def test_the_pieces_are_many_and_varied():
    drawn = list(pieces.pieces())
    assert len(drawn) >= 200
    assert set(Counter(piece.key for piece in drawn).values()) == {10}
    assert {piece.metre for piece in drawn} == {"3/4", "4/4", "6/8"}
    assert all(60 <= piece.bpm <= 200 and 20 <= piece.seconds <= 30 for piece in drawn)
    assert Counter(piece.half for piece in drawn) == {"tuning": 120, "held out": 120}


def test_a_seed_always_gives_the_same_pieces():
    once, again = next(pieces.pieces()), next(pieces.pieces())
    assert once == again
    assert np.array_equal(pieces.rendered(once), pieces.rendered(again))
    assert next(pieces.pieces(seed=1)) != once


@pytest.mark.parametrize(
    ("bpm", "first", "second"),
    [(100, 1, 1), (103.9, 1, 1), (104.1, 0, 0), (50, 0, 1), (205, 0, 1), (300, 0, 1), (150, 0, 0)],
)
def test_a_tempo_is_right_within_4_percent_or_up_to_an_octave_or_triple(bpm, first, second):
    assert (acc1(bpm, 100), acc2(bpm, 100)) == (first, second)


def test_no_tempo_is_a_wrong_tempo():
    assert not acc1(None, 100)
    assert not acc2(None, 100)


@pytest.mark.parametrize(
    ("key", "score"),
    [
        ("C major", 1.0),
        ("G major", 0.5),
        ("F major", 0.5),
        ("A minor", 0.3),
        ("C minor", 0.2),
        ("Eb major", 0.0),
        (None, 0.0),
    ],
)
def test_a_key_scores_as_mirex_has_it(key, score):
    assert mirex(key, "C major") == score


def test_a_minor_key_has_its_relative_a_third_above():
    assert mirex("Eb major", "C minor") == 0.3
    assert mirex("A major", "C minor") == 0.0


def test_an_error_is_a_share_of_the_truth():
    assert off_by(3.0, 4.0) == off_by(5.0, 4.0) == 0.25
    assert off_by(None, 4.0) == 1.0


def test_the_surer_half_is_scored_apart_from_the_rest():
    assert by_confidence([1, 0, 1, 0], [0.9, None, 0.8, 0.1]) == (1.0, 0.0)


def test_the_committed_tables_are_whole():
    lines = report.DOCUMENT.read_text("utf-8").splitlines()
    tables = [line for line in lines if line.startswith("|")]
    verdicts = [line.split("|")[-2].strip() for line in tables if "≤" in line or "≥" in line]

    assert len(verdicts) == 22
    assert set(verdicts) <= {"met", "**missed**", "unknown"}
    for above, below in pairwise(lines):
        if above.startswith("|") and below.startswith("|"):
            assert above.count("|") == below.count("|")
