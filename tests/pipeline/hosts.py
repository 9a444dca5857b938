"""What may hold the model instead of the real one; imported by the process, not by the tests."""

import os
import signal
import time

from playlista.inference.catalogue import MSD, Runtime
from playlista.inference.messages import Answer, Refusal

SEVEN = b"\x00\x47"
"""Patches that begin so, where real ones are below 5, bring the process down."""


def _answer(question):
    return Answer(Runtime.ONNX, question.patches_n, 0.01, False, (1.0,) * 200, {"rock": 0.5})


def dies_of_poison(question):
    if question.patches.startswith(SEVEN):
        os._exit(1)
    return _answer(question)


def dies(_question):
    os._exit(1)


def is_killed(_question):
    os.kill(os.getpid(), signal.SIGKILL)


def is_killed_every_other_time(question):
    trace = question.folder / "killed"
    if not trace.exists():
        trace.touch()
        is_killed(question)
    trace.unlink()
    return _answer(question)


def refuses_the_usual_model_slowly(question):
    if question.model != MSD.name:
        return _answer(question)
    time.sleep(0.5)
    return Refusal("not today")


def never_answers(_question):
    time.sleep(60)
