-- By what a recording is recognised before anybody listens to a file; null: not yet looked at.
ALTER TABLE audio ADD COLUMN opening TEXT;      -- hash of the first packets
ALTER TABLE audio ADD COLUMN flac TEXT;         -- what a FLAC header says of the sound
ALTER TABLE audio ADD COLUMN packets_n INTEGER; -- bytes of all packets
CREATE INDEX audio_flac ON audio (flac) WHERE flac IS NOT NULL;

-- 1: not where it was, and nobody knows yet whether it was moved or deleted.
ALTER TABLE file ADD COLUMN lost INTEGER NOT NULL DEFAULT 0;
CREATE INDEX file_lost ON file (root_id) WHERE lost;
-- 1: offline because too much of it is gone: what is there is heard all the same.
ALTER TABLE root ADD COLUMN held INTEGER NOT NULL DEFAULT 0;
