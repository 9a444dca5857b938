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


@pytest.mark.parametrize("kind", [3, 4, 6, 7])
def test_a_field_that_another_reader_might_end_elsewhere_is_an_error(kind):
    with pytest.raises(ValueError, match=f"kind {kind}"):
        list(read_fields(varint(99 << 3 | kind) + b"\x01."))


def test_a_key_that_another_reader_might_cut_is_an_error():
    with pytest.raises(ValueError, match="a field of kind 2"):
        list(read_fields(varint(1 << 32 | 1 << 3 | 2) + b"\x01."))


def test_a_field_that_is_cut_off_is_an_error():
    with pytest.raises(ValueError, match="ends within a field"):
        list(read_fields(text(1, b"four")[:-1]))
