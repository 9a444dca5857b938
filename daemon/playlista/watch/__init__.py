"""What is on disk, and how it differs from what is remembered."""
