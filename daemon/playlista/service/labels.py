"""The closed sets of metric labels, gathered from the parts that own them."""

from playlista.inference.catalogue import Runtime
from playlista.intake import intake
from playlista.metrics import Closed
from playlista.pipeline import ear, refresh, save
from playlista.playlists.delta import Reason as UpdateReason
from playlista.pool.decision import Action
from playlista.pool.decision import Reason as PoolReason
from playlista.pool.outcome import Exit
from playlista.pool.slot import State
from playlista.records import How, Tier
from playlista.service import logs
from playlista.stages import TIMED
from playlista.store import backlog, backup
from playlista.watch.dirty import WatchEvent
from playlista.watch.observer import Trouble
from playlista.watch.reconcile import Difference


def closed_sets() -> Closed:
    """Return every value that every label may take."""
    return {
        "version": (),
        "tier": tuple(Tier),
        "outcome": save.OUTCOMES,
        "track_reason": save.TRACK_REASONS,
        "backlog_state": backlog.STATES,
        "worker_state": tuple(State),
        "pool_action": tuple(Action),
        "pool_reason": tuple(PoolReason),
        "exit_reason": tuple(Exit),
        "stage": TIMED,
        "watch_event": tuple(WatchEvent),
        "rebuild_reason": tuple(Trouble),
        "wait": intake.WAITS,
        "root_state": intake.STATES,
        "difference": tuple(Difference),
        "how": tuple(How),
        "model": ear.MODELS,
        "runtime": tuple(Runtime),
        "line_op": refresh.LINE_OPS,
        "update_reason": tuple(UpdateReason),
        "outlet": refresh.OUTLETS,
        "push_outcome": refresh.PUSH_OUTCOMES,
        "backup_outcome": backup.OUTCOMES,
        "level": logs.LEVELS,
    }
