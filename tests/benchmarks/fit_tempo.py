"""Fit the weights of `playlista.features.tempo`: print its `WEIGHTS` and `VOTE`.

``python tests/benchmarks/fit_tempo.py`` (six minutes, with FluidSynth) draws pieces of other
seeds than the benchmark's own. Each is heard twice: clean, and with noise of random strength in
every part of its onset curve, for real music is less clear. The pieces' tempi are spread evenly;
real ones are not, so each piece weighs as much as its tempo is usual.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import midi
import numpy as np
import pieces
from scipy.optimize import minimize, minimize_scalar
from scores import acc1

import sounds
from playlista.audio.decode import TrackStream
from playlista.audio.source import opened
from playlista.features import essentia_beats
from playlista.features.onsets import PARTS, OnsetCurves
from playlista.features.spectrum import Spectrum
from playlista.features.tempo import agree, candidates, evidence
from playlista.records import AudioSettings

SEEDS = {pieces: range(1, 7), midi: range(11, 18)}
USUAL_BPM = 115.0  # a guess at what tempi music has
# Chosen among a dozen settings, 0.28 to 0.35 and 0.003 or 0.01, by the benchmark's tuning half and
# by how many real tracks are as essentia has them
OCTAVES, RIDGE = 0.33, 0.01
NOISIEST = 3.2  # standard deviations of a curve

Example = tuple[np.ndarray, np.ndarray, np.ndarray, float]
"""Evidence of each candidate, whether it is right, whether the beat tracker agrees; weight."""


def examples() -> Iterator[Example]:
    """Yield what is heard of each piece; those whose tempo is no candidate teach nothing."""
    chance = np.random.default_rng(0)
    for piece, sound in _pieces():
        parts, rate = _parts(sound)
        weight = np.exp(-0.5 * (np.log2(piece.bpm / USUAL_BPM) / OCTAVES) ** 2)
        for heard in (parts, _noisy(parts, chance)):
            bpm, fit, _ = candidates(heard.sum(axis=0), rate)
            right = np.array([acc1(found, piece.bpm) for found in bpm])
            if right.any():
                other = essentia_beats.beats_per_minute(heard.sum(axis=0), rate)
                yield evidence(heard, rate, bpm, fit), right, agree(bpm, other), weight


def _pieces() -> Iterator[tuple[pieces.Piece, np.ndarray]]:
    for maker, seeds in SEEDS.items():
        for piece in chain.from_iterable(map(maker.pieces, seeds)):
            yield piece, maker.rendered(piece)


def _parts(sound: np.ndarray) -> tuple[np.ndarray, float]:
    with tempfile.TemporaryDirectory() as folder:
        path = os.fsencode(sounds.write(Path(folder) / "piece.wav", sound))
        with opened(path) as file:
            blocks = list(TrackStream(path, file, AudioSettings()).blocks())
    spectrum = Spectrum(blocks[0].rate)
    curves = OnsetCurves(spectrum.frequencies)
    heard = [curves.feed(spectrum.feed(block.samples)) for block in blocks]
    return np.concatenate(heard).T, spectrum.frame_rate


def _noisy(parts: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    strength = NOISIEST * chance.uniform() * chance.uniform(size=(PARTS, 1))
    noise = np.abs(chance.standard_normal(parts.shape))
    return (parts + strength * parts.std(axis=1, keepdims=True) * noise).astype(np.float32)


def _loss(logits: list[np.ndarray], heard: list[Example]) -> float:
    """Return the mean surprise at the right candidates."""
    pairs = zip(logits, heard, strict=True)
    surprise = [np.logaddexp.reduce(x) - np.logaddexp.reduce(x[e[1]]) for x, e in pairs]
    return float(np.average(surprise, weights=[e[3] for e in heard]))


def fitted(heard: list[Example]) -> tuple[np.ndarray, float]:
    """Return the weights of the evidence, and then that of the beat tracker's vote."""
    scale = np.concatenate([e[0] for e in heard]).std(axis=0)

    def loss(weights: np.ndarray) -> float:
        return _loss([e[0] / scale @ weights for e in heard], heard) + RIDGE * weights @ weights

    weights = minimize(loss, np.zeros(len(scale)), method="L-BFGS-B").x / scale
    vote = minimize_scalar(lambda v: _loss([e[0] @ weights + v * e[2] for e in heard], heard))
    return weights, float(vote.x)


if __name__ == "__main__":
    sys.stdout.write("{}\n{}\n".format(*fitted(list(examples()))))
