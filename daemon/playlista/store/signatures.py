"""Signatures as SQLite can hold them: its integers are signed, the kernel's are not."""

import sqlite3

from playlista.records import Signature

_WRAP = 1 << 64  # mergerfs and CIFS hand out inode numbers above 2**63


def signed(number: int) -> int:
    """Return an unsigned 64-bit number as the signed one with the same bits."""
    return number - _WRAP if number >= _WRAP >> 1 else number


def unsigned(number: int) -> int:
    """Undo `signed`."""
    return number % _WRAP


def columns(signature: Signature) -> dict[str, int]:
    """Return a signature as the columns of a file."""
    return {
        "dev": signed(signature.dev),
        "ino": signed(signature.ino),
        "size": signature.size,
        "mtime_ns": signature.mtime_ns,
        "ctime_ns": signature.ctime_ns,
    }


def signature(row: sqlite3.Row) -> Signature:
    """Read the signature in a row of files."""
    return Signature(
        unsigned(row["dev"]), unsigned(row["ino"]), row["size"], row["mtime_ns"], row["ctime_ns"]
    )
