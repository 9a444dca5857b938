"""The bell that wakes a listener."""

import pytest

from playlista.pool.bell import Bell


@pytest.fixture
def bell():
    bell = Bell()
    yield bell
    bell.close()


def test_a_bell_is_heard_once(bell):
    bell.ring()
    bell.ring()

    assert bell.heard()
    assert not bell.heard()


def test_ringing_never_blocks(bell):
    for _ in range(100_000):
        bell.ring()

    assert bell.heard()


def test_ringing_a_closed_bell_is_harmless(bell):
    bell.close()

    bell.ring()
