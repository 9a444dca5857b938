"""What a file is, and its sound as a stream of blocks."""
