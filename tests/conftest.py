"""What every suite shares: programs that may be absent, real music, chance without luck."""

import functools
import http.server
import os
import shutil
import threading
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest
from hypothesis import settings
from prometheus_client import CollectorRegistry

pytest_plugins = ("running", "groups")

REAL_MUSIC = {
    "asc-music": "asc/music",
    "fillets-ng-data": "fillets-ng/music",
    "lincity-ng-data": "lincity-ng/music",
    "singularity-music": "singularity/music",
}
"""Debian package → its folder below /usr/share/games: Ogg Vorbis and MP3, freely licensed."""

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--require-all", action="store_true", help="a skipped test is a failed one")


def pytest_configure(config: pytest.Config) -> None:
    """A busy machine is no failure; and where all is required, the examples are always the same."""
    fixed = config.getoption("require_all")
    settings.register_profile("playlista", deadline=None, derandomize=fixed)
    settings.load_profile("playlista")


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in item.iter_markers("needs"):
        program, package = marker.args
        if shutil.which(program) is None:
            pytest.skip(f"needs {program}: apt install {package}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    return _told(item.config, (yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    return _told(collector.config, (yield))


def _told(config: pytest.Config, report: Report) -> Report:
    if report.skipped and config.getoption("require_all") and not hasattr(report, "wasxfail"):
        *_, why = report.longrepr if isinstance(report.longrepr, tuple) else (report.longrepr,)
        report.outcome = "failed"
        report.longrepr = f"with --require-all this is a failure: {why}"
    return report


@pytest.fixture(scope="session", autouse=True)
def numba_cache(request: pytest.FixtureRequest) -> Iterator[None]:
    """Keep what numba compiles from one run to the next: it takes 14 s."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NUMBA_CACHE_DIR", str(request.config.cache.mkdir("numba")))
        yield


@pytest.fixture
def rng() -> np.random.Generator:
    """Chance, the same in every run."""
    return np.random.default_rng(1)


@pytest.fixture
def registry() -> CollectorRegistry:
    """A place for metrics that no other test sees."""
    return CollectorRegistry()


@pytest.fixture(scope="session")
def real_tracks() -> list[Path]:
    """Some forty pieces of music by people, from Debian's games."""
    games = Path("/usr/share/games")
    absent = [package for package, folder in REAL_MUSIC.items() if not (games / folder).is_dir()]
    if absent:
        pytest.skip(f"needs real music: apt install {' '.join(absent)}")
    files = (file for folder in REAL_MUSIC.values() for file in (games / folder).rglob("*"))
    return sorted(file for file in files if file.suffix in {".mp3", ".ogg"})


@pytest.fixture(scope="session")
def musicnn_wheel(request: pytest.FixtureRequest) -> Path:
    """The published package with the weights, 29 MB: downloaded once, then kept."""
    from playlista.inference import fetch, files  # not where no test needs onnxruntime
    from playlista.inference.catalogue import MUSICNN

    wheel = request.config.cache.mkdir("wheels") / "musicnn-0.1.0-py3-none-any.whl"
    if not wheel.exists() or files.digest(wheel.read_bytes()) != MUSICNN.sha256:
        wheel.write_bytes(fetch.download(MUSICNN))
    return wheel


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory, musicnn_wheel: Path) -> Path:
    """A folder with the usual model in it."""
    from playlista.inference import fetch, files
    from playlista.inference.catalogue import MSD, Runtime

    folder = tmp_path_factory.mktemp("models")
    content = fetch.convert(MSD, musicnn_wheel.read_bytes())[Runtime.ONNX]
    files.put(files.path(folder, MSD, Runtime.ONNX), content)
    return folder


@pytest.fixture
def package_index(tmp_path: Path) -> Iterator[tuple[Path, dict[str, str]]]:
    """A package index on this machine: where musicnn's wheel goes, and how pip finds it."""

    class Silent(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    folder = tmp_path / "index/simple/musicnn"
    folder.mkdir(parents=True)
    serve = functools.partial(Silent, directory=tmp_path / "index")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), serve) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        environ = {
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_INDEX_URL": f"http://127.0.0.1:{server.server_port}/simple",
            "PIP_EXTRA_INDEX_URL": "",
            "PIP_FIND_LINKS": "",
            "PIP_NO_CACHE_DIR": "1",
            "PIP_RETRIES": "0",
            "NO_PROXY": "127.0.0.1",
        }
        yield folder, environ
        server.shutdown()
