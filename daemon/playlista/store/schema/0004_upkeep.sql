-- How long the daemon has been awake, in all: no clock that somebody sets may forget a library.
CREATE TABLE awake (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    seconds REAL NOT NULL
) STRICT;
INSERT INTO awake VALUES (1, 0.0);

-- When a file was first seen to be missing, in those seconds.
CREATE TABLE tombstone (
    file_id INTEGER PRIMARY KEY REFERENCES file (id) ON DELETE CASCADE,
    missing_since INTEGER NOT NULL,         -- another than the file's: it was back meanwhile
    awake_s REAL NOT NULL
) STRICT;
CREATE INDEX file_missing ON file (missing_since) WHERE missing_since IS NOT NULL;
