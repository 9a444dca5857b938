"""How facts appear on a terminal."""

import json
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Any

from rich.console import Console
from rich.table import Table

PIPED_WIDTH = 200  # columns where no terminal sets a width

# names like ":cat:" are facts, not pictures
console = Console(highlight=False, emoji=False, soft_wrap=True)
if not console.is_terminal:
    console.width = PIPED_WIDTH


def working(what: str) -> AbstractContextManager[object]:
    """Show, on a terminal, that something takes its time."""
    return Console(stderr=True).status(what)


def as_json(facts: object) -> None:
    """Print facts for a program: one JSON document, in ASCII so that any terminal carries it."""
    console.print(json.dumps(facts, indent=2), markup=False)


def as_table(rows: Iterable[Mapping[str, Any]], *columns: str) -> None:
    """Print rows for a person; columns are named by their keys."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for place, column in enumerate(columns):
        table.add_column(column.replace("_", " "), overflow="fold", no_wrap=place == 0)
    for row in rows:
        table.add_row(*(_cell(row.get(column)) for column in columns))
    console.print(table, markup=False)


def as_facts(facts: Mapping[str, Any], prefix: str = "") -> None:
    """Print names and values, one a line, nested names joined by dots."""
    for name, value in facts.items():
        if isinstance(value, Mapping) and value:
            as_facts(value, f"{prefix}{name}.")
        else:
            console.print(f"{prefix + name:<28} {_cell(value)}", markup=False)


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list | tuple):
        return ", ".join(_cell(item) for item in value) or "-"
    return str(value)
