import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlista.features.curve import Curve


@given(st.lists(st.integers(0, 40), max_size=20))
def test_below_the_cap_a_curve_gives_back_what_it_got(lengths):
    curve = Curve(10, cap_bytes=10_000, float16=False)
    values = np.arange(sum(lengths), dtype=np.float32)
    for part in np.split(values, np.cumsum(lengths)):
        curve.extend(part)

    assert np.array_equal(curve.taken(), values)
    assert not curve.thinned


@given(st.lists(st.integers(0, 40), min_size=1, max_size=20), st.integers(8, 200))
def test_a_curve_never_exceeds_its_cap_and_keeps_its_shape(lengths, cap_bytes):
    curve = Curve(1, cap_bytes=cap_bytes, float16=False)
    values = np.arange(sum(lengths), dtype=np.float32)
    for part in np.split(values, np.cumsum(lengths)):
        curve.extend(part)

    step = round(1 / curve.rate)
    whole = values[: len(values) // step * step].reshape(-1, step).mean(axis=1)
    found = curve.taken()
    assert len(found) * 4 <= cap_bytes
    assert found == pytest.approx(whole[: len(found)], rel=1e-5)
    assert len(whole) - len(found) <= 1


def test_numbers_too_large_for_half_precision_stay_finite():
    curve = Curve(1, cap_bytes=100, float16=True)
    curve.extend(np.array([1e30, -1e30], np.float32))

    assert np.isfinite(curve.taken()).all()
