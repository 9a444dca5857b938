import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlista.inference.wire import fixed32, number, read_fields, read_varint, text, varint


@given(st.integers(0, 2**63 - 1), st.binary(max_size=3))
def test_a_number_is_read_as_it_was_written(value, behind):
    encoded = varint(value)

    assert read_varint(encoded + behind, 0) == (value, len(encoded))


@given(st.integers(1, 500), st.integers(0, 2**63 - 1), st.binary(max_size=300))
def test_fields_are_read_as_they_were_written(field, value, content):
    message = number(field, value) + text(field + 1, content) + fixed32(field + 2, b"abcd")

    assert list(read_fields(message)) == [
        (field, value),
        (field + 1, content),
        (field + 2, b"abcd"),
    ]


def test_the_example_of_the_specification():
    assert number(1, 150) == bytes.fromhex("08 96 01")
    assert text(2, "testing") == bytes.fromhex("12 07 74 65 73 74 69 6e 67")


def test_a_number_that_is_cut_off_is_an_error():
    with pytest.raises(IndexError):
        read_varint(b"\xff\xff", 0)
