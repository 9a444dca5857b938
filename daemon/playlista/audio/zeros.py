"""Long runs of zero bytes in encoded sound: where a download has not come to yet.

What is encoded by a codec listed here never holds such a run, not even in silence, for its
frames have headers. Sound that is not encoded is left out: there, silence is zeros.
"""

import os
from dataclasses import dataclass

CODECS = frozenset(
    {"aac", "ac3", "alac", "flac", "mp3", "mp3float", "opus", "tta", "vorbis", "wavpack", "wmav2"}
)
"""By ffmpeg's names; a minute of silence in any of them has at most 5,822 zeros in a row."""

RUN_N = 64 << 10  # bytes: the design's threshold
STEP_N = RUN_N // 2  # one byte of so many is read: no run escapes, and it costs next to nothing


@dataclass(slots=True)
class ZeroRuns:
    """The encoded bytes of a file, looked at while they pass and are in memory anyway.

    Args:
        fileno: The file, open for reading; its position stays.
        indexed: Packets are where an index says, and anything may lie between them.

    Attributes:
        found: Whether a run of at least RUN_N zeros has passed.
        due: Packets that end before this offset need not be shown.
    """

    fileno: int
    indexed: bool
    found: bool = False
    due: int = 0
    _start: int | None = None

    def passed(self, begin: int, end: int) -> None:
        """Look at the packet between two offsets, and at what lies before it.

        Raises:
            OSError: The disk fails.
        """
        if self._start is None:
            self._start = self.due = begin  # what is before the sound may be anything
        if self.indexed:
            self.due = max(self.due, begin)
        while self.due < end and not self.found:
            self.found = self._is_in_run(self._start, self.due)
            self.due += STEP_N

    def ended(self) -> None:
        """Look at what is left up to the end of the file.

        Raises:
            OSError: The disk fails.
        """
        if self._start is not None and not self.indexed:
            self.passed(self.due, os.fstat(self.fileno).st_size)

    def _is_in_run(self, start: int, at: int) -> bool:
        if os.pread(self.fileno, 1, at) != b"\0":
            return False
        begin = max(start, at - RUN_N)
        before = os.pread(self.fileno, at - begin, begin)
        after = os.pread(self.fileno, RUN_N, at)
        zeros_n = len(before) - len(before.rstrip(b"\0")) + len(after) - len(after.lstrip(b"\0"))
        return zeros_n >= RUN_N
