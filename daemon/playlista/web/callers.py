"""Whom the server answers: only those who called it by a name of this machine.

A web page elsewhere can let its own name point at 127.0.0.1 and so read us through the
visitor's browser (DNS rebinding); the Host header still carries the page's name. It can also
send us orders, though it never reads the answer; then the Origin header carries its name.
Programs send no Origin.
"""

from collections.abc import Collection
from typing import Final

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

LOCAL: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})
READS: Final = frozenset({"GET", "HEAD"})


class LocalCallers:
    """Refuses requests for any other host, 421 or 400 without a name, and orders of others, 403.

    Args:
        app: What is guarded.
        hosts: Names and addresses to answer to, IPv6 in brackets, without ports.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str]) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] == "http" and (
            refusal := self._refusal(scope["method"], Headers(scope=scope))
        ):
            await refusal(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _refusal(self, method: str, headers: Headers) -> JSONResponse | None:
        named = headers.getlist("host")
        if len(named) != 1:
            return JSONResponse({"detail": "exactly one Host header, please"}, 400)
        if without_port(named[0]) not in self._hosts:
            return JSONResponse({"detail": "this server has no such name"}, 421)
        ours = {f"http://{named[0]}".lower()}
        if method not in READS and not ours.issuperset(headers.getlist("origin")):
            return JSONResponse({"detail": "orders of other pages are not obeyed"}, 403)
        return None


def without_port(host: str) -> str:
    """Return the host of a Host header in lower case, IPv6 still in brackets.

    Example:
        >>> without_port("[::1]:9847"), without_port("LOCALHOST")
        ('[::1]', 'localhost')
    """
    name, colon, port = host.lower().rpartition(":")
    return name if colon and port.isascii() and port.isdecimal() else host.lower()
