-- How far the last scan of a root came, so that the next begins there; empty: to its end.
ALTER TABLE root ADD COLUMN cursor BLOB NOT NULL DEFAULT x'';
-- How many files a root has is asked whenever some are gone.
CREATE INDEX file_present ON file (root_id) WHERE missing_since IS NULL;
