"""Every one of the fifty faults has a test, or says what it lacks."""

import pytest

from faults.catalogue import FAULTS, PARTS, proofs


def test_there_are_fifty_faults_in_order():
    assert [fault.number for fault in FAULTS] == list(range(1, 51))
    assert {fault.part for fault in FAULTS} == set(PARTS)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: str(fault.number))
def test_a_fault_has_a_test_or_says_what_is_open(fault):
    assert proofs()[fault.number] or fault.open


def test_no_test_proves_a_fault_that_does_not_exist():
    assert proofs().keys() <= {fault.number for fault in FAULTS}
