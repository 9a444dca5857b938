"""The model's process, and who is heard by it.

A worker is done with a track when it has cut out the patches; they wait here, so that no
worker ever waits for the model. The process comes with the first patches, and leaves when
none have come for a while. Its death is nobody's fault: the patches are simply asked again
(ADR 0014).
"""

import logging
import threading
from collections.abc import Callable
from typing import Any, Final

from playlista.config.settings import Config
from playlista.inference.catalogue import CATALOGUE
from playlista.inference.messages import Answer, Refusal, concluded
from playlista.metrics import Metrics
from playlista.pipeline import terms
from playlista.pipeline.room import Waiting, WaitingRoom
from playlista.pipeline.selection import Selection
from playlista.pool.outcome import Crash, Outcome
from playlista.pool.supervisor import Pool
from playlista.records import Job
from playlista.units import Bytes

UNLISTED: Final = "unlisted"
MODELS: Final = (*CATALOGUE, UNLISTED)
TICK_S: Final = 1.0
TRIES: Final = 3  # so often may the process die of the same patches
KILLS: Final = 10  # so often in a row may it be killed: then memory is too short (a guess)
LIMIT_S: Final = 60.0  # a guess: loading on a machine that is short of everything
LIMIT_PER_PATCH_S: Final = 1.0  # a guess: two hundred times what a server core takes
FATAL: Final = f"the model's process died of it {TRIES} times"

log = logging.getLogger(__name__)


class Ear:
    """Lets the model hear drafts, one after the other.

    Args:
        config: The whole of it.
        metrics: Where it is counted.
        answered: Called, from the ear's thread, when there is something to take, or another
            model is to be wanted.
        squeezed: Tells whether the process must be gone; who waits for it goes on waiting.

    Raises:
        ModelMissing: The configuration names a model that is not there.
    """

    def __init__(
        self,
        config: Config,
        metrics: Metrics,
        answered: Callable[[], None],
        squeezed: Callable[[], bool],
    ) -> None:
        self._metrics = metrics
        self._answered = answered
        self._squeezed = squeezed
        self._selection = Selection(config)
        self._config = config
        self._next_config: Config | None = None
        self._pool: Pool[Waiting] = Pool(terms.host(config))
        self._room = WaitingRoom()
        self._proven: str | None = None
        self._resident: tuple[str, str] | None = None
        self._kills = 0
        self._expected = False

    # --- from other threads ---------------------------------------------------

    @property
    def model(self) -> str | None:
        """Who listens; None while nobody does."""
        return self._selection.model

    @property
    def facts(self) -> dict[str, Any]:
        """What status tells of the model."""
        resident = self._resident
        return {
            "name": self._selection.model,
            "runtime": None if resident is None else resident[1],
            "loaded": resident is not None,
            "why": self._selection.why,
        }

    @property
    def waiting_bytes(self) -> Bytes:
        """How many bytes of patches it has not heard yet."""
        return self._room.waiting_bytes

    def expect(self) -> None:
        """Have the process ready: a track is about to be analysed."""
        self._expected = True
        self._pool.wake()

    def reload(self, config: Config) -> None:
        """Work by another configuration from the next look on."""
        self._next_config = config
        self._pool.wake()

    def ask(self, outcome: Outcome[Job]) -> None:
        """Take a draft; ``take`` will return it as an analysis."""
        draft, model = outcome.value, self._selection.model
        if model is None or not draft.heard:
            self._room.pass_by(outcome, draft.analysis)
        elif not draft.patches:
            self._room.pass_by(outcome, concluded(draft, model))
        else:
            self._room.enter(outcome)
            self._pool.wake()

    def take(self) -> list[Outcome[Job]]:
        """Return what has been heard, and what nobody will hear."""
        return self._room.take()

    def close(self) -> None:
        """Hear nothing any more: whatever waits is done as it is, and can be heard later."""
        self._room.close()

    # --- the loop -------------------------------------------------------------

    def run(self, stop: threading.Event, beat: Callable[[], None]) -> None:
        """Listen until told to stop; the process lives and dies with this thread."""
        try:
            while not stop.is_set():
                beat()
                self.step()
        finally:
            self.close()
            self._pool.close()

    def step(self) -> None:
        """Choose the model, hand over, and settle once."""
        self._reload_if_asked()
        if self._selection.look():
            log.info("model=%s %s", self._selection.model, self._selection.why or "")
            self._answered()
        self._hand_over(self._selection.model)
        for outcome in self._pool.collect(TICK_S):
            self._settle(outcome.key, outcome)
            self._answered()
        if not self._pool.running + self._pool.idle:
            self._show(None)

    def _reload_if_asked(self) -> None:
        config, self._next_config = self._next_config, None
        if config is None:
            return
        self._selection.reload(config)
        if terms.host(config) != terms.host(self._config):
            for outcome in self._pool.close():
                self._settle(outcome.key, outcome)
            self._pool = Pool(terms.host(config))
        self._config = config

    def _hand_over(self, model: str | None) -> None:
        squeezed = self._squeezed()
        self._pool.resize(int(model is not None and not squeezed))
        if squeezed:
            self._pool.shed(1)
        if model is None:
            if self._room.clear():
                self._answered()
            return
        if self._expected:
            self._expected = False
            self._pool.warm()
        if self._pool.free and (waiting := self._room.call()):
            waiting.model = model
            question = terms.question(self._config, model, waiting.draft.patches)
            limit_s = LIMIT_S + LIMIT_PER_PATCH_S * question.patches_n
            self._pool.submit(waiting, question, limit_s)

    def _settle(self, waiting: Waiting, outcome: Outcome[Waiting]) -> None:
        match outcome.value:
            case Answer() as answer:
                self._heard(waiting, answer, outcome.seconds)
            case Refusal(why):
                self._room.back(waiting)
                self._refused(waiting.model, why)
            case _:
                self._crashed(waiting, outcome)

    def _heard(self, waiting: Waiting, answer: Answer, seconds: float) -> None:
        self._proven, self._kills = waiting.model, 0
        self._show((waiting.model, answer.runtime))
        self._metrics.model_loads.inc(answer.loaded)
        self._metrics.inference_patches.inc(answer.patches_n)
        self._metrics.inference_seconds.observe(seconds)
        self._room.leave(waiting, concluded(waiting.draft, waiting.model, answer), seconds)

    def _crashed(self, waiting: Waiting, outcome: Outcome[Waiting]) -> None:
        """Ask again, unless the model always dies, or dies of these patches."""
        if outcome.crash is Crash.SHED:
            self._room.back(waiting)
            return
        why = f"its process was lost: {outcome.crash} {outcome.detail}"
        log.warning("model %s: %s %s", waiting.model, why, outcome.trace)
        waiting.tries += outcome.counted
        self._kills += outcome.crash is Crash.FOREIGN_KILL
        fatal = waiting.tries >= TRIES
        if fatal and waiting.model == self._proven:
            analysis = concluded(waiting.draft, waiting.model, why=FATAL)
            self._room.leave(waiting, analysis)
            return
        self._room.back(waiting)
        if fatal or self._kills >= KILLS or outcome.crash is Crash.WORKER_START:
            self._refused(waiting.model, why)

    def _refused(self, model: str, why: str) -> None:
        """Ask this model no more for a while; another one may be chosen by now."""
        if model == self._selection.model:
            log.error("no model listens: %s", why)
            self._selection.refuse(why)
            self._kills = 0

    def _show(self, resident: tuple[str, str] | None) -> None:
        """Tell Prometheus which model is in memory, and whose code runs it."""
        before, self._resident = self._resident, resident
        if before != resident:
            for labels, value in ((before, 0), (resident, 1)):
                if labels is not None:
                    self._metrics.model_loaded.labels(label(labels[0]), labels[1]).set(value)


def label(model: str) -> str:
    """Return a model's name in metrics, where names come from a closed set."""
    return model if model in CATALOGUE else UNLISTED
