"""Pools of real processes, closed when the test is over."""

import time
from pathlib import Path

import pytest

from playlista.pool.slot import Terms
from playlista.pool.supervisor import Pool

HERE = str(Path(__file__).parent)


@pytest.fixture
def make_pool():
    """Return a function that makes a pool running a function of ``deeds``."""
    pools = []

    def make(deed, size=1, *, env=None, prepare=None, **terms):
        target = deed if ":" in deed else f"deeds:{deed}"
        prepare = prepare and f"deeds:{prepare}"
        env = {"PYTHONPATH": HERE} | (env or {})
        pool = Pool(Terms(target=target, prepare=prepare, env=env, **terms))
        pools.append(pool)
        pool.resize(size)
        return pool

    yield make
    for pool in pools:
        pool.close()


@pytest.fixture
def outcomes():
    """Return a function that collects so many outcomes, by key."""

    def collect(pool, count, within_s=20.0):
        until = time.monotonic() + within_s
        found = {}
        while len(found) < count and time.monotonic() < until:
            for outcome in pool.collect(until - time.monotonic()):
                assert outcome.key not in found
                found[outcome.key] = outcome
        assert len(found) == count
        return found

    return collect
