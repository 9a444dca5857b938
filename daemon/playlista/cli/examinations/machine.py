"""The machine: programs, processors, memory, the port."""

import platform
import socket
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from playlista.cli.examinations.finding import Finding
from playlista.config.settings import Config
from playlista.pool import memory as readings
from playlista.pool import processor

OLDEST_SQLITE = "3.37"


def programs(_: Config) -> Iterator[Finding]:
    """Tell which versions are here of what we bring not ourselves."""
    yield Finding("Python", platform.python_version())
    old = sqlite3.sqlite_version_info < (3, 37, 0)
    yield Finding(
        "SQLite",
        sqlite3.sqlite_version,
        f"install a Python built with SQLite {OLDEST_SQLITE} or newer" if old else None,
    )


def processors(_: Config) -> Iterator[Finding]:
    """Tell how much of the processors may be used, and whether work waits for them."""
    now = processor.read()
    yield Finding("processors", f"{now.cores:g} of {now.machine_cores} usable ({now.source})")
    yield Finding("waiting for processors", _share_of_time(now.contended))
    flags = _read("/proc/cpuinfo")
    if "flags" in flags:
        # without AVX essentia's TensorFlow dies of SIGILL: it is not imported there
        avx = " avx " in flags
        yield Finding("AVX", "yes" if avx else "no: essentia is not used, same fields without it")


def memory(settings: Config) -> Iterator[Finding]:
    """Tell every limit of memory, and how near it is."""
    now = readings.read()
    if now is None:
        workers = settings.pool.fallback_workers
        yield Finding(
            "memory",
            f"cannot be read: never more than {workers} workers",
            "allow the service to read /proc/meminfo (no ProcSubset=pid)",
        )
        return
    scopes = [f"{s.used_ratio:.0%} of {s.limit / 1e9:.1f} GB ({s.source})" for s in now.scopes]
    low = now.used_ratio * 100 >= settings.pool.memory_failsafe_percent
    yield Finding(
        "memory",
        f"in use {', '.join(scopes)}; {now.available_bytes / 1e9:.1f} GB available",
        "free some memory: analysis waits above the failsafe" if low else None,
    )
    yield Finding("waiting for memory", _share_of_time(now.stalled))


def port(settings: Config) -> Iterator[Finding]:
    """Tell whether somebody answers where the daemon does."""
    host, _, port = settings.service.http_listen.rpartition(":")
    family = socket.AF_INET6 if host.startswith("[") else socket.AF_INET
    with socket.socket(family) as probe:
        taken = probe.connect_ex((host.strip("[]"), int(port))) == 0
    yield Finding(
        f"port {settings.service.http_listen}",
        "answers: a daemon is running, or another program" if taken else "free",
    )


def _share_of_time(share: float | None) -> str:
    return "the kernel does not say" if share is None else f"{share:.0%} of the last 10 s"


def _read(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""
