"""Tools: what a model may call. Everything but the pool of threads is pure: a description, a decoder, a renderer."""
