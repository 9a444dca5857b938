"""The model's process, and the tracks that wait to be heard by it.

A worker is done with a track when it has cut out the patches; they wait here, so that no
worker ever waits for the model. The process comes with the first patches, and leaves when
none have come for a while. Its death is nobody's fault: the patches are simply asked again
(ADR 0014).
"""

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from playlista.config.settings import Config
from playlista.inference.catalogue import CATALOGUE
from playlista.inference.messages import Answer, Refusal, concluded
from playlista.metrics import Metrics
from playlista.pipeline import terms
from playlista.pipeline.selection import Selection
from playlista.pool.outcome import Crash, Outcome
from playlista.pool.supervisor import Pool
from playlista.records import Draft, Job
from playlista.units import Seconds

UNLISTED: Final = "unlisted"
MODELS: Final = (*CATALOGUE, UNLISTED)
TICK_S: Final = 1.0
TRIES: Final = 3  # so often may the process die of the same patches
LIMIT_S: Final = 60.0  # a guess: loading on a machine that is short of everything
LIMIT_PER_PATCH_S: Final = 1.0  # a guess: two hundred times what a server core takes
FATAL: Final = f"the model's process died of it {TRIES} times"
INNOCENT: Final = frozenset({Crash.FOREIGN_KILL, Crash.MEMORY, Crash.SHED, Crash.SHUTDOWN})

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Waiting:
    """A track on its way to the model."""

    outcome: Outcome[Job]
    model: str
    tries: int = 0

    @property
    def draft(self) -> Draft:
        """What its worker made of it."""
        assert isinstance(self.outcome.value, Draft)
        return self.outcome.value


class Ear:
    """Lets the model hear drafts, one after the other.

    Args:
        config: The whole of it.
        metrics: Where it is counted.
        answered: Called, from the ear's thread, when there is something to take, or another
            model is to be wanted.
    """

    def __init__(self, config: Config, metrics: Metrics, answered: Callable[[], None]) -> None:
        self._metrics = metrics
        self._answered = answered
        self._guard = threading.Lock()
        self._selection = Selection(config)
        self._config = config
        self._next_config: Config | None = None
        self._pool: Pool[int] = Pool(terms.host(config))
        self._queue: deque[_Waiting] = deque()
        self._asked: dict[int, _Waiting] = {}
        self._done: list[Outcome[Job]] = []
        self._answers = 0
        self._runtime: str | None = None
        self._shown: tuple[str, str] | None = None
        self._expected = self._closed = False

    # --- from other threads ---------------------------------------------------

    @property
    def model(self) -> str | None:
        """Who listens; None while nobody does."""
        return self._selection.model

    @property
    def facts(self) -> dict[str, Any]:
        """What status tells of the model."""
        return {
            "name": self._selection.model,
            "runtime": self._runtime,
            "loaded": self._runtime is not None,
            "why": self._selection.why,
        }

    @property
    def waiting(self) -> int:
        """How many tracks have not been heard yet."""
        with self._guard:
            return len(self._queue) + len(self._asked)

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
        with self._guard:
            if self._closed or model is None or not draft.heard:
                self._done.append(replace(outcome, value=draft.analysis))
            elif not draft.patches:
                self._done.append(replace(outcome, value=concluded(draft, model)))
            else:
                self._queue.append(_Waiting(outcome, model))
        self._pool.wake()

    def take(self) -> list[Outcome[Job]]:
        """Return what has been heard, and what nobody will hear."""
        with self._guard:
            done, self._done = self._done, []
            return done

    def close(self) -> None:
        """Hear nothing any more: whatever waits is done as it is, and can be heard later."""
        with self._guard:
            self._closed = True
            self._give_up()

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
        self._hand_over()
        for outcome in self._pool.collect(TICK_S):
            self._settle(outcome)
        self._show()

    def _reload_if_asked(self) -> None:
        config, self._next_config = self._next_config, None
        if config is None:
            return
        self._selection.reload(config)
        if terms.host(config) != terms.host(self._config):
            for outcome in self._pool.close():
                self._settle(outcome)
            self._pool = Pool(terms.host(config))
        self._config = config

    def _hand_over(self) -> None:
        self._pool.resize(int(self._selection.model is not None))
        if self._expected:
            self._expected = False
            self._pool.warm()
        with self._guard:
            while self._queue and self._pool.free:
                self._submit(self._queue.popleft())

    def _submit(self, waiting: _Waiting) -> None:
        patches = waiting.draft.patches
        key = waiting.outcome.key.file_id
        self._asked[key] = waiting
        question = terms.question(self._config, waiting.model, patches)
        limit_s = LIMIT_S + LIMIT_PER_PATCH_S * question.patches_n
        self._pool.submit(key, question, limit_s)

    def _settle(self, outcome: Outcome[int]) -> None:
        with self._guard:
            waiting = self._asked.pop(outcome.key, None)
            if waiting is None:
                return
            match outcome.value:
                case Answer() as answer:
                    self._heard(waiting, answer, outcome.seconds)
                case Refusal(why):
                    self._queue.append(waiting)
                    self._refused(why)
                case _:
                    self._crashed(waiting, outcome)
        self._answered()

    def _heard(self, waiting: _Waiting, answer: Answer, seconds: float) -> None:
        self._answers += 1
        self._runtime = answer.runtime
        self._metrics.model_loads.inc(answer.loaded)
        self._metrics.inference_patches.inc(answer.patches_n)
        self._metrics.inference_seconds.observe(seconds)
        spent = Seconds(waiting.outcome.seconds + seconds)
        analysis = concluded(waiting.draft, waiting.model, answer)
        self._done.append(replace(waiting.outcome, value=analysis, seconds=spent))

    def _crashed(self, waiting: _Waiting, outcome: Outcome[int]) -> None:
        """Ask again, unless the model always dies, or dies of these patches."""
        why = f"its process was lost: {outcome.crash} {outcome.detail}"
        log.warning("model %s: %s %s", waiting.model, why, outcome.trace)
        waiting.tries += outcome.crash not in INNOCENT
        if outcome.crash is not Crash.WORKER_START and waiting.tries < TRIES:
            self._queue.append(waiting)
        elif outcome.crash is not Crash.WORKER_START and self._answers:
            analysis = concluded(waiting.draft, waiting.model, why=FATAL)
            self._done.append(replace(waiting.outcome, value=analysis))
        else:
            self._queue.append(waiting)
            self._refused(why)

    def _refused(self, why: str) -> None:
        log.error("no model listens: %s", why)
        self._selection.refuse(why)
        self._give_up()

    def _give_up(self) -> None:
        """Let everything that waits be done as it is."""
        for waiting in [*self._asked.values(), *self._queue]:
            self._done.append(replace(waiting.outcome, value=waiting.draft.analysis))
        self._asked.clear()
        self._queue.clear()

    def _show(self) -> None:
        if not self._pool.running + self._pool.idle:
            self._runtime = None
        model = self._selection.model
        now = None if model is None or self._runtime is None else (label(model), self._runtime)
        if now != self._shown:
            for labels, value in ((self._shown, 0), (now, 1)):
                if labels is not None:
                    self._metrics.model_loaded.labels(*labels).set(value)
            self._shown = now


def label(model: str) -> str:
    """Return a model's name in metrics, where names come from a closed set."""
    return model if model in CATALOGUE else UNLISTED
