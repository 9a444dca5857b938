"""A running daemon, asked over HTTP."""

PATIENCE_S = 3.0


def ask(listen: str, path: str, method: str = "GET") -> bytes | None:
    """Return what it answers; None when nobody does, or only to refuse.

    Args:
        listen: HTTP_LISTEN.
        path: With the slash.
        method: POST for an order.
    """
    from http.client import HTTPException
    from urllib.request import ProxyHandler, Request, build_opener

    # loopback never goes through a proxy
    opener = build_opener(ProxyHandler({}))
    try:
        request = Request(f"http://{listen}{path}", method=method)
        with opener.open(request, timeout=PATIENCE_S) as answer:
            content: bytes = answer.read()
    except (HTTPException, OSError):
        return None
    return content
