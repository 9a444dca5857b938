"""What was heard in a recording: one row for all files that hold it, grown stage by stage."""

import json
import sqlite3
import struct
import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from playlista.records import Analysis, FileTags
from playlista.stages import FEATURES_VERSION, FIELDS, MODELLED, Stage, Wanted, tier_of

_NOTHING: Mapping[str, Any] = {
    "engine": "",
    "features": "{}",
    "reasons": "{}",
    "seconds": "{}",
    "truncated": 0,
    "done": "{}",
    "model": None,
    "embedding": None,
    "model_tags": None,
}
"""What is known of a recording before it was ever heard."""


def keep(write: sqlite3.Connection, analysis: Analysis) -> int:
    """Add what was heard to what is known of a recording; return its id.

    A stage that is known already, in this version or a newer one, stays as it is.
    """
    known = write.execute("SELECT * FROM audio WHERE hash = ?", (analysis.audio_id,)).fetchone()
    columns = {
        "hash": analysis.audio_id,
        **analysis.prints._asdict(),
        **_joined(known or _NOTHING, analysis),
    }
    (audio_id,) = write.execute(
        f"INSERT INTO audio ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))}) "  # noqa: S608 - names of ours
        f"ON CONFLICT DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in columns)} "
        "RETURNING id",
        tuple(columns.values()),
    ).fetchone()
    return int(audio_id)


def attach(write: sqlite3.Connection, file_id: int, audio_id: int, tags: FileTags) -> None:
    """Say that a file holds a recording, and what the file says of itself."""
    write.execute(
        "UPDATE file SET audio_id = ?, tags = ? WHERE id = ?",
        (audio_id, json.dumps(asdict(tags)), file_id),
    )


def missing(write: sqlite3.Connection, audio_id: int, wanted: Wanted) -> frozenset[Stage]:
    """Return which wanted stages are not known of a recording."""
    row = write.execute("SELECT done, model FROM audio WHERE id = ?", (audio_id,)).fetchone()
    return wanted.missing(json.loads(row["done"]), row["model"])


def forget(write: sqlite3.Connection, file_id: int) -> None:
    """Detach a file from what was heard in it, if its bytes have changed since."""
    write.execute(
        "UPDATE file SET audio_id = NULL WHERE id = ? AND NOT EXISTS "
        "(SELECT 1 FROM job WHERE file_id = file.id AND upgrade)",
        (file_id,),
    )


def embedding_from(stored: bytes | None) -> tuple[float, ...] | None:
    """Read an embedding as it was stored: float32, little-endian."""
    return None if stored is None else struct.unpack(f"<{len(stored) // 4}f", stored)


def _joined(known: Mapping[str, Any] | sqlite3.Row, analysis: Analysis) -> dict[str, Any]:
    """Return the columns of a recording once this is added to what is known."""
    done: dict[str, int] = json.loads(known["done"])
    if analysis.model not in {None, known["model"]}:
        done = {stage: version for stage, version in done.items() if stage not in MODELLED}
    news = {stage for stage, version in analysis.done.items() if version > done.get(stage, 0)}
    done |= {stage: analysis.done[stage] for stage in sorted(news)}
    fields = {name for stage in Stage if stage in news for name in FIELDS[stage]}
    heard = MODELLED & news
    old_reasons = json.loads(known["reasons"]).items()
    engines = [*known["engine"].split("+"), *analysis.engine.split("+")]
    return {
        "duration_s": analysis.duration_s,
        "tier": tier_of(done),
        "features_version": FEATURES_VERSION,
        "engine": "+".join(filter(None, dict.fromkeys(engines))),
        "features": _dump(json.loads(known["features"]) | _values(analysis, fields)),
        "reasons": _dump(
            {name: why for name, why in old_reasons if name not in fields}
            | {name: why for name, why in analysis.reasons.items() if name in fields | _SOUND}
        ),
        "seconds": _dump(json.loads(known["seconds"]) | dict(analysis.seconds)),
        "truncated": bool(known["truncated"] or analysis.truncated),
        "analysed_at": int(time.time()),
        "done": _dump(done),
        "model": analysis.model if heard else known["model"],
        "embedding": _packed(analysis.embedding) if heard else known["embedding"],
        "model_tags": _tags(analysis.tags) if heard else known["model_tags"],
    }


_SOUND = frozenset({"packets", "samples"})
"""Reasons that are about the sound and not about a field."""


def _values(analysis: Analysis, fields: set[str]) -> dict[str, Any]:
    return {name: value for name, value in asdict(analysis.features).items() if name in fields}


def _packed(embedding: tuple[float, ...] | None) -> bytes | None:
    return None if embedding is None else struct.pack(f"<{len(embedding)}f", *embedding)


def _tags(tags: Mapping[str, float] | None) -> str | None:
    return None if tags is None else _dump({name: round(score, 4) for name, score in tags.items()})


def _dump(values: Mapping[str, Any]) -> str:
    return json.dumps(values, sort_keys=True)
