"""Worker processes, and how many of them the machine can bear."""
