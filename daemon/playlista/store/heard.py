"""What was heard in a recording: one row for all files that hold it."""

import json
import sqlite3
import time
from dataclasses import asdict

from playlista.records import Analysis, Tier
from playlista.store.jobs import RANK, RANKS


def keep(write: sqlite3.Connection, analysis: Analysis) -> int:
    """Store what was heard, unless more is known already; return the recording's id."""
    write.execute(
        f"""
        INSERT INTO audio (hash, duration_s, tier, features_version, engine, features, reasons,
                           seconds, truncated, analysed_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (hash) DO UPDATE SET
            duration_s = excluded.duration_s, tier = excluded.tier,
            features_version = excluded.features_version, engine = excluded.engine,
            features = excluded.features, reasons = excluded.reasons,
            seconds = excluded.seconds, truncated = excluded.truncated,
            analysed_at = excluded.analysed_at
        WHERE (excluded.features_version, ?) >= (features_version, {RANK})
        """,  # noqa: S608 - a constant of ours
        (
            analysis.audio_id,
            analysis.duration_s,
            analysis.tier,
            analysis.features_version,
            analysis.engine,
            json.dumps(asdict(analysis.features)),
            json.dumps(dict(analysis.reasons)),
            json.dumps(dict(analysis.seconds)),
            analysis.truncated,
            int(time.time()),
            RANKS[analysis.tier],
        ),
    )
    row = write.execute("SELECT id FROM audio WHERE hash = ?", (analysis.audio_id,)).fetchone()
    return int(row["id"])


def attach(write: sqlite3.Connection, file_id: int, audio_id: int, analysis: Analysis) -> None:
    """Say that a file holds a recording, and what the file says of itself."""
    write.execute(
        "UPDATE file SET audio_id = ?, tags = ? WHERE id = ?",
        (audio_id, json.dumps(asdict(analysis.file_tags)), file_id),
    )


def suffices(write: sqlite3.Connection, audio_id: int, wanted: Tier, features_version: int) -> bool:
    """Tell whether a recording was heard at a tier, by the present descriptors."""
    row = write.execute(
        "SELECT tier, features_version FROM audio WHERE id = ?", (audio_id,)
    ).fetchone()
    enough = RANKS[Tier(row["tier"])] >= RANKS[wanted]
    return enough and bool(row["features_version"] >= features_version)


def forget(write: sqlite3.Connection, file_id: int) -> None:
    """Detach a file from what was heard in it, if its bytes have changed since."""
    write.execute(
        "UPDATE file SET audio_id = NULL WHERE id = ? AND NOT EXISTS "
        "(SELECT 1 FROM job WHERE file_id = file.id AND upgrade)",
        (file_id,),
    )
