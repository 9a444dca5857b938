"""What a reload can change, and what only a restart can."""

from playlista.config.settings import Config, table


def needs_restart(old: Config, new: Config) -> list[str]:
    """Return the keys that differ and that a running daemon does not take over."""
    return [
        key
        for key, (part, field) in table().items()
        if (field.json_schema_extra or {}).get("at_start")
        and _value(old, part, key) != _value(new, part, key)
    ]


def _value(config: Config, part: str, key: str) -> object:
    return getattr(getattr(config, part), key.lower())
