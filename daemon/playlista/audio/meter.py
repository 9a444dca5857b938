"""A loudness meter of matrix products, for Python is slow at filtering sample by sample."""

from collections.abc import Sequence
from itertools import accumulate, repeat

import numpy as np
from numpy.typing import NDArray

Readings = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Momentary and short-term loudness in LUFS, one of each per 0.1 s; shape (k,) each."""

MOMENTARY_N, SHORT_TERM_N = 4, 30  # slots of 0.1 s in windows of 0.4 and 3 s: EBU Tech 3341
_SLOTS_PER_S = 10
_LONGEST_BLOCK_N = 48  # samples; measured: 35 to 49 cost the same, 63 and more a sixth more
_HORIZON_N = 512  # samples over which ringing is told apart: longer changed nothing up to 48 kHz
_OFFSET = -0.691  # dB, ITU-R BS.1770: makes up for what the weighting adds at 1 kHz
_SILENCE = 1e-12  # power: -120.7 LUFS
_BEHIND = ("BL", "BR", "BC", "SL", "SR", "SDL", "SDR", "TBL", "TBC", "TBR")
_WEIGHTS = {"LFE": 0.0, "LFE2": 0.0} | dict.fromkeys(_BEHIND, 1.41)  # ITU-R BS.1770


class Meter:
    """Loudness of all channels together, each 0.1 s.

    Args:
        rate: Sample rate in Hz.
        speakers: ffmpeg's name of each channel's place, such as ``"FL"``.

    Source:
        ITU-R BS.1770-4, EBU Tech 3341.
    """

    def __init__(self, rate: int, speakers: Sequence[str]) -> None:
        self._slot_n = max(1, round(rate / _SLOTS_PER_S))
        block_n = max(n for n in range(1, _LONGEST_BLOCK_N + 1) if self._slot_n % n == 0)
        self._filter = _Filter(*k_weighting(rate), block_n, len(speakers))
        self._weights = np.array([_WEIGHTS.get(speaker, 1.0) for speaker in speakers])
        self._rest = np.empty((len(speakers), 0), np.float32)
        self._momentary, self._short_term = _Window(MOMENTARY_N), _Window(SHORT_TERM_N)

    def feed(self, samples: NDArray[np.float32]) -> Readings:
        """Return the readings that are complete with these samples, shape (channels, n).

        None come before a window is full; silence reads -120.7.
        """
        pending = np.concatenate([self._rest, samples], axis=1)
        n = pending.shape[1] // self._slot_n
        self._rest = pending[:, n * self._slot_n :]
        weighted = self._filter.feed(pending[:, : n * self._slot_n])
        slots = weighted.reshape(len(weighted), n, self._slot_n)
        power = self._weights @ np.vecdot(slots, slots) / self._slot_n
        return self._momentary.feed(power), self._short_term.feed(power)


class _Window:
    """The loudness of the last so many slots, at the end of each."""

    def __init__(self, slots: int) -> None:
        self._slots = slots
        self._rest = np.empty(0)

    def feed(self, power: NDArray[np.float64]) -> NDArray[np.float32]:
        pending = np.concatenate([self._rest, power])
        self._rest = pending[max(0, len(pending) - self._slots + 1) :]
        if len(pending) < self._slots:
            return np.empty(0, np.float32)
        mean = np.lib.stride_tricks.sliding_window_view(pending, self._slots).mean(axis=1)
        loudness: NDArray[np.float64] = _OFFSET + 10 * np.log10(np.maximum(mean, _SILENCE))
        return loudness.astype(np.float32)


class _Filter:
    """A recursive filter, many blocks at once.

    What comes out of a block is its own response and how the blocks before it ring on:
    ``x @ response + state @ ringing``; the state after it ``state @ step + x @ entry``.
    """

    def __init__(
        self, b: NDArray[np.float64], a: NDArray[np.float64], block_n: int, channels: int
    ) -> None:
        step = np.eye(len(a) - 1, k=-1)  # transposed direct form II of one sample, states as rows
        step[0] = -a[1:]
        steps = list(accumulate(repeat(step, _HORIZON_N), np.matmul, initial=np.eye(len(step))))
        ringing = np.stack([power[:, 0] for power in steps], axis=1)
        entry = b[1:] - a[1:] * b[0]
        response = np.append(b[0], entry @ ringing[:, : block_n - 1])
        # in coordinates that ring independently, or poles near 1 would drown single precision
        left, scale, ringing = np.linalg.svd(ringing, full_matrices=False)
        basis = left * scale
        entries = [entry @ power @ basis for power in steps[block_n - 1 :: -1]]
        later = np.arange(block_n) - np.arange(block_n)[:, None]
        self._response = np.where(later >= 0, response[later], 0).astype(np.float32)
        self._ringing = ringing[:, :block_n].astype(np.float32)
        self._entry = np.stack(entries).astype(np.float32)
        self._step = np.linalg.solve(basis, steps[block_n] @ basis).astype(np.float32)
        self._state = np.zeros((channels, 1, len(step)), np.float32)

    def feed(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Filter whole blocks of every channel, shape (channels, k * block_n)."""
        blocks = samples.reshape(len(samples), -1, len(self._response))
        out: NDArray[np.float32] = blocks @ self._response
        out += self._states(blocks @ self._entry) @ self._ringing
        return out.reshape(samples.shape)

    def _states(self, entered: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the state before each block: sums over the last 2, 4, 8... blocks."""
        states = np.concatenate([self._state, entered], axis=1)
        step, reach = self._step, 1
        while reach < states.shape[1]:
            states[:, reach:] += states[:, :-reach] @ step
            step, reach = step @ step, 2 * reach
        self._state = states[:, -1:]
        return states[:, :-1]


def k_weighting(rate: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the K-weighting filter's coefficients b and a, shape (5,) each, at any rate.

    Source:
        ITU-R BS.1770-4 has them at 48 kHz; the analogue filters behind are those that
        libebur128 found.
    """
    w, q = np.tan(np.pi * 1681.974450955533 / rate), 0.7071752369554196
    high = 10 ** (3.999843853973347 / 20)
    middle = high**0.4996667741545416
    shelf = np.array(
        [high + middle * w / q + w * w, 2 * (w * w - high), high - middle * w / q + w * w]
    )
    b = np.convolve(shelf, [1.0, -2.0, 1.0]) / (1 + w / q + w * w)
    a = np.convolve(
        _poles(w, q), _poles(np.tan(np.pi * 38.13547087602444 / rate), 0.5003270373238773)
    )
    return b, a


def _poles(w: float, q: float) -> NDArray[np.float64]:
    whole = 1 + w / q + w * w
    return np.array([1.0, 2 * (w * w - 1) / whole, (1 - w / q + w * w) / whole])
