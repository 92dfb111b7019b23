"""The pure core: no I/O, no clock, no randomness, no actors. A test holds the imports to that."""
