"""What hears the blocks of a track."""

import numpy as np

from playlista.analysis.listening import TOO_SHORT, Listening
from playlista.audio.blocks import Block
from playlista.features.describe import Stopwatch
from playlista.records import AudioSettings
from playlista.stages import Stage

RATE = 16_000


def test_what_is_as_long_as_a_model_hears_at_once_is_not_too_short():
    seconds = float(TOO_SHORT.split()[3])
    listening = Listening(RATE, frozenset({Stage.EMBEDDING}), AudioSettings(), Stopwatch())
    nothing = np.empty(0, np.float32)

    listening.feed(Block(np.ones(int(seconds * RATE), np.float32), RATE, nothing, nothing))

    _, patches, _ = listening.result()
    assert patches
