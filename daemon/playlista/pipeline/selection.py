"""Which model listens, by the configuration and by what lies in the folder."""

import time
from typing import Final

from playlista.config.settings import Config
from playlista.errors import ModelMissing
from playlista.inference import choice, files
from playlista.inference.catalogue import CATALOGUE

LOOK_S: Final = 5.0  # between two looks whether a model has come (a guess)
RETRY_S: Final = 600.0  # before one that did not work is tried again as it is (a guess)
FETCH: Final = "`playlista models fetch` brings one"
LIST: Final = "`playlista models` lists those that there are"


class Selection:
    """The model that is asked.

    Args:
        config: MODEL, STATE_PATH and FAST_MODE.

    Attributes:
        model: Its name; None while there is none.
        why: Why there is none.

    Raises:
        ModelMissing: The configuration names one that is not there.
    """

    def __init__(self, config: Config) -> None:
        self.model: str | None = None
        self.why: str | None = None
        self._not_before = 0.0
        self._lying = files.signatures(config.store.models)
        self.reload(config)
        self.look()
        name = config.model.model
        if self.model is None and name not in {"auto", "none"} and not config.audio.fast_mode:
            raise ModelMissing(f"MODEL={name}: {self.why}")

    def reload(self, config: Config) -> None:
        """Look by another configuration next time, and forget what did not work."""
        self._config = config
        self._refused: str | None = None
        self._look_at = 0.0

    def refuse(self, why: str) -> None:
        """Note that the model does not work."""
        self._refused = why
        self._not_before = time.monotonic() + RETRY_S
        self.model, self.why = None, why

    def look(self) -> bool:
        """Look at the folder, now and then; tell whether another one listens, or why none does."""
        now = time.monotonic()
        if now < self._look_at:
            return False
        self._look_at = now + LOOK_S
        self._forgive(now)
        before = self.model, self.why
        self.model, self.why = self._chosen()
        return (self.model, self.why) != before

    def _forgive(self, now: float) -> None:
        """Forget what did not work when anything in the folder is new, or after a while."""
        before, self._lying = self._lying, files.signatures(self._config.store.models)
        if self._lying != before or now >= self._not_before:
            self._refused = None

    def _chosen(self) -> tuple[str | None, str | None]:
        name, folder = self._config.model.model, self._config.store.models
        if self._config.audio.fast_mode or name == "none":
            return None, "FAST_MODE" if self._config.audio.fast_mode else "MODEL=none"
        if self._refused is not None:
            return None, self._refused
        if name == "auto":
            found = choice.present(folder)
            return found, None if found else f"there is none yet; {FETCH}"
        if not choice.lies_in(folder, name):
            remedy = FETCH if name in CATALOGUE else LIST
            return None, f"{folder} holds no model {name}; {remedy}"
        return name, None
