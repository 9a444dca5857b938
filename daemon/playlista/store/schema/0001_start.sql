-- Paths are bytes, as the kernel gives them. Times are Unix seconds and only ever shown,
-- never waited for: every timer runs on the monotonic clock of the process.

CREATE TABLE root (
    id INTEGER PRIMARY KEY,
    path BLOB NOT NULL UNIQUE,
    state TEXT NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'online', 'offline', 'unwatched')),
    dev INTEGER,
    ino INTEGER,
    why TEXT,
    confirmed INTEGER NOT NULL DEFAULT 0    -- a person accepts what is missing
) STRICT;

-- One row per recording: copies and renamed files share it.
CREATE TABLE audio (
    id INTEGER PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE,
    duration_s REAL NOT NULL,
    tier TEXT NOT NULL CHECK (tier IN ('quick', 'full', 'deep')),
    features_version INTEGER NOT NULL,
    engine TEXT NOT NULL,
    features TEXT NOT NULL CHECK (json_valid(features)),
    reasons TEXT NOT NULL CHECK (json_valid(reasons)),
    seconds TEXT NOT NULL CHECK (json_valid(seconds)),
    truncated INTEGER NOT NULL,
    analysed_at INTEGER NOT NULL
) STRICT;

CREATE TABLE file (
    id INTEGER PRIMARY KEY AUTOINCREMENT,   -- never used twice: playlists and leases hold it
    root_id INTEGER NOT NULL REFERENCES root (id) ON DELETE CASCADE,
    relpath BLOB NOT NULL,
    dev INTEGER NOT NULL,                   -- dev and ino: the signed number of the same bits
    ino INTEGER NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    ctime_ns INTEGER NOT NULL,
    generation INTEGER NOT NULL DEFAULT 1,  -- raised whenever the signature differs
    candidate INTEGER NOT NULL,             -- 0: looked at, not audio; not opened again
    added_at INTEGER NOT NULL,
    landed_at REAL NOT NULL,                -- last observed change
    missing_since INTEGER,                  -- tombstone
    audio_id INTEGER REFERENCES audio (id),
    tags TEXT CHECK (tags IS NULL OR json_valid(tags)),  -- older SQLite: json_valid(NULL) is 0
    UNIQUE (root_id, relpath)
) STRICT;
CREATE INDEX file_identity ON file (ino, dev);
CREATE INDEX file_audio ON file (audio_id);

-- Desired state, not a log: a file has at most one row however often it changes.
CREATE TABLE job (
    file_id INTEGER PRIMARY KEY REFERENCES file (id) ON DELETE CASCADE,
    state TEXT NOT NULL CHECK (
        -- gone: the file is not there; what is owed to it waits for its return
        state IN ('ready', 'leased', 'waiting', 'incomplete', 'failed', 'gone')
    ),
    upgrade INTEGER NOT NULL DEFAULT 0,     -- 1: a lower tier is there already
    alone INTEGER NOT NULL DEFAULT 0,       -- 1: last, and with no neighbour
    strikes INTEGER NOT NULL DEFAULT 0,     -- workers this content brought down
    kills INTEGER NOT NULL DEFAULT 0,       -- workers killed from outside, in a row
    waits INTEGER NOT NULL DEFAULT 0,       -- times it was set aside: the step of the back-off
    attempts INTEGER NOT NULL DEFAULT 0,
    lease TEXT,                             -- boot id of the daemon that holds it
    reason TEXT,
    error TEXT,
    queued_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX job_next ON job (state, alone, upgrade, queued_at, file_id);

CREATE TABLE playlist (
    id TEXT PRIMARY KEY,
    position INTEGER NOT NULL,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('sound', 'rule')),
    rule TEXT NOT NULL CHECK (json_valid(rule)),
    revision INTEGER NOT NULL DEFAULT 0,
    published INTEGER NOT NULL DEFAULT 0,   -- the revision last seen safely on disk
    head BLOB NOT NULL DEFAULT x''
) STRICT;

CREATE TABLE line (
    playlist_id TEXT NOT NULL REFERENCES playlist (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    file_id INTEGER NOT NULL,
    reason TEXT NOT NULL,
    lines BLOB NOT NULL,
    PRIMARY KEY (playlist_id, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX line_file ON line (file_id);

CREATE TABLE frame (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    body TEXT NOT NULL CHECK (json_valid(body))
) STRICT;

-- The truth of deltas.jsonl: the file is rewritten from here after a crash.
CREATE TABLE delta (
    seq INTEGER PRIMARY KEY,
    playlist_id TEXT NOT NULL,
    record TEXT NOT NULL CHECK (json_valid(record))
) STRICT;
CREATE INDEX delta_playlist ON delta (playlist_id, seq);
