-- Where other file systems were mounted below a root, relative to it: what they hold is not
-- gone because they are. Names that are no UTF-8 are escaped as os.fsdecode does.
ALTER TABLE root ADD COLUMN mounts TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(mounts));
