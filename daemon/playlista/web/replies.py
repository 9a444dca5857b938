"""What the URLs answer: names, units and meaning, as OpenAPI shows them."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from playlista.watch.doubt import Reason

State = Literal["starting", "running", "paused", "stopping", "stopped"]
"""Starting until the first scan has ended and the lists are written; paused until told to resume,
or until the next start."""


class Reply(BaseModel):
    """A name that is not documented here is a bug, not an addition."""

    model_config = ConfigDict(extra="forbid")


class Alive(Reply):
    """Whether every loop moves."""

    alive: bool
    reasons: list[str] = Field(description="Which loops are stuck, and for how long.")


class Ready(Reply):
    """Whether the lists on disk stand for the folders."""

    ready: bool
    reasons: list[str] = Field(description="What is still to come.")


class Tracks(Reply):
    """Audio files, counted."""

    total: int = Field(description="On disk, analysed or not.")
    quick: int = Field(description="Analysed in the quick tier.")
    full: int = Field(description="Analysed in the full tier.")
    deep: int = Field(description="Analysed in the deep tier.")
    failed: int = Field(description="Cannot be analysed until the file changes.")
    missing: int = Field(description="Remembered, but no longer on disk.")


class Backlog(Reply):
    """Tracks waiting for analysis, by state."""

    ready: int = Field(description="Could start now.")
    leased: int = Field(description="With a worker.")
    waiting: int = Field(description="To be tried again later.")
    incomplete: int = Field(description="Part of the sound is missing: waits for the rest.")
    failed: int = Field(description="Given up until the file changes.")
    oldest_s: float | None = Field(
        description="Age of the oldest ready track, in seconds; null when none is ready."
    )


class Workers(Reply):
    """The pool of worker processes."""

    running: int = Field(description="Processes there are.")
    target: int = Field(description="Processes the governor wants.")
    limit: int | None = Field(
        description="Processes the configuration allows at this hour; null when no daemon runs."
    )
    reason: str | None = Field(description="Why the target is what it is.")


class Memory(Reply):
    """Memory in use against the failsafe."""

    used_ratio: float | None = Field(
        description="Share in use, 0 to 1, of the machine or of the tightest cgroup; "
        "null when it cannot be read."
    )
    failsafe_ratio: float | None = Field(
        description="Share at which workers are retired, 0 to 1; null when no daemon runs."
    )
    source: str | None = Field(description="Where the share in use was read; null: nowhere.")
    limit_bytes: int | None = Field(description="All there is, at that source; null as above.")
    available_bytes: int | None = Field(
        description="What can be taken without passing any limit; null as above."
    )
    stalled_ratio: float | None = Field(
        description="Share of the last 10 s in which all work waited for memory, 0 to 1; "
        "null where the kernel does not say."
    )


class Processors(Reply):
    """Processors, and what others take of them."""

    usable: float | None = Field(
        description="How many, by affinity and quota; a fraction under a quota; null when no "
        "daemon runs."
    )
    source: str | None = Field(description="What sets that: affinity, or a cgroup.")
    others: float | None = Field(
        description="Processors' worth of time that other processes take, over the last "
        "seconds; null until it is known."
    )
    contended_ratio: float | None = Field(
        description="Share of the last 10 s in which work waited for a processor, 0 to 1; "
        "null where the kernel does not say."
    )


class WatchedRoot(Reply):
    """One music folder."""

    path: str = Field(description="Bytes that are not UTF-8, and control characters, as \\xNN.")
    mode: str | None = Field(
        description="Whether events or scans alone notice changes; null when no daemon runs."
    )
    state: str = Field(description="Whether the folder is there.")
    degraded: Reason | None = Field(
        default=None,
        description="Why a change in it may give no event, so that only a scan finds it; "
        "null when each gives one, and when no daemon runs.",
    )
    why: str | None = Field(
        default=None,
        description="Why it is not there or degraded, what is missing or waits in it; "
        "null when all is well.",
    )
    settling: int | None = Field(
        default=None,
        description="Files that must stay as they are for a while before they are queued; "
        "null when no daemon runs.",
    )
    open: int | None = Field(
        default=None,
        description="Files that somebody has open for writing; null when no daemon runs.",
    )


class Watch(Reply):
    """What is watched."""

    degraded: bool | None = Field(
        description="Whether a change in some folder may give no event; null when no daemon runs."
    )
    roots: list[WatchedRoot]


class ResidentModel(Reply):
    """The model that hears what a track sounds like."""

    name: str | None = Field(description="null when none listens.")
    runtime: str | None = Field(description="What runs it.")
    loaded: bool = Field(description="Whether it is in memory now.")
    why: str | None = Field(description="Why none listens; null when one does.")


class Status(Reply):
    """The daemon on one page.

    ``playlista status --json`` says the same, also of a daemon that is stopped.
    """

    state: State
    tracks: Tracks
    backlog: Backlog
    workers: Workers
    memory: Memory
    processors: Processors
    watch: Watch
    model: ResidentModel
    playlists: int = Field(description="Playlists with at least one line.")
    version: str


class Performance(Reply):
    """How fast the library is heard."""

    uptime_s: float = Field(description="Seconds since the daemon started.")
    tracks_analysed: int = Field(description="Finished since then, with any outcome.")
    tracks_per_hour: float | None = Field(
        description="Mean since the start; null until a first track is finished."
    )
    workers: Workers
    memory: Memory
    worker_memory_bytes: int | None = Field(
        description="Resident memory of all workers together; null when not measured."
    )


class ModelInfo(ResidentModel):
    """The model in use."""

    source: str | None = Field(description="Where its weights are from; null when unknown.")
    licence: str | None = Field(description="What its weights may be used for.")
    tags: list[str] = Field(description="What it scores for every track, in its own order.")
