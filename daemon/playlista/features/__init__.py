"""The one-pass engine: blocks of sound in, descriptors out."""
