"""A curve that grows with its track, but only up to a cap."""

import numpy as np
from numpy.typing import NDArray

LARGEST = 60_000.0  # the largest number both float16 and float32 carry is 65,504


class Curve:
    """Values at a steady rate; when the cap is reached, every two neighbours become their mean.

    Args:
        rate: Values per second.
        cap_bytes: What it may hold.
        float16: Store in half precision, else in single.

    Attributes:
        rate: Values per second now: halved by each thinning.
        thinned: True once the cap was reached.
    """

    def __init__(self, rate: float, *, cap_bytes: int, float16: bool) -> None:
        self.rate = rate
        self.thinned = False
        self._dtype: type[np.float16 | np.float32] = np.float16 if float16 else np.float32
        self._cap_n = max(2, cap_bytes // np.dtype(self._dtype).itemsize)
        self._pieces: list[NDArray[np.floating]] = []
        self._n = 0
        self._step = 1
        self._rest = np.empty(0, np.float32)

    def extend(self, values: NDArray[np.float32]) -> None:
        """Append values at the first rate, whatever has been thinned since."""
        pending = np.concatenate([self._rest, values])
        n = len(pending) // self._step
        self._rest = pending[n * self._step :]
        self._keep(pending[: n * self._step].reshape(n, self._step).mean(axis=1))
        while self._n > self._cap_n:
            self._thin()

    def taken(self) -> NDArray[np.floating]:
        """Return the curve as it is stored, shape (n,), and keep it no longer."""
        whole = np.concatenate([np.empty(0, self._dtype), *self._pieces])
        self._pieces, self._n = [], 0
        return whole

    def _keep(self, values: NDArray[np.float32]) -> None:
        self._pieces.append(np.clip(values, -LARGEST, LARGEST).astype(self._dtype))
        self._n += len(values)

    def _thin(self) -> None:
        whole = self.taken().astype(np.float32)
        n = len(whole) // 2
        # an odd last value goes back to wait for its neighbour
        self._rest = np.concatenate([np.repeat(whole[2 * n :], self._step), self._rest])
        self._keep(whole[: 2 * n].reshape(n, 2).mean(axis=1))
        self._step *= 2
        self.rate /= 2
        self.thinned = True
