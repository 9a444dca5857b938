"""The daemon: assembly, signals, health."""
