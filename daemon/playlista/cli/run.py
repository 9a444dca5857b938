"""``playlista run``: the daemon, in the foreground."""

from playlista.cli.options import (
    ConfigFile,
    FastMode,
    Music,
    Workers,
    configuration,
    folders,
    require_music,
)


def run(
    music: Music = None,
    fast_mode: FastMode = None,
    workers: Workers = None,
    config: ConfigFile = None,
) -> None:
    """Watch music folders, analyse what lands there, keep playlists fresh. systemd runs this."""
    from playlista.config.load import Loaded
    from playlista.service.daemon import serve

    def load() -> Loaded:
        loaded = configuration(
            config, music_paths=folders(music), fast_mode=fast_mode, workers=workers
        )
        require_music(loaded)
        return loaded

    raise SystemExit(serve(load))
