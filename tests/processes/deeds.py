"""What the workers of these tests are told to do; imported by them, not by the tests."""

import ctypes
import gc
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

from playlista.errors import TryAgain, UnreadableAudio

KEPT = []


def echo(request):
    return request


def pid(_request):
    return os.getpid()


def nap(seconds):
    time.sleep(seconds)
    return seconds


def decline(path):
    raise UnreadableAudio(path, "no decoder makes sound of it")


def postpone(what):
    raise TryAgain(what, 5.0)


def stumble(text):
    raise ValueError(text)


def interrupt(_request):
    raise KeyboardInterrupt


def leave(status):
    os._exit(status)


def abort(_request):
    os.abort()


def hold_the_interpreter(seconds):
    """Sleep in C without giving up the GIL, as a native decoder that hangs."""
    ctypes.PyDLL(None).sleep(int(seconds))


def turn_deaf(seconds):
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    time.sleep(seconds)


def unpicklable(_request):
    return lambda: None


class Bomb:
    """Travels well, and goes off when it is unpacked."""

    def __reduce__(self):
        return (int, ("not a number",))


def bomb(_request):
    return Bomb()


def half_a_message(seconds):
    os.write(int(sys.argv[1]), (1000).to_bytes(8, "big") + b"half")
    time.sleep(seconds)


def hang_up(seconds):
    os.close(int(sys.argv[1]))
    time.sleep(seconds)


def bytes_of(size):
    return bytes(size)


def hog(size):
    """Hold memory for long enough to be noticed."""
    held = b"x" * size
    time.sleep(20)
    return len(held)


def hoard(size):
    """Never give the memory back."""
    KEPT.append(b"x" * size)
    return os.getpid()


def borrow(size):
    """Give the memory back at once."""
    held = b"x" * size
    size = len(held)
    del held
    gc.collect()
    return size


def starve(_request):
    """Ask for more memory than the kernel gives."""
    resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
    return bytes(1 << 30)


def starve_speaking(size):
    """Return what is too large to be sent."""
    held = b"x" * size
    resource.setrlimit(resource.RLIMIT_AS, (psutil.Process().memory_info().vms, 1 << 40))
    return held


def have_a_child(_request):
    """Start a process, tell its number, and never end."""
    return subprocess.Popen(["sleep", "60"]).pid


def circumstances(names):
    return {
        "env": {name: os.environ.get(name) for name in names},
        "nice": os.nice(0),
        "oom": int(Path("/proc/self/oom_score_adj").read_text()),
        "io": psutil.Process().ionice().ioclass.name,
        "fds": {str(fd.readlink()) for fd in Path("/proc/self/fd").iterdir() if fd.is_symlink()},
        "session": os.getsid(0),
        "path": sys.path,
    }


def prepare_slowly():
    time.sleep(1.0)
    KEPT.append("prepared")


def prepared(_request):
    return KEPT


def prepare_for_ever():
    time.sleep(60)


def prepare_when_told():
    while not Path(os.environ["TOLD"]).exists():
        time.sleep(0.01)


def prepare_once():
    """Let only the first worker of a pool become ready."""
    Path(os.environ["FIRST_WORKER"]).touch(exist_ok=False)


def prepare_badly():
    raise OSError(28, "No space left on device")


def signals_first(seconds):
    """Take what the daemon was to hear, from others than the parent."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1, signal.SIGUSR2):
        os.kill(os.getpid(), number)
    time.sleep(seconds)
    return "still here"
