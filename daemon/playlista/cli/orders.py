"""``playlista pause`` and ``playlista resume``: orders to the running daemon."""

from playlista.cli import loopback
from playlista.cli.options import ConfigFile, configuration
from playlista.errors import OperatorError


def pause(config: ConfigFile = None) -> None:
    """Stop all work at once, until `playlista resume` or the next start; changes are noted."""
    _order("pause", config)


def resume(config: ConfigFile = None) -> None:
    """Go on after `playlista pause`."""
    _order("resume", config)


def _order(order: str, config: ConfigFile) -> None:
    listen = configuration(config).config.service.http_listen
    if loopback.ask(listen, f"/api/{order}", method="POST") != b"":
        raise OperatorError(f"no daemon obeys at {listen}")
