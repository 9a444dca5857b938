"""``playlista status``: the running daemon in one screen."""

from typing import TYPE_CHECKING, Any

from playlista.cli import loopback
from playlista.cli.options import ConfigFile, Json, configuration

if TYPE_CHECKING:
    from playlista.config.settings import Config


def status(config: ConfigFile = None, json: Json = False) -> None:
    """Show what the daemon is doing, or what its database holds when none runs."""
    from playlista.cli import show

    settings = configuration(config).config
    facts = _from_daemon(settings.service.http_listen) or _from_database(settings)
    if json:
        show.as_json(facts)
        return
    roots = facts.pop("watch")["roots"]
    show.as_facts(facts)
    show.console.print()
    show.as_table(roots, "path", "mode", "state", "degraded", "why")


def _from_daemon(listen: str) -> dict[str, Any] | None:
    import json

    try:
        facts = json.loads(loopback.ask(listen, "/status") or b"")
    except ValueError:
        return None
    ours = isinstance(facts, dict) and "watch" in facts
    return facts if ours else None


def _from_database(settings: "Config") -> dict[str, Any]:
    from playlista.service.status import STOPPED, describe
    from playlista.store.database import reading

    with reading(settings.store.database) as read:
        return describe(read, STOPPED)
