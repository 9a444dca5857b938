"""Where a setting's value comes from: default, file, environment, flag; the last wins."""

import difflib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from playlista.config.settings import Config, table
from playlista.errors import BadConfig

PREFIX = "PLAYLISTA_"

Given = dict[str, tuple[str, str]]
"""KEY → (text, origin), the origin as a person would name it."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration, and the origin of each value that is not the default."""

    config: Config
    origins: Mapping[str, str]


def load(
    file: Path | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    flags: Mapping[str, Any] | None = None,
) -> Loaded:
    """Gather the configuration.

    Args:
        file: ``KEY=value`` lines; None reads no file.
        environ: ``PLAYLISTA_KEY`` overrides the file; the process's own when None.
        flags: KEY → value from the command line; None values count as not given.

    Raises:
        BadConfig: An unknown key, an impossible value, or a file that cannot be read;
            the text names the origin and, for an unknown key, the nearest known one.
    """
    given: Given = {}
    if file is not None:
        given |= _from_file(file)
    given |= _from_environment(os.environ if environ is None else environ)
    values: dict[str, Any] = {key: text for key, (text, _) in given.items()}
    origins = {key: origin for key, (_, origin) in given.items()}
    for key, value in (flags or {}).items():
        if value is not None:
            values[key] = value
            origins[key] = "command line"
    return Loaded(_validated(values, origins), origins)


def _from_file(file: Path) -> Given:
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise BadConfig(f"{file}: cannot be read: {why}") from error
    given: Given = {}
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if line and not line.startswith("#"):
            key, value = _pair(line, f"{file}, line {number}")
            given[key] = (value, f"{file}, line {number}")
    return given


def _pair(line: str, origin: str) -> tuple[str, str]:
    key, equals, value = line.partition("=")
    key, value = key.strip(), value.strip()
    if not equals:
        raise BadConfig(f"{origin}: expected KEY=value, found {line!r}")
    _require_known(key, origin)
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        value = value[1:-1]
    return key, value


def _from_environment(environ: Mapping[str, str]) -> Given:
    given: Given = {}
    for name, value in environ.items():
        if name.startswith(PREFIX):
            key = name.removeprefix(PREFIX)
            _require_known(key, f"environment variable {name}")
            given[key] = (value, f"environment variable {name}")
    return given


def _require_known(key: str, origin: str) -> None:
    known = table()
    if key in known:
        return
    near = difflib.get_close_matches(key.upper(), known, n=1, cutoff=0.6)
    hint = f"; did you mean {near[0]}?" if near else "; `playlista conf` lists the keys"
    raise BadConfig(f"{origin}: unknown key {key}{hint}")


def _validated(values: Mapping[str, Any], origins: Mapping[str, str]) -> Config:
    known = table()
    parts: dict[str, dict[str, Any]] = {}
    for key, value in values.items():
        parts.setdefault(known[key][0], {})[key.lower()] = value
    try:
        return Config.model_validate(parts)
    except ValidationError as error:
        raise BadConfig(_why(error, origins)) from error


def _why(error: ValidationError, origins: Mapping[str, str]) -> str:
    first, *others = error.errors()
    key = str(first["loc"][1]).upper()
    told = [first["msg"]] + [o["msg"] for o in others if o["loc"][:2] == first["loc"][:2]]
    why = " or ".join(message.removeprefix("Value error, ").lower() for message in told)
    return f"{origins.get(key, 'default')}: {key}={first['input']}: {why}"
