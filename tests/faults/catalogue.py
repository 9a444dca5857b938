"""The fifty faults that playlista promises to survive, and which tests hold it to them.

A test under any folder proves a row by ``@pytest.mark.fault(number)``. What no test proves yet
stands in the row itself, so that docs/faults.md can say it.
"""

import ast
import functools
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

TESTS = Path(__file__).resolve().parents[1]
PARTS = ("Watching", "Files", "Processes", "Storage and configuration")


class Fault(NamedTuple):
    """One row.

    Attributes:
        number: As in the issue that asked for it.
        part: One of PARTS.
        fault: What goes wrong.
        promise: What comes of it all the same.
        open: What is not proven yet; empty when nothing is.
        cannot: What no machine of ours can try, and why; empty when there is no such thing.
    """

    number: int
    part: str
    fault: str
    promise: str
    open: str = ""
    cannot: str = ""


class Proof(NamedTuple):
    """A test that is marked with a row's number."""

    file: str
    name: str
    heavy: bool

    @property
    def sentence(self) -> str:
        """Its name as a person reads it."""
        return self.name.removeprefix("test_").replace("_", " ")


WATCH, FILES, PROCESS, STORAGE = PARTS
NO_CLIENT = "the kernel that runs the tests has no client for NFS, SMB or 9p"

FAULTS = (
    Fault(
        1, WATCH, "200,000 files in 200 folders at once, while analysis is slow",
        "Every file is known once it has settled; memory stays bounded.",
    ),
    Fault(
        2, WATCH, "The daemon is stopped, 20,000 files land, and it is let go on",
        "All are found.",
    ),
    Fault(
        3, WATCH, "The same with 17,000 folders, more than the kernel's queue holds",
        "One new observer, no endless repair.",
    ),
    Fault(
        4, WATCH, "The kernel's limit of watched folders is reached",
        "It is said, with the remedy, and scans find everything.",
    ),
    Fault(
        5, WATCH, "The kernel's limit of inotify instances is reached",
        "The daemon starts, scans, and says why.",
    ),
    Fault(
        6, WATCH, "1,000 folders are made, filled and renamed at once, and written to later",
        "No folder stays unheard.",
    ),
    Fault(
        7, WATCH, "An album moves between two roots, its name comes back and it is deleted",
        "The thread that dies of it is replaced within 5 s; nothing is lost.",
    ),
    Fault(
        8, WATCH, "A root is renamed, deleted, made again",
        "It is offline with its tracks kept, and back by itself.",
    ),
    Fault(
        9, WATCH, "A root, or a mount below it, is unmounted, mounted, mounted over, not there at "
        "boot, or never answers",
        "Nothing is forgotten, and it is back by itself; no other root waits for it.",
        cannot=f"network mounts: {NO_CLIENT}",
    ),
    Fault(
        10, WATCH, "A folder cannot be read, and later can",
        "Its tracks are kept, and it is picked up.",
    ),
    Fault(
        11, WATCH, "Links in a ring, and out of the root",
        "They are not followed; the scan ends.",
    ),
    Fault(
        12, WATCH, "Names that are no UTF-8, that are long, broken over lines, alike but for "
        "their accents' form or their case, or too long for the kernel",
        "Each is kept byte for byte and shown escaped.",
    ),
    Fault(
        13, WATCH, "The handler of events raises",
        "The observer is replaced and nothing is lost.",
    ),
    Fault(
        14, WATCH, "Any one thread dies",
        "It is replaced, or the daemon says so and ends for systemd to start it again.",
    ),
    Fault(
        15, WATCH, "5,000 tracks move to another root and get new tags",
        "Not one is analysed again; playlists keep their order.",
    ),
    Fault(
        16, FILES, "A file of no bytes",
        "Set aside as empty.",
    ),
    Fault(
        17, FILES, "A file of which the second half is missing",
        "Set aside as incomplete, wherever the format says how long it should be.",
        cannot="bare AAC and AC-3, Ogg and Opus do not say it before their end: half of one is "
        "a whole one",
    ),
    Fault(
        18, FILES, "A hole of zeros in the middle",
        "Set aside as incomplete.",
    ),
    Fault(
        19, FILES, "A name that claims another kind of content",
        "Music is heard whatever its name; what is no music is named for what it is.",
    ),
    Fault(
        20, FILES, "A file under copy protection",
        "Set aside for a reason that says so.",
    ),
    Fault(
        21, FILES, "Ten hours in one file",
        "Heard as a stream: memory stays bounded, and its time limit grows with it.",
    ),
    Fault(
        22, FILES, "A tenth of a second of sound",
        "Heard; what cannot be told of it has a reason.",
    ),
    Fault(
        23, FILES, "From mono to 7.1, from 8 bits to floats, from 8 to 384 kHz, and a rate that "
        "changes midway",
        "Heard like any other.",
    ),
    Fault(
        24, FILES, "Digital silence",
        "Heard; what silence does not have has a reason.",
    ),
    Fault(
        25, FILES, "Samples that are no numbers",
        "They are made silent, counted, and reach no playlist.",
    ),
    Fault(
        26, FILES, "Covers as video, video without sound, several streams, chapters, one file "
        "with a cue sheet",
        "The sound is heard once, as one track.",
    ),
    Fault(
        27, FILES, "Headers that lie about lengths, rates and sizes of tags",
        "Heard or set aside; neither time nor memory is wasted on the lie.",
    ),
    Fault(
        28, FILES, "Headers of random bytes",
        "Every file ends in a result or a reason, within its limits.",
    ),
    Fault(
        29, FILES, "A file that grows, pauses, is laid out beforehand, written through memory, "
        "renamed over, or has a time of 1970 or 2106",
        "It is analysed once it is whole, and again when it changes.",
    ),
    Fault(
        30, FILES, "A file that may not be read, vanishes, is replaced meanwhile; a pipe, a "
        "socket, a device; a terabyte of nothing",
        "Nothing blocks, nothing wrong is kept, and what can be tried again is.",
    ),
    Fault(
        31, PROCESS, "SIGKILL at any moment, 200 times",
        "Nothing lost, nothing twice.",
    ),
    Fault(
        32, PROCESS, "SIGTERM in mid-analysis, once and twice",
        "It ends within 10 s and holds nothing against the track; the second ends it at once.",
    ),
    Fault(
        33, PROCESS, "A worker crashes, aborts, leaves",
        "The track is tried three times and set aside; all others are heard.",
    ),
    Fault(
        34, PROCESS, "A worker runs out of memory",
        "The pool goes on, and nothing is held against the track.",
    ),
    Fault(
        35, PROCESS, "A worker hangs, deaf to polite signals",
        "It is killed at its deadline.",
    ),
    Fault(
        36, PROCESS, "A file on which the daemon itself dies",
        "It comes last and alone, then waits; the daemon stays up.",
    ),
    Fault(
        37, PROCESS, "The clock jumps by years, the machine sleeps",
        "No timer depends on the time of day.",
    ),
    Fault(
        38, PROCESS, "A worker is started while folders are watched",
        "It inherits no descriptor.",
    ),
    Fault(
        39, PROCESS, "64 descriptors and no more",
        "It serves and analyses.",
    ),
    Fault(
        40, PROCESS, "Hardly any memory at the start",
        "It starts, waits, and says what it waits for.",
    ),
    Fault(
        41, STORAGE, "The disk of the database is full, and later has room",
        "It waits and goes on; nothing is lost.",
    ),
    Fault(
        42, STORAGE, "The database becomes read-only",
        "It waits, says so, and goes on; at the start it says what to do.",
    ),
    Fault(
        43, STORAGE, "Another process holds the database for a minute",
        "It waits and goes on.",
    ),
    Fault(
        44, STORAGE, "The database is damaged, lacks its log, or is of a newer version",
        "It is refused in one line that says what to do.",
        cannot=f"real network file systems: {NO_CLIENT}",
    ),
    Fault(
        45, STORAGE, "Two daemons on one database",
        "The second ends with status 75 and one line.",
    ),
    Fault(
        46, STORAGE, "The playlist folder is read-only, full or gone, or a player reads from it",
        "What is there stays whole, and is brought up to date when it can be.",
    ),
    Fault(
        47, STORAGE, "Misspelt, unknown or contradictory settings, at the start and at a reload",
        "Refused with the line and the nearest name; a running daemon keeps what it has.",
    ),
    Fault(
        48, STORAGE, "The port is taken, there is no IPv6, callers are slow or evil",
        "One line when it cannot serve; no caller holds up another.",
    ),
    Fault(
        49, STORAGE, "The disk of the log is full, standard output is closed",
        "The daemon runs on.",
    ),
    Fault(
        50, STORAGE, "Another version of an analysis, up or down, with work in the queue",
        "What is older is heard again, what is newer is kept.",
    ),
)  # fmt: skip


@functools.cache
def proofs() -> dict[int, list[Proof]]:
    """Return the tests that are marked with each number, without running any."""
    found: dict[int, list[Proof]] = defaultdict(list)
    for file in sorted(TESTS.rglob("test_*.py")):
        for node in ast.parse(file.read_text("utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                marks = [mark for decorator in node.decorator_list for mark in _marks(decorator)]
                heavy = ("heavy", None) in marks
                for name, number in marks:
                    if name == "fault" and number is not None:
                        found[number].append(
                            Proof(file.relative_to(TESTS).as_posix(), node.name, heavy)
                        )
    return found


def _marks(decorator: ast.expr) -> Iterator[tuple[str, int | None]]:
    """Give each ``pytest.mark.NAME`` or ``pytest.mark.NAME(number)`` in a decorator."""
    match decorator:
        case ast.Call(func=ast.Attribute(attr="fault"), args=numbers):
            for number in numbers:
                if isinstance(number, ast.Constant) and isinstance(number.value, int):
                    yield "fault", number.value
        case ast.Attribute(attr=name):
            yield name, None
