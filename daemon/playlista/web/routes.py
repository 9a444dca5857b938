"""Every URL, in one table.

Answers are plain functions: they run in a few threads, so that one that waits for the
database holds up neither the others nor the loop.
"""

import math
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import metadata, resources
from typing import Any, Final

from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from playlista.errors import TryAgain
from playlista.web.callers import LocalCallers
from playlista.web.replies import Alive, ModelInfo, Performance, Ready, Status
from playlista.web.views import Views

# A page, a scrape and a probe at a time, and one to spare (a guess)
THREADS: Final = 4

# The page is one file and asks nobody but us, whatever text it is given to show.
PAGE_HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": "default-src 'none'; connect-src 'self'; img-src data:; "
    "style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class Url:
    """One line of the table.

    Attributes:
        answer: Its return annotation is the shape that OpenAPI shows.
        kind: Its media type.
        method: POST is an order: it is answered 204, without content.
        unless: What the answer 503 means; None where it does not occur on purpose.
    """

    path: str
    answer: Callable[..., Any]
    summary: str
    kind: type[Response] = JSONResponse
    method: str = "GET"
    unless: str | None = None


def urls(views: Views, registry: CollectorRegistry) -> tuple[Url, ...]:
    """Return every URL but /openapi.json, which FastAPI answers by itself."""
    answers = Answers(views, registry)
    return (
        Url("/", answers.page, "This status, for people", HTMLResponse),
        Url("/metrics", answers.metrics, "Prometheus metrics", PlainTextResponse),
        Url("/healthz", answers.healthz, "Is it alive?", unless="A loop is stuck."),
        Url("/readyz", answers.readyz, "Are the lists up to date?", unless="Not yet."),
        Url("/status", answers.status, "The daemon on one page"),
        Url("/performance", answers.performance, "How fast the library is heard"),
        Url("/model_info", answers.model_info, "The model in use"),
        Url("/api/pause", views.pause, "Give tracks in hand back, and begin none", method="POST"),
        Url("/api/resume", views.resume, "Go on after a pause", method="POST"),
    )


def application(views: Views, registry: CollectorRegistry, hosts: Collection[str]) -> FastAPI:
    """Build the ASGI application.

    Args:
        views: What it may ask.
        registry: What /metrics shows.
        hosts: Names it answers to.
    """
    # no /docs and no /redoc: they load scripts from elsewhere
    app = FastAPI(
        title="playlista",
        version=metadata.version("playlista"),
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_few_threads,
    )
    for url in urls(views, registry):
        _add(app, url)
    app.add_exception_handler(TryAgain, _again)
    app.add_exception_handler(Exception, _bug)
    app.add_middleware(LocalCallers, hosts=hosts)
    return app


class Answers:
    """One method per URL."""

    def __init__(self, views: Views, registry: CollectorRegistry) -> None:
        self._views = views
        self._registry = registry
        self._page = (resources.files("playlista.web") / "static" / "index.html").read_text("utf-8")

    def page(self) -> Response:
        """Show the page."""
        return HTMLResponse(self._page, headers=PAGE_HEADERS)

    def metrics(self, request: Request) -> Response:
        """Show the registry, in the format the scraper asks for."""
        encode, content_type = choose_encoder(request.headers.get("accept", ""))
        return Response(encode(self._registry), headers={"Content-Type": content_type})

    def healthz(self, response: Response) -> Alive:
        """Tell whether every loop moves."""
        alive, reasons = self._views.alive()
        response.status_code = 200 if alive else 503
        return Alive(alive=alive, reasons=reasons)

    def readyz(self, response: Response) -> Ready:
        """Tell whether the first scan has ended and the lists are written."""
        ready, reasons = self._views.ready()
        response.status_code = 200 if ready else 503
        return Ready(ready=ready, reasons=reasons)

    def status(self) -> Status:
        """Tell what the daemon does."""
        return Status.model_validate(self._views.status())

    def performance(self) -> Performance:
        """Tell how fast it does it."""
        return Performance.model_validate(self._views.performance())

    def model_info(self) -> ModelInfo:
        """Tell which model listens, and what it can say."""
        return ModelInfo.model_validate(self._views.model())


def _add(app: FastAPI, url: Url) -> None:
    app.add_api_route(
        url.path,
        url.answer,
        summary=url.summary,
        response_class=url.kind,
        methods=[url.method],
        status_code=204 if url.method == "POST" else 200,
        responses={503: {"description": url.unless}} if url.unless else None,
    )


@asynccontextmanager
async def _few_threads(_: FastAPI) -> AsyncIterator[None]:
    current_default_thread_limiter().total_tokens = THREADS
    yield


def _again(_: Request, error: Exception) -> Response:
    assert isinstance(error, TryAgain)
    wait = {"Retry-After": str(math.ceil(error.wait_s))}
    return JSONResponse({"detail": str(error)}, 503, headers=wait)


def _bug(_: Request, error: Exception) -> Response:
    return JSONResponse({"detail": f"a bug, see the log: {type(error).__name__}"}, 500)
