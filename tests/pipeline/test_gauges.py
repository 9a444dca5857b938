from collections import Counter
from dataclasses import dataclass, field
from math import isnan

import pytest

from playlista.pipeline import gauges
from playlista.pipeline.gauges import Gauges
from playlista.pool.decision import Action, Decision, Past, Reason
from playlista.pool.memory import MACHINE, Memory, Scope
from playlista.pool.outcome import Exit
from playlista.pool.processor import Processors
from playlista.pool.slot import State

HALF = Memory((Scope(MACHINE, 4_000, 8_000),), stalled=0.25)
QUOTA = Processors(0.5, "/sys/fs/cgroup/a", 8, others=1.5, contended=0.75)


@dataclass
class Crew:
    """A pool as far as gauges look at it."""

    states: Counter = field(default_factory=Counter)
    exits: Counter = field(default_factory=Counter)
    weighed: int = 0

    def rss(self):
        self.weighed += 1
        return {11: 300, 12: 400}


def decision(action=Action.HOLD, reason=Reason.SPARE, *, lease=True):
    return Decision(2, lease, 0, kill_largest=False, action=action, reason=reason, past=Past())


@pytest.fixture
def shown(metrics):
    one = Gauges(metrics)

    def show(pool=None, decided=None, seen=HALF, processors=QUOTA, *, weigh=False):
        one.show_machine(seen, processors)
        one.show(pool or Crew(), decided or decision(), 4, failsafe=0.85, weigh=weigh)
        return one

    return show


def test_the_pool_is_shown_as_it_is_now(shown, counted):
    shown(Crew(Counter({State.BUSY: 2, State.IDLE: 1})))
    shown(Crew(Counter({State.BUSY: 1})))

    assert counted("workers", state="busy") == 1
    assert counted("workers", state="idle") == 0
    assert counted("workers_target") == 2
    assert counted("workers_limit") == 4
    assert counted("memory_used_ratio") == 0.5
    assert counted("memory_failsafe_ratio") == 0.85
    assert counted("memory_failsafe_active") == 0


def test_the_failsafe_shows(shown, counted):
    shown(decided=decision(Action.SHRINK, Reason.FAILSAFE, lease=False))

    assert counted("memory_failsafe_active") == 1
    assert counted("pool_decisions_total", action="shrink", reason="failsafe") == 1


def test_holding_is_no_decision(shown, counted):
    shown()

    assert counted("pool_decisions_total", action="hold", reason="spare") == 0


def test_an_exit_is_counted_once(shown, counted):
    pool = Crew(exits=Counter({Exit.SHED: 1}))
    shown(pool)
    shown(pool)
    pool.exits[Exit.SHED] += 1
    shown(pool)

    assert counted("worker_exits_total", reason="shed") == 2


def test_a_new_pool_counts_on(shown, counted):
    shown(Crew(exits=Counter({Exit.SHED: 3})))
    shown(Crew())
    shown(Crew(exits=Counter({Exit.SHED: 1})))

    assert counted("worker_exits_total", reason="shed") == 4


def test_what_is_read_of_the_machine_shows(shown, counted):
    shown()

    assert counted("memory_available_bytes") == 4_000
    assert counted("memory_stalled_ratio") == 0.25
    assert counted("processors_usable") == 0.5
    assert counted("processors_others") == 1.5
    assert counted("processors_contended_ratio") == 0.75


def test_what_cannot_be_read_is_no_number(shown, counted):
    shown()
    shown(seen=None, processors=Processors(2.0, "affinity", 2))

    assert isnan(counted("memory_used_ratio"))
    assert isnan(counted("memory_available_bytes"))
    assert isnan(counted("processors_others"))
    assert isnan(counted("processors_contended_ratio"))


def test_workers_are_weighed_together(shown, counted):
    one = shown(weigh=True)

    assert counted("worker_memory_bytes") == one.worker_memory_bytes == 700


def test_workers_are_weighed_now_and_then_only(shown):
    pool = Crew()
    shown(pool, weigh=True)
    shown(pool, weigh=True)

    assert pool.weighed == 1


def test_workers_are_weighed_again_in_time(shown, monkeypatch):
    monkeypatch.setattr(gauges, "WEIGH_S", 0.0)
    pool = Crew()
    shown(pool, weigh=True)
    shown(pool, weigh=True)

    assert pool.weighed == 2


def test_where_it_is_not_wanted_nothing_is_weighed(shown):
    assert shown().worker_memory_bytes is None
