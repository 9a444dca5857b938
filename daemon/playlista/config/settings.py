"""The one table of settings: every key, its type, default, bounds and why.

Parsing, ``conf``, ``playlista.conf``, ``docs/settings.md`` and ``--help`` all read it from
here. Parts receive their slice (``config.watch``), never the whole.
"""

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ByteSize, ConfigDict, Field, field_validator
from pydantic.config import JsonDict

from playlista.config.hours import spans
from playlista.places import usual_state_path

AT_START: JsonDict = {"at_start": True}
"""Marks a key that a reload does not change."""

HIGHEST_PORT = 65_535
Auto = Literal["auto"]
Percent = Annotated[float, Field(gt=0, le=100)]


def _split_paths(value: object) -> object:
    if not isinstance(value, str):
        return value
    return tuple(Path(part).expanduser() for part in value.split(":") if part)


def _expand(value: object) -> object:
    return Path(value).expanduser() if isinstance(value, str) else value


def _number(value: object) -> object:
    return int(value) if isinstance(value, str) and value.isdecimal() else value


def _none_if_empty(value: object) -> object:
    return None if value == "" else value


Folder = Annotated[Path, BeforeValidator(_expand)]


class Slice(BaseModel):
    """One part's settings; frozen, so a reload hands out new ones."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class WatchSettings(Slice):
    """What is watched, and when a file counts as finished."""

    music_paths: Annotated[tuple[Folder, ...], BeforeValidator(_split_paths)] = Field(
        default=(), description="Music folders, separated by colons. Never written to."
    )
    scan_interval_seconds: float = Field(
        default=900, ge=1, description="Compare the folders with the database this often."
    )
    scan_interval_network_seconds: float = Field(
        default=300,
        ge=1,
        description="The same, if shorter, where not every change gives an event: on network "
        "mounts and overlays, at the kernel's limits, below folders that cannot be read.",
    )
    settle_seconds: float = Field(
        default=10, ge=0, description="A new or changed file must be quiet this long."
    )
    settle_closed_seconds: float = Field(
        default=2, ge=0, description="The same, once its writer has closed it."
    )
    settle_network_seconds: float = Field(
        default=30, ge=0, description="The same on a network share, closed or not."
    )
    signature: Literal["auto", "full", "weak"] = Field(
        default="auto",
        description="What tells a changed file: full is inode, size, mtime and ctime; weak is size "
        "and mtime; auto is weak where the file system makes up the others.",
    )


class StoreSettings(Slice):
    """Where everything remembered lives."""

    state_path: Folder = Field(
        default_factory=usual_state_path,
        description="Database, models and delta log. $STATE_DIRECTORY under systemd, "
        "else ~/.local/state/playlista.",
        json_schema_extra=AT_START,
    )
    playlist_path: Annotated[Folder | None, BeforeValidator(_none_if_empty)] = Field(
        default=None,
        description="Where the .m3u8 files go; STATE_PATH/playlists when not set.",
        json_schema_extra=AT_START,
    )

    tombstone_days: float = Field(
        default=90,
        ge=1,
        description="A file that is gone, and what was heard in it, is remembered for so many days "
        "in which the daemon ran.",
    )
    backup_interval_hours: float = Field(
        default=24,
        ge=0,
        description="Copy the database to STATE_PATH/backup this often; 0 is never.",
    )

    @property
    def database(self) -> Path:
        """The one SQLite file."""
        return self.state_path / "playlista.db"

    @property
    def deltas(self) -> Path:
        """The log of every playlist edit."""
        return self.state_path / "deltas.jsonl"

    @property
    def models(self) -> Path:
        """The folder of the models."""
        return self.state_path / "models"

    @property
    def playlists(self) -> Path:
        """The folder of the .m3u8 files."""
        return self.playlist_path or self.state_path / "playlists"


class PoolSettings(Slice):
    """How many workers, and what they may use."""

    workers: Auto | Annotated[int, Field(ge=1)] = Field(
        default="auto", description="A fixed number of workers; auto adapts to the machine."
    )
    max_workers: Auto | Annotated[int, Field(ge=1)] = Field(
        default="auto", description="Upper bound for auto; auto means the number of cores."
    )
    fallback_workers: int = Field(
        default=4, ge=1, description="Upper bound when memory cannot be read at all."
    )
    memory_failsafe_percent: Percent = Field(
        default=85, description="At this use of memory workers are retired and nothing is started."
    )
    min_available_memory_gb: Auto | Annotated[float, Field(ge=0)] = Field(
        default="auto",
        description="Below this much free memory the pool waits; auto is the smaller of 0.5 GB "
        "and 6 % of the limit.",
    )
    memory_reserved_gb: Auto | Annotated[float, Field(ge=0)] = Field(
        default="auto",
        description="Kept free for the machine; auto is the smaller of 1.5 GB and 8 % of it.",
    )
    memory_per_worker_gb: Auto | Annotated[float, Field(gt=0)] = Field(
        default="auto",
        description="First guess of a worker's need, until it is learnt; auto is the smaller of "
        "0.8 GB and 25 % of the limit.",
    )
    memory_limit: Annotated[
        Annotated[ByteSize, Field(ge=1_000_000)] | None, BeforeValidator(_none_if_empty)
    ] = Field(
        default=None,
        description='Memory of one worker, such as "2GB"; found beyond it, the worker is killed '
        "and its track tried again.",
    )
    low_memory: bool = Field(default=False, description="One worker, and the quick tier first.")
    queue_max_size: int = Field(
        default=100, ge=1, description="Tracks leased at once; when full, no more are leased."
    )
    batch_size: Auto | Annotated[int, Field(ge=1)] = Field(
        default="auto", description="Results per playlist refresh while more are coming."
    )
    track_timeout_seconds: float = Field(
        default=30, gt=0, description="Floor of the time limit of one track; long tracks get more."
    )
    parallel_max_file_size_mb: float = Field(
        default=200, gt=0, description="Larger files run alone."
    )
    sequential_max_file_size_mb: float = Field(
        default=5000, gt=0, description="Larger files are refused, with the reason."
    )
    min_memory_for_full_analysis_gb: float = Field(
        default=1.5, ge=0, description="With less available: quick tier now, full tier later."
    )
    quiet_hours: str = Field(
        default="",
        description="Hours in which the daemon runs QUIET_WORKERS at most, such as `08:00-23:00`; "
        "several by comma, also past midnight, by the clock on the wall. `playlista analyze` does "
        "not wait for their end.",
    )
    quiet_workers: int = Field(
        default=1, ge=0, description="Workers in quiet hours: one, or none until they end."
    )

    @field_validator("quiet_hours")
    @classmethod
    def _hours(cls, value: str) -> str:
        spans(value)
        return value


class AudioConfig(Slice):
    """How a track is decoded and what may be kept of it."""

    fast_mode: bool = Field(default=False, description="Quick tier only.")
    deep_analysis: bool = Field(
        default=False,
        description="When nothing else waits, let the model hear every track from end to end.",
    )
    memory_optimization_enabled: bool = Field(
        default=True, description="Off: whole-file decode at the file's own rate, to compare."
    )
    memory_optimized_sample_rate: int = Field(
        default=22050, ge=8000, le=192000, description="Rate of the shared decode, in Hz."
    )
    memory_optimized_bit_depth: Annotated[Literal[16, 32], BeforeValidator(_number)] = Field(
        default=16, description="Bits per value of curves that outlive a block."
    )
    memory_use_float16: bool = Field(
        default=True, description="Keep those curves as float16; off keeps float32."
    )
    memory_optimized_chunk_duration_seconds: float = Field(
        default=3, ge=0.1, le=60, description="Block length of the stream."
    )
    memory_optimized_max_mb_per_track: float = Field(
        default=100, gt=0, description="What one track may hold; beyond it curves are thinned."
    )
    memory_optimized_memory_limit_percent: Percent = Field(
        default=10, description="The same cap as a share of memory; the smaller wins."
    )
    memory_reduce_sample_rate: bool = Field(
        default=True, description="Resample to the shared rate; off keeps the file's own."
    )
    memory_streaming_enabled: bool = Field(
        default=True, description="Stream in blocks; off decodes the whole file first."
    )
    memory_mapping_enabled: bool = Field(
        default=True, description="Read uncompressed files through a memory map."
    )
    memory_force_cleanup: bool = Field(
        default=True, description="Collect garbage and give memory back after each track."
    )
    memory_monitoring_enabled: bool = Field(
        default=True, description="Export the memory metrics of workers."
    )


class ModelSettings(Slice):
    """Who gives embeddings and tags."""

    model: str = Field(
        default="auto",
        min_length=1,
        description="Name of the model that listens, of those `playlista models` lists; auto is "
        "the first that is there, none does without.",
    )
    model_runtime: Literal["auto", "onnx", "essentia"] = Field(
        default="auto", description="What runs it; auto is the fastest there is a file for."
    )
    model_idle_unload_seconds: float = Field(
        default=300, ge=1, description="It leaves memory when nothing was heard for so long."
    )


class LibrarySettings(Slice):
    """Environment of the processes that import numerical libraries."""

    tf_gpu_thread_mode: str = Field(
        default="gpu_private",
        description="TF_GPU_THREAD_MODE of workers and model.",
    )
    tf_enable_onednn_opts: Annotated[Literal[0, 1], BeforeValidator(_number)] = Field(
        default=0,
        description="TF_ENABLE_ONEDNN_OPTS of workers and model; 1 crashed on one CPU.",
    )
    tf_cpp_min_log_level: int = Field(
        default=2, ge=0, le=3, description="TF_CPP_MIN_LOG_LEVEL of the workers."
    )
    cuda_visible_devices: str = Field(
        default="-1",
        description="CUDA_VISIBLE_DEVICES of workers and model.",
    )
    omp_num_threads: Auto | Annotated[int, Field(ge=1)] = Field(
        default="auto", description="OpenMP threads per worker; auto is one."
    )
    mkl_num_threads: Auto | Annotated[int, Field(ge=1)] = Field(
        default="auto", description="MKL threads per worker; auto is one."
    )
    numba_num_threads: Auto | Annotated[int, Field(ge=1)] = Field(
        default="auto", description="numba threads per worker; auto is one."
    )

    def environment(self) -> dict[str, str]:
        """Return what a worker's environment must hold before its first import."""
        values = {name.upper(): value for name, value in self.model_dump().items()}
        threads = {"OPENBLAS_NUM_THREADS": values["OMP_NUM_THREADS"]}
        return {
            key: "1" if value == "auto" else str(value) for key, value in (values | threads).items()
        }


class ServiceSettings(Slice):
    """How the daemon speaks."""

    http_listen: str = Field(
        default="127.0.0.1:9847",
        description="Address and port of the HTTP server: loopback only. Port 0 takes a free one.",
        json_schema_extra=AT_START,
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="What is worth a line in the log."
    )

    @field_validator("http_listen")
    @classmethod
    def _loopback(cls, value: str) -> str:
        host_and_port = r"(127(\.[0-9]{1,3}){3}|localhost|\[::1\]):([0-9]{1,5})"
        found = re.fullmatch(host_and_port, value)
        if found is None or int(found[3]) > HIGHEST_PORT:
            raise ValueError("expected a loopback address and a port, such as 127.0.0.1:9847")
        return value


class Config(Slice):
    """Everything, by part."""

    watch: WatchSettings = WatchSettings()
    store: StoreSettings = Field(default_factory=StoreSettings)
    pool: PoolSettings = PoolSettings()
    audio: AudioConfig = AudioConfig()
    model: ModelSettings = ModelSettings()
    libraries: LibrarySettings = LibrarySettings()
    service: ServiceSettings = ServiceSettings()


def table() -> dict[str, tuple[str, Any]]:
    """Return every key with the name of its slice and its pydantic field."""
    return {
        name.upper(): (part, field)
        for part, holder in Config.model_fields.items()
        for name, field in _fields(holder.annotation).items()
    }


def _fields(holder: object) -> dict[str, Any]:
    assert isinstance(holder, type)
    assert issubclass(holder, Slice)
    return dict(holder.model_fields)
