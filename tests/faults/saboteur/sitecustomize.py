"""Breaks a process from within: Python imports this at its start, wherever PYTHONPATH leads here.

Three variables of the environment say what to break:

``SABOTAGE_CALL``: ``package.module:function``, ``:Class.method``. Once it is called with a name
that begins with a deed in it, as in ``/music/segv.flac``, the deed is done.
``SABOTAGE_THREAD``: a name; at SIGRTMIN the thread that has it, in it or in its class, raises.
``SABOTAGE_NEWER``: a stage of the analysis that has been improved.
"""

import ctypes
import importlib.abc
import importlib.util
import os
import re
import resource
import signal
import sys
import threading
import time
from pathlib import Path


class Broken(Exception):
    """What nobody expects."""


def fail(*_):
    """Raise it."""
    raise Broken


def hang(*_):
    """Stay in C with the interpreter's lock held, where no signal handler of Python runs."""
    os.write(2, b"%d is deaf\n" % os.getpid())
    ctypes.PyDLL(None).sleep(1000)


def linger(*_):
    """Take a while."""
    time.sleep(1.5)


def stall(*_):
    """Wait for ever, and let all others go on."""
    threading.Event().wait()


def hog(*_):
    """Take memory until there is none."""
    taken = []
    while True:
        taken.append(bytearray(os.urandom(1 << 20)) * 8)


def starve(*_):
    """Get no more memory than there is by now."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize(),) * 2)


def kill_parent(*_):
    """End the daemon whose worker this is."""
    os.kill(os.getppid(), signal.SIGKILL)


DEEDS = {
    "segv": lambda: os.kill(os.getpid(), signal.SIGSEGV),
    "raise": fail,
    "hang": hang,
    "linger": linger,
    "stall": stall,
    "hog": hog,
    "starve": starve,
    "parricide": kill_parent,
}
DEED = re.compile(rf"[/'\"]({'|'.join(DEEDS)})\b")


def broken(function):
    """Return the function, with the deeds before it."""

    def sabotaged(*arguments, **named):
        found = DEED.search(repr((arguments, named)))
        if found:
            DEEDS[found[1]]()
        return function(*arguments, **named)

    return sabotaged


class After(importlib.abc.MetaPathFinder):
    """Does something to a module as soon as it is imported."""

    def __init__(self, name, change):
        self.name, self.change = name, change

    def find_spec(self, name, *_):
        if name != self.name:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        run = spec.loader.exec_module

        def run_and_change(module):
            run(module)
            self.change(module)

        spec.loader.exec_module = run_and_change
        return spec


def break_call(path):
    """Put the deeds before every call of a function."""

    def change(module):
        *owners, last = inside.split(".")
        owner = module
        for name in owners:
            owner = getattr(owner, name)
        setattr(owner, last, broken(getattr(owner, last)))

    name, _, inside = path.partition(":")
    sys.meta_path.insert(0, After(name, change))


def break_thread(name, *_):
    """Let something be raised in a thread, wherever it is."""
    for thread in threading.enumerate():
        if name in (thread.name, type(thread).__name__):
            error = ctypes.py_object(Broken)
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), error)


def improve(stage):
    """Raise the version of a stage."""

    def change(module):
        module.VERSIONS[module.Stage(stage)] += 1

    sys.meta_path.insert(0, After("playlista.stages", change))


if "SABOTAGE_CALL" in os.environ:
    break_call(os.environ["SABOTAGE_CALL"])
if "SABOTAGE_THREAD" in os.environ:
    signal.signal(signal.SIGRTMIN, lambda *_: break_thread(os.environ["SABOTAGE_THREAD"]))
if "SABOTAGE_NEWER" in os.environ:
    improve(os.environ["SABOTAGE_NEWER"])
