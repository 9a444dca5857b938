"""The one door to essentia, an optional library that holds a TensorFlow."""

import importlib.util
import os
import platform
from pathlib import Path
from types import ModuleType

_TENSORFLOW = {
    "TF_CPP_MIN_LOG_LEVEL": "3",  # or it greets on stderr
    "TF_ENABLE_ONEDNN_OPTS": "0",  # or it dies of SIGFPE on some processors
    "CUDA_VISIBLE_DEVICES": "-1",  # or it looks for a graphics card
}
"""What its TensorFlow finds in the environment, unless the caller has put something else there."""


def usable(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Tell whether essentia is installed and its code runs on this processor.

    Its TensorFlow is compiled for AVX: without it the import dies of SIGILL, so the flags
    are asked before.
    """
    if importlib.util.find_spec("essentia") is None:
        return False
    return platform.machine() != "x86_64" or not cpuinfo.exists() or " avx " in cpuinfo.read_text()


def compiled() -> ModuleType:
    """Return its compiled module: 60 MB, to be asked for only where it is `usable`."""
    for name, value in _TENSORFLOW.items():
        os.environ.setdefault(name, value)
    # a class for each of its 270 algorithms, as essentia.standard makes them, is 130 MB
    from essentia import _essentia  # noqa: PLC0415 - who does not need it saves it

    _essentia.setInfoLevel(False)  # it tells of every graph that it has loaded
    module: ModuleType = _essentia
    return module
