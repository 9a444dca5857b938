-- What is known of a recording is known stage by stage (playlista/stages.py); rows from before
-- have none of this version's, and are heard again.
ALTER TABLE audio ADD COLUMN done TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(done));
ALTER TABLE audio ADD COLUMN model TEXT;        -- whose embedding and tags these are
ALTER TABLE audio ADD COLUMN embedding BLOB;    -- float32, little-endian
ALTER TABLE audio ADD COLUMN model_tags TEXT CHECK (model_tags IS NULL OR json_valid(model_tags));
