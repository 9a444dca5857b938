"""A real server on a free port, and a daemon behind it that says what a test wants."""

import copy
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from prometheus_client import CollectorRegistry

from playlista.web.server import Server
from playlista.web.views import Verdict, Views

STATUS: dict[str, Any] = {
    "state": "running",
    "tracks": {"total": 12, "quick": 1, "full": 7, "deep": 0, "failed": 2, "missing": 3},
    "backlog": {
        "ready": 1,
        "leased": 1,
        "waiting": 0,
        "incomplete": 0,
        "failed": 2,
        "oldest_s": 4.5,
    },
    "workers": {"running": 1, "target": 2, "limit": 4, "reason": "memory"},
    "memory": {
        "used_ratio": 0.61,
        "failsafe_ratio": 0.85,
        "source": "cgroup",
        "limit_bytes": 2_000_000_000,
        "available_bytes": 780_000_000,
        "stalled_ratio": None,
    },
    "processors": {
        "usable": 0.5,
        "source": "cgroup",
        "others": 1.5,
        "contended_ratio": 0.25,
    },
    "watch": {
        "degraded": True,
        "roots": [
            {
                "path": "/srv/<b>music",
                "mode": "events",
                "degraded": "layers",
                "state": "online",
                "settling": 2,
                "open": 1,
            }
        ],
    },
    "model": {"name": None, "runtime": None, "loaded": False, "why": "there is none yet"},
    "playlists": 5,
    "version": "0.1.0",
}


class Daemon:
    """What the views answer; a test changes it."""

    def __init__(self) -> None:
        self.alive = lambda: (True, [])
        self.ready = lambda: (True, [])
        self.status = copy.deepcopy(STATUS)
        self.registry = CollectorRegistry()
        self.orders: list[str] = []

    def performance(self) -> dict[str, Any]:
        return {
            "uptime_s": 60.0,
            "tracks_analysed": 8,
            "tracks_per_hour": 480.0,
            "workers": self.status["workers"],
            "memory": self.status["memory"],
            "worker_memory_bytes": 300_000_000,
        }

    def tell_alive(self) -> Verdict:
        return self.alive()

    def tell_ready(self) -> Verdict:
        return self.ready()

    def tell_status(self) -> dict[str, Any]:
        if isinstance(self.status, Exception):
            raise self.status
        return self.status

    def model(self) -> dict[str, Any]:
        return {
            **self.status["model"],
            "source": "musicnn 0.1.0",
            "licence": "ISC",
            "tags": ["rock", "pop"],
        }

    def views(self) -> Views:
        return Views(
            alive=self.tell_alive,
            ready=self.tell_ready,
            status=self.tell_status,
            performance=self.performance,
            model=self.model,
            pause=lambda: self.orders.append("pause"),
            resume=lambda: self.orders.append("resume"),
        )


@pytest.fixture
def daemon() -> Daemon:
    return Daemon()


@pytest.fixture
def http(daemon: Daemon) -> Iterator[httpx.Client]:
    """A caller of a real server."""
    with (
        Server("127.0.0.1:0", daemon.views(), daemon.registry) as server,
        httpx.Client(base_url=server.url, trust_env=False) as client,
    ):
        yield client
