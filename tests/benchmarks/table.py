"""A table in Markdown."""

from collections.abc import Iterable, Sequence

Row = Sequence[object]


def table(head: Row, rows: Iterable[Row]) -> str:
    """Return it as text; rows are as long as the head."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)
