"""The bounds, and the marks they imply."""

import pytest

from playlista.pool.limits import Limits
from playlista.pool.memory import MACHINE, Scope

GB = 1_000_000_000


def test_the_seeds_marks_follow_from_its_failsafe():
    limits = Limits()

    assert limits.grow_below == pytest.approx(0.75)
    assert limits.resume_below == pytest.approx(0.82)
    assert limits.kill_from == pytest.approx(0.92)


@pytest.mark.parametrize("failsafe", [0.3, 0.5, 0.95, 0.99])
def test_the_marks_stay_in_order_for_any_failsafe(failsafe):
    limits = Limits(failsafe=failsafe)

    assert 0 < limits.grow_below < limits.resume_below < failsafe < limits.kill_from < 1


@pytest.mark.parametrize(
    ("workers", "most", "ceiling"),
    [(None, None, 4), (None, 8, 8), (None, 2, 2), (6, None, 6), (6, 3, 3), (1, 8, 1)],
)
def test_the_ceiling_on_four_cores(workers, most, ceiling):
    assert Limits(workers=workers, max_workers=most).ceiling(4) == ceiling


def test_half_a_gigabyte_is_the_minimum_of_a_large_machine():
    assert not Limits().is_starved(Scope(MACHINE, 15 * GB, 16 * GB))
    assert Limits().is_starved(Scope(MACHINE, 15 * GB + 6 * GB // 10, 16 * GB))


def test_a_small_group_has_a_smaller_minimum():
    assert not Limits().is_starved(Scope("/small", 256_000_000, 512_000_000))


def test_the_configured_minimum_is_kept():
    assert Limits(min_available=2 * GB).is_starved(Scope(MACHINE, 15 * GB, 16 * GB))


def test_the_machine_keeps_its_reserve():
    machine = Scope(MACHINE, 0, 16 * GB)

    assert Limits().plan_up_to(machine) == 0.85 * 16 * GB
    assert Limits(reserved=4 * GB).plan_up_to(machine) == 12 * GB


def test_a_group_keeps_no_reserve_for_the_machine():
    assert Limits(reserved=4 * GB).plan_up_to(Scope("/group", 0, 2 * GB)) == 1.7 * GB
