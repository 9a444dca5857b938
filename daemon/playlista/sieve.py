"""A small memory of many hashes that may be sent along: what it does not hold, nobody knows."""

from array import array
from bisect import bisect_left, insort
from collections.abc import Iterable

DIGITS = 8  # hexadecimal: of 1,000,000 hashes, one in 4,000 unknown ones seems to be known


class Sieve:
    """The last digits of hashes, in 4 bytes each.

    Args:
        ends: Ascending, each of DIGITS.
    """

    __slots__ = ("_words",)

    def __init__(self, ends: Iterable[str] = ()) -> None:
        self._words = array("I", (int(end, 16) for end in ends))

    def __bool__(self) -> bool:
        return bool(self._words)

    def __contains__(self, known: str) -> bool:
        word = _word(known)
        at = bisect_left(self._words, word)
        return self._words[at : at + 1] == array("I", (word,))

    def add(self, known: Iterable[str]) -> None:
        """Remember more hashes."""
        for one in known:
            if one not in self:
                insort(self._words, _word(one))


def _word(known: str) -> int:
    return int(known[-DIGITS:], 16)
