"""Hours as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from playlista.config.hours import DAY, spans
from playlista.config.settings import PoolSettings

minutes = st.integers(0, DAY - 1)


def written(minute):
    return f"{minute // 60:02}:{minute % 60:02}"


def quiet(text):
    """Return all minutes of a day that lie in these hours."""
    return {minute for minute in range(DAY) if any(minute in span for span in spans(text))}


@given(minutes, minutes)
def test_hours_begin_with_their_first_minute_and_end_before_their_last(start, end):
    expected = {minute % DAY for minute in range(start, end + DAY * (end < start))}

    if start != end:
        assert quiet(f"{written(start)}-{written(end)}") == expected


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("", 0),
        (" ", 0),
        ("8:00-9:00", 60),
        ("22:30-06:00", 450),
        ("22:00-24:00", 120),
        ("00:00-24:00", DAY),
        ("08:00-12:00,13:00-23:00", 14 * 60),
        (" 08:00-12:00 , 11:00-13:00 ", 5 * 60),
    ],
)
def test_hours_are_written_as_people_do(text, length):
    assert len(quiet(text)) == length


@pytest.mark.parametrize(
    "text",
    ["8-23", "08:00", "08:00-", "08:00-25:00", "24:30-08:00", "08:60-09:00", "08:00-08:00",
     "08:00-23:00,", "08:00 - 23:00 Uhr", "-1:00-02:00"],
)  # fmt: skip
def test_what_are_no_hours_is_refused(text):
    with pytest.raises(ValidationError, match="quiet_hours"):
        PoolSettings(quiet_hours=text)
