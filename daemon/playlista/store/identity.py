"""Which recording a file holds, as far as that is known without listening to it."""

import sqlite3

from playlista.records import How, Recognised
from playlista.sieve import DIGITS, Sieve


def sieve(read: sqlite3.Connection) -> Sieve:
    """Return what may be recognised."""
    rows = read.execute(
        """
        SELECT substr(opening, -:digits) AS word FROM audio WHERE opening IS NOT NULL
        UNION SELECT substr(flac, -:digits) FROM audio WHERE flac IS NOT NULL ORDER BY word
        """,
        {"digits": DIGITS},
    )
    return Sieve(word for (word,) in rows)


def recording(read: sqlite3.Connection, found: Recognised, size: int) -> int | None:
    """Return the id of a known recording; None if it is not known after all.

    Args:
        read: The database.
        found: By what a file was recognised.
        size: Of the file in bytes. A header tells what a file will hold, not what it holds:
            one that is smaller than the recording's packets is not believed.
    """
    where = {
        How.PACKETS: "hash = :print",
        How.FLAC: "flac = :print AND packets_n <= :size ORDER BY id",
    }[found.how]
    row = read.execute(
        f"SELECT id FROM audio WHERE {where} LIMIT 1",  # noqa: S608 - one of two constants
        {"print": found.print, "size": size},
    ).fetchone()
    return None if row is None else int(row["id"])
