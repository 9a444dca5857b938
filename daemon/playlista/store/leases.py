"""How a lease is taken and settled.

Whoever lost a lease - its file changed, left, or the lease was settled before - settles
nothing: every statement here asks for the boot that holds it and the generation it is for.
"""

import sqlite3
import time
from dataclasses import dataclass

from playlista.records import Job
from playlista.store import heard

STRIKES = 3
"""So often may one content bring down its worker (ADR 0011)."""

_OFFERED = "state = 'ready'"
_HELD = "lease = :boot"
_UNSETTLED = "(state = 'ready' OR lease = :boot)"

_KILL = """
    kills = kills + {n}, alone = 1, lease = NULL,
    state = iif(kills + {n} < :most, 'ready', 'waiting'),
    waits = waits + (kills + {n} >= :most),
    reason = 'killed', error = :why
"""
_ITS_WORKER = _KILL.format(n="1")
_THE_DAEMON = _KILL.format(n="alone")  # nobody else was there


@dataclass(frozen=True, slots=True)
class Desk:
    """One transaction of one boot, in which leases are taken and settled."""

    write: sqlite3.Connection
    boot: str

    def take(self, job: Job) -> bool:
        """Lease a track that is ready; False when it is no longer what was offered."""
        changes = "state = 'leased', lease = :boot, attempts = attempts + 1"
        return self._update(job, _OFFERED, changes) is not None

    def give_back(self, job: Job, *, alone: bool) -> None:
        """Return a lease with nothing held against the track."""
        changes = "state = 'ready', lease = NULL, alone = max(alone, :alone)"
        self._update(job, _HELD, changes, alone=alone)

    def strike(self, job: Job, why: str) -> bool:
        """Count a strike; True when that was once too often, and the track has failed."""
        row = self._update(
            job,
            _HELD,
            "strikes = strikes + 1, kills = 0, alone = 1, lease = NULL, "
            "state = iif(strikes + 1 < :most, 'ready', 'failed'), reason = 'poison', error = :why",
            why=_words(why),
        )
        poison = row is not None and row["state"] == "failed"
        if poison:
            heard.forget(self.write, job.file_id)
        return poison

    def kill(self, job: Job, why: str) -> sqlite3.Row | None:
        """Return a lease whose worker was killed; return the row if it was ours to settle."""
        return self._update(job, _HELD, _ITS_WORKER, why=_words(why))

    def park(self, job: Job, state: str, reason: str, why: str) -> sqlite3.Row | None:
        """Set a track aside; return the row if it was ours to settle."""
        row = self._update(
            job,
            _UNSETTLED,
            "state = :state, lease = NULL, reason = :reason, error = :why, "
            "kills = 0, waits = waits + 1",
            state=state,
            reason=reason,
            why=_words(why),
        )
        if row is not None and state != "waiting":
            heard.forget(self.write, job.file_id)
        return row

    def ask_more(self, job: Job, step: int) -> None:
        """Queue a track again for what it lacks now."""
        self._update(
            job,
            _UNSETTLED,
            "state = 'ready', lease = NULL, upgrade = :step, kills = 0, waits = 0, "
            "reason = NULL, error = NULL",
            step=step,
        )

    def inherit(self) -> None:
        """Take back the leases of dead boots: a track counts as killed if it ran alone."""
        self.write.execute(
            f"UPDATE job SET {_THE_DAEMON}, updated_at = :now WHERE state = 'leased'",  # noqa: S608 - a constant
            {"most": STRIKES, "now": int(time.time()), "why": "the daemon was killed meanwhile"},
        )

    def _update(self, job: Job, whose: str, changes: str, **terms: str | int) -> sqlite3.Row | None:
        row: sqlite3.Row | None = self.write.execute(
            f"""
            UPDATE job SET {changes}, updated_at = :now WHERE file_id = :file_id AND {whose}
                AND (SELECT generation FROM file WHERE id = :file_id) = :generation
            RETURNING *
            """,  # noqa: S608 - constants of this module
            terms
            | {
                "file_id": job.file_id,
                "generation": job.generation,
                "boot": self.boot,
                "most": STRIKES,
                "now": int(time.time()),
            },
        ).fetchone()
        return row


def _words(why: str) -> str:
    """Escape what UTF-8 cannot carry: the name of a file may be part of a reason."""
    return why.encode("utf-8", "backslashreplace").decode("utf-8")
