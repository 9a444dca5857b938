"""The HTTP server: uvicorn in one thread of the daemon."""

import asyncio
import logging
import socket
from collections.abc import Callable
from threading import Thread
from typing import Final, Self

import uvicorn
from prometheus_client import CollectorRegistry

from playlista.units import Seconds
from playlista.web.callers import LOCAL
from playlista.web.listening import open_listener, split
from playlista.web.routes import application
from playlista.web.views import Views

STOP_TIMEOUT: Final = Seconds(2.0)
TICK_S: Final = Seconds(0.5)  # between two looks whether to stop

log = logging.getLogger(__name__)


class Server:
    """Answers while entered.

    Args:
        listen: ``host:port`` on loopback; port 0 takes a free one.
        views: What it may ask of the daemon.
        registry: What /metrics shows.
        beat: Called by the server's own loop, every TICK_S.

    Attributes:
        url: Where it answers, once entered; without a slash at the end.
    """

    def __init__(
        self,
        listen: str,
        views: Views,
        registry: CollectorRegistry,
        *,
        beat: Callable[[], None] = lambda: None,
    ) -> None:
        self._listen = listen
        self._views = views
        self._registry = registry
        self._beat = beat
        self._problem: BaseException | None = None

    def __enter__(self) -> Self:
        """Bind, and start to answer.

        Raises:
            AlreadyRunning: The port is in use.
            BadConfig: The address cannot be used.
        """
        listener = open_listener(self._listen)
        host = _in_url(split(self._listen)[0])
        self.url = f"http://{host}:{listener.getsockname()[1]}"
        self._loop = _Loop(self._settings({*LOCAL, host}), self._beat)
        self._thread = Thread(target=self._run, args=(listener,), name="http", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.should_exit = True
        self._thread.join(STOP_TIMEOUT)
        if self._thread.is_alive():
            log.warning("HTTP server left behind: an answer does not end")

    def raise_problem(self) -> None:
        """Raise what ended the server, if anything did."""
        if self._problem is not None:
            raise self._problem

    def _run(self, listener: socket.socket) -> None:
        try:
            with listener:
                self._loop.run(sockets=[listener])
        except BaseException as error:  # noqa: BLE001 - raised again by the main thread
            self._problem = error

    def _settings(self, hosts: set[str]) -> uvicorn.Config:
        return uvicorn.Config(
            application(self._views, self._registry, hosts),
            loop="asyncio",
            http="h11",
            ws="none",
            lifespan="on",
            log_config=None,
            log_level="warning",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=1,
        )


class _Loop(uvicorn.Server):
    """Looks up from time to time.

    uvicorn's own does so ten times a second, and tells of itself by the time of day: a clock
    put back by a year would silence it for as long.
    """

    def __init__(self, config: uvicorn.Config, beat: Callable[[], None]) -> None:
        super().__init__(config)
        self._beat = beat

    async def main_loop(self) -> None:
        while not await self.on_tick(0):
            self._beat()
            await asyncio.sleep(TICK_S)


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host.lower()
