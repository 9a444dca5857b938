"""What ``playlista doctor`` looks at, and what to do about each."""
