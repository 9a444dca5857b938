"""Every setting: the table, and where its values come from."""
