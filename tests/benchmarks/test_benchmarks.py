"""The benchmarks' own truth: the frozen pieces and the scorers."""

import hashlib
import sys
from collections import Counter
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import pieces  # noqa: E402 - the benchmarks are no package

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
