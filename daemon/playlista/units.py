"""Names for numbers, so that a signature says what it carries."""

from typing import NewType

Seconds = NewType("Seconds", float)
Hertz = NewType("Hertz", float)
Bytes = NewType("Bytes", int)
Ratio = NewType("Ratio", float)
"""A share between 0 and 1."""

MEGABYTE = 1_000_000
GIGABYTE = 1_000_000_000
