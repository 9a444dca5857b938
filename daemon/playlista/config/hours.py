"""Hours of the day, as people write them."""

import re
from dataclasses import dataclass
from typing import Final

DAY: Final = 24 * 60
SPAN: Final = re.compile(r"([0-9]{1,2}):([0-5][0-9])-([0-9]{1,2}):([0-5][0-9])")


@dataclass(frozen=True, slots=True)
class Span:
    """A part of every day; it may pass midnight.

    Attributes:
        start: Minutes since midnight, below a day's.
        length: Minutes, at most a day's.
    """

    start: int
    length: int

    def __contains__(self, minute: int) -> bool:
        """Tell whether a minute since midnight lies in it: its first does, its end does not."""
        return (minute - self.start) % DAY < self.length


def spans(text: str) -> tuple[Span, ...]:
    """Return the spans of a text such as ``08:00-12:00, 22:30-06:00``; none when it is empty.

    Raises:
        ValueError: It is no such text.
    """
    return tuple(_span(part.strip()) for part in text.split(",")) if text.strip() else ()


def _span(text: str) -> Span:
    found = SPAN.fullmatch(text)
    if found is None:
        raise ValueError(f"expected hours such as 08:00-23:00, several by comma; not {text!r}")
    start, end = (int(found[n]) * 60 + int(found[n + 1]) for n in (1, 3))
    if max(start, end) > DAY:
        raise ValueError(f"a day ends at 24:00; not {text!r}")
    if start == end:
        raise ValueError(f"ends when it begins (the whole day is 00:00-24:00): {text!r}")
    return Span(start % DAY, (end - start) % DAY or DAY)
