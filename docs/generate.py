"""Write playlista.conf and the tables of docs/ from the code that they describe.

``make docs`` runs this; tests/docs compares what it gives with what is committed.
"""

import os
import runpy
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, Metric

from playlista.config.load import PREFIX
from playlista.config.settings import Config, table
from playlista.metrics import Metrics
from playlista.service.labels import closed_sets

ROOT = Path(__file__).resolve().parent.parent
MADE = "Made by `make docs` from the code; edits here are lost."
Schema = Mapping[str, Any]


def main() -> None:
    """Write every document that differs from what is there."""
    for name, text in documents().items():
        file = ROOT / name
        if not file.exists() or file.read_text("utf-8") != text:
            file.write_text(text, "utf-8")
            print(f"wrote {name}")


def documents() -> dict[str, str]:
    """Return the text of every generated document, by its path in the repository."""
    return {
        "playlista.conf": configuration(),
        "docs/settings.md": settings(),
        "docs/metrics.md": metrics(),
        "docs/cli.md": command_line(),
        "docs/faults.md": faults(),
    }


# --- settings -----------------------------------------------------------------


def configuration() -> str:
    """Return a configuration file in which every line is the default, commented out."""
    head = (
        "# playlista: every setting with its default. Remove the # in front of a line to change it."
        f"\n# The environment ({PREFIX}KEY) overrides this file, a flag overrides both."
        "\n# `systemctl reload playlista` (SIGHUP) takes up changes, but for those marked at start."
        "\n# A name that is not known is refused. docs/settings.md has the same as a table.\n"
    )
    return head + "".join(_file_part(title, keys) for title, keys in _parts())


def _file_part(title: str, keys: Mapping[str, Schema]) -> str:
    lines = [f"\n# --- {title}\n"]
    for key, schema in keys.items():
        why = textwrap.fill(_why(schema), 98, initial_indent="# ", subsequent_indent="# ")
        lines.append(f"\n{why}\n#{key}={_default(key)}\n")
    return "".join(lines)


def settings() -> str:
    """Return the same as tables."""
    head = (
        f"# Settings\n\n{MADE}\n\n"
        "Every key may stand as `KEY=value` in `playlista.conf`, as "
        f"`{PREFIX}KEY` in the environment (which overrides the file), and some as a flag "
        "(which overrides both). `playlista conf` shows each value and where it came from. "
        "An unknown key is refused. SIGHUP reloads; a file that is not valid then changes nothing. "
        'Numbers may have a fraction unless they are "whole".\n'
    )
    return head + "".join(_table_part(title, keys) for title, keys in _parts())


def _table_part(title: str, keys: Mapping[str, Schema]) -> str:
    lines = [f"\n## {title}\n\n| Key | Default | Allowed | Effect |\n|---|---|---|---|\n"]
    for key, schema in keys.items():
        default = f"`{_default(key)}`" if _default(key) else "not set"
        lines.append(f"| `{key}` | {default} | {_allowed(schema)} | {_why(schema)} |\n")
    return "".join(lines)


def _parts() -> Iterator[tuple[str, dict[str, Schema]]]:
    """Give each part's caption and its keys with their JSON schemas."""
    defined = Config.model_json_schema()["$defs"]
    for field in Config.model_fields.values():
        assert isinstance(field.annotation, type)
        part = defined[field.annotation.__name__]
        yield (
            part["description"].splitlines()[0].rstrip("."),
            {name.upper(): schema for name, schema in part["properties"].items()},
        )


def _why(schema: Schema) -> str:
    why: str = schema["description"]
    if schema.get("at_start"):
        why += " Read at start only."
    return why


def _default(key: str) -> str:
    value = table()[key][1].get_default(call_default_factory=True)
    if isinstance(value, bool):
        return str(value).lower()
    if value is None or value == ():
        return ""
    if isinstance(value, Path):
        return str(value).replace(str(Path.home()), "~")
    return str(value)


def _allowed(schema: Schema) -> str:
    """Say in words what a JSON schema allows."""
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(filter(None, map(_allowed, schema["anyOf"]))))
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    kinds = {
        "boolean": "`true` or `false`",
        "integer": "whole number",
        "number": "number",
        "array": "folders",
        "null": "",
    }
    text = "folder" if schema.get("format") == "path" else "text"
    kind = kinds.get(schema["type"], "size such as `2GB`" if "pattern" in schema else text)
    return f"{kind} {' and '.join(_bounds(schema))}".strip()


def _bounds(schema: Schema) -> Iterator[str]:
    signs = {"exclusiveMinimum": ">", "minimum": "≥", "maximum": "≤"}
    return (f"{sign} {schema[name]}" for name, sign in signs.items() if name in schema)


# --- metrics ------------------------------------------------------------------


def metrics() -> str:
    """Return a table of every metric at ``/metrics``."""
    registry = CollectorRegistry()
    Metrics(registry, closed_sets())
    head = (
        f"# Metrics\n\n{MADE}\n\n"
        "The daemon exposes these at `http://127.0.0.1:9847/metrics`. Labels come from closed "
        "sets, never from a path or the name of a list, and every series is there from the start, "
        "at zero.\n\n"
        "| Metric | Type | Labels | Meaning |\n|---|---|---|---|\n"
    )
    return head + "".join(map(_metric_row, registry.collect()))


def _metric_row(family: Metric) -> str:
    name = family.name + ("_total" if family.type == "counter" else "")
    labels: dict[str, dict[str, None]] = {}
    for sample in family.samples:
        for label, value in sample.labels.items():
            labels.setdefault(label, {})[value] = None
    labels.pop("le", None)  # the buckets of a histogram
    told = "; ".join(f"`{label}`: {', '.join(values)}" for label, values in labels.items())
    return f"| `{name}` | {family.type} | {told} | {family.documentation} |\n"


# --- command line -------------------------------------------------------------


def command_line() -> str:
    """Return every verb's help, as typer writes it."""
    arguments = ("-m", "typer", "playlista.cli", "utils", "docs", "--name", "playlista")
    wide = {**os.environ, "COLUMNS": "100", "NO_COLOR": "1"}
    made = subprocess.run(
        [sys.executable, *arguments], check=True, capture_output=True, text=True, env=wide
    )
    title, _, verbs = made.stdout.partition("\n")
    return f"{title}\n\n{MADE}\n{verbs.rstrip()}\n"


# --- faults -------------------------------------------------------------------


def faults() -> str:
    """Return a table of the faults that are promised to be survived, with their tests."""
    suite = runpy.run_path(str(ROOT / "tests/faults/catalogue.py"))
    rows, proofs = suite["FAULTS"], suite["proofs"]()
    half = sum(bool(row.open) for row in rows)
    head = (
        f"# Faults\n\n{MADE}\n\n"
        f"What goes wrong around a music library, what playlista promises then, and the tests that "
        f"hold it to that: of {len(rows)} rows, {len(rows) - half} are proven and {half} wholly or "
        "in part **open**. `make test` runs them all but those marked *heavy*, which "
        "`make test-faults` runs.\n"
    )
    return head + "".join(_faults_part(part, rows, proofs) for part in suite["PARTS"])


def _faults_part(part: str, rows: Sequence[Any], proofs: Mapping[int, Sequence[Any]]) -> str:
    lines = [f"\n## {part}\n\n| | Fault | Promise | Proven by |\n|---|---|---|---|\n"]
    for row in rows:
        if row.part == part:
            told = "<br>".join(_proven(row.open, row.cannot, proofs.get(row.number, ())))
            lines.append(f"| {row.number} | {row.fault} | {row.promise} | {told} |\n")
    return "".join(lines)


def _proven(open_: str, cannot: str, proofs: Sequence[Any]) -> Iterator[str]:
    for proof in proofs:
        heavy = " *heavy*" if proof.heavy else ""
        yield f"[{proof.sentence}](../tests/{proof.file}){heavy}"
    if open_:
        yield f"**open:** {open_}"
    if cannot:
        yield f"**not tried:** {cannot}"


if __name__ == "__main__":
    os.environ.pop("STATE_DIRECTORY", None)  # it would become a default
    main()
